// npm test: the set-up, the checks, the tests. Arguments after `npm test --` go to jest; then the checks are skipped.
// The last line is 'N passed, N failed', checks and tests counted together. Node built-ins only.
import { installOracle } from './setup/install.mjs'
import { LINT, PUBLISH, TYPES, check } from './tasks/checks.mjs'
import { ready } from './tasks/ready.mjs'
import { report } from './tasks/report.mjs'
import { runJest } from './tasks/jest.mjs'

const args = process.argv.slice(2)
const say = (line) => process.stderr.write(`${line}\n`)

async function prepare() {
  const began = Date.now()
  const log = (line) => say(`set-up: ${line}`)
  const { libtorch } = await ready(log)
  await installOracle(log)
  log(`ready in ${((Date.now() - began) / 1000).toFixed(1)} s (libtorch ${libtorch.version} from ${libtorch.source})`)
}

async function checksAndTests() {
  await prepare()
  // The build has checked the types of src/.
  const wanted = [...LINT, ...PUBLISH].filter((command) => command !== TYPES)
  const checks = args.length > 0 ? { passed: [], failed: [] } : await check(wanted, (line) => say(`check: ${line}`))
  const tests = await runJest(args)
  for (const { test, note } of tests.skipped) say(`skipped: ${test}${note && ` (${note})`}`)
  for (const name of checks.failed) say(`failed: ${name}`)
  return { passed: tests.passed + checks.passed.length, failed: tests.failed + checks.failed.length }
}

const { passed, failed } = (await report(checksAndTests)) ?? { passed: 0, failed: 1 }
if (failed > 0) process.exitCode = 1
process.stdout.write(`${passed} passed, ${failed} failed\n`)
