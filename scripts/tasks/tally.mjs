// A reporter of jest's that leaves the counts, and every skipped test with its reason, in the file PIXELCL_TALLY.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'

/** How `skipIf` of __tests__/support titles what it skips. */
const REASON = / \(skipped: (.*?)\)(?= |$)/

/** Jest makes reporters of default exports. */
export default class Tally {
  constructor({ rootDir }) {
    this.rootDir = rootDir
  }

  onRunComplete(_contexts, { testResults }) {
    const tally = { passed: 0, failed: 0, skipped: [], files: {} }
    for (const result of testResults) {
      const name = relative(this.rootDir, result.testFilePath)
      // A file that breaks outside its tests, or whose process dies, has no failed test to show for it.
      const failed = result.numFailingTests + (result.testExecError ? 1 : 0)
      const { start, end } = result.perfStats
      tally.files[name] = { passed: result.numPassingTests, failed, skipped: result.numPendingTests, seconds: (end - start) / 1000 }
      tally.passed += result.numPassingTests
      tally.failed += failed
      for (const { status, fullName } of result.testResults) {
        if (status !== 'pending') continue
        const note = REASON.exec(fullName)?.[1] ?? ''
        tally.skipped.push({ test: `${name} > ${fullName.replace(REASON, '')}`, note })
      }
    }
    writeFileSync(process.env.PIXELCL_TALLY, JSON.stringify(tally))
  }
}
