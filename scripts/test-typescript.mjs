// npm run test:typescript: compiles the programs of README.md and docs/ with the last TypeScript 5 and the newest, each in a fresh project of
// `tsc --init`; `npm test` does so with the project's own. `npm run test:typescript -- 6` takes other versions, from 5.9 on. The last line is 'N passed, N failed'.
// Node built-ins only.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './setup/cache.mjs'
import { probe, run } from './setup/run.mjs'
import { runJest } from './tasks/jest.mjs'
import { ready } from './tasks/ready.mjs'
import { report } from './tasks/report.mjs'

const DEFAULT = ['5', 'latest']

const log = (line) => process.stderr.write(`${line}\n`)

/** Installs a version into the cache; the newest of a range each time. */
async function install(version) {
  const folder = join(cacheFolder(), 'typescript', version)
  mkdirSync(folder, { recursive: true })
  await run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', `typescript@${version}`])
  const tsc = join(folder, 'node_modules', 'typescript', 'bin', 'tsc')
  return { tsc, found: await probe(process.execPath, [tsc, '--version']) }
}

async function testCompilers() {
  const given = process.argv.slice(2)
  await ready(log)
  const total = { passed: 0, failed: 0 }
  for (const version of given.length > 0 ? given : DEFAULT) {
    const { tsc, found } = await install(version)
    log(`TypeScript: ${found}`)
    const { passed, failed } = await runJest(['documents/programs', '-t', 'compile as they are printed'], {
      env: { PIXELCL_TEST_TSC: tsc },
    })
    total.passed += passed
    total.failed += failed
  }
  return total
}

const { passed, failed } = (await report(testCompilers)) ?? { passed: 0, failed: 1 }
if (failed > 0) process.exitCode = 1
process.stdout.write(`${passed} passed, ${failed} failed\n`)
