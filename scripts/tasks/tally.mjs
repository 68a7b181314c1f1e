// A reporter of vitest's that leaves the counts, and every skipped test with its reason, in the file PIXELCL_TALLY.
import { writeFileSync } from 'node:fs'

/** Vitest makes reporters of default exports. */
export default class Tally {
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: unhandledErrors.length, skipped: [], files: {} }
    for (const module of modules) {
      const file = (tally.files[module.relativeModuleId] = {
        passed: 0,
        failed: 0,
        skipped: 0,
        seconds: module.diagnostic().duration / 1000,
      })
      // A file or a group that breaks outside its tests has no failed test to show for it.
      const broken = module.errors().length + [...module.children.allSuites()].reduce((sum, suite) => sum + suite.errors().length, 0)
      file.failed += broken
      for (const test of module.children.allTests()) {
        const { state, note } = test.result()
        if (state === 'passed') file.passed++
        else if (state === 'failed') file.failed++
        else {
          file.skipped++
          tally.skipped.push({ test: `${module.relativeModuleId} > ${test.fullName}`, note: note ?? '' })
        }
      }
      tally.passed += file.passed
      tally.failed += file.failed
    }
    writeFileSync(process.env.PIXELCL_TALLY, JSON.stringify(tally))
  }
}
