// A jest reporter that writes the counts, and every skipped test with its reason, to the file PIXELCL_TALLY.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'

/** The reason in the titles of tests skipped by `skipIf` of __tests__/support. */
const REASON = / \(skipped: (.*?)\)(?= |$)/

/** Jest requires a default export. */
export default class Tally {
  constructor({ rootDir }) {
    this.rootDir = rootDir
  }

  onRunComplete(_contexts, { testResults }) {
    const tally = { passed: 0, failed: 0, skipped: [], files: {} }
    for (const result of testResults) {
      const name = relative(this.rootDir, result.testFilePath)
      // A file that fails outside its tests, or whose process dies, has no failed test but counts as failed.
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
