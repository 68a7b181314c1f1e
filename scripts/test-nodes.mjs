// npm run test:nodes: runs the memory, worker, parity and package tests on every supported Node and writes the table to bench/RESULTS.md.
// `npm run test:nodes -- 22 24` runs only these and prints the table. Node built-ins only.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { record, table } from '../bench/harness.mjs'
import { cacheFolder } from './setup/cache.mjs'
import { installOracle } from './setup/install.mjs'
import { SetupFailure, probe, run } from './setup/run.mjs'
import { cellOf } from './tasks/groups.mjs'
import { ready } from './tasks/ready.mjs'
import { report } from './tasks/report.mjs'
import { runJest } from './tasks/jest.mjs'

const SUPPORTED = ['20', '22', '24', '26']
const GROUPS = {
  memory: ['__tests__/torch/memory.test.ts'],
  workers: ['__tests__/torch/workers.test.ts'],
  parity: ['__tests__/pixelcl/parity.test.ts', '__tests__/pixelcl/live.test.ts'],
  package: ['__tests__/package/package.test.ts'],
}

const log = (line) => process.stderr.write(`${line}\n`)

/** The npm package `node` carries the binary of one version. */
async function installNode(major) {
  const folder = join(cacheFolder(), 'nodes', major)
  const node = join(folder, 'node_modules', 'node', 'bin', 'node')
  if ((await probe(node, ['--version'])) === null) {
    log(`installing Node ${major}`)
    mkdirSync(folder, { recursive: true })
    // Its install script picks the platform's binary.
    await run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts=false', `node@${major}`])
  }
  const version = existsSync(node) ? await probe(node, ['--version']) : null
  if (!version?.startsWith(`v${major}.`)) throw new SetupFailure(`npm's package node@${major} gave no Node ${major} at ${node}`)
  return { node, version }
}

await report(async () => {
  const wanted = process.argv.slice(2)
  const unknown = wanted.filter((major) => !SUPPORTED.includes(major))
  if (unknown.length > 0) throw new SetupFailure(`expected of Node ${SUPPORTED.join(', ')} but received ${unknown.join(', ')}`)
  await ready(log)
  await installOracle(log)
  const rows = []
  for (const major of wanted.length > 0 ? wanted : SUPPORTED) {
    const { node, version } = await installNode(major)
    log(`Node ${version}`)
    // One file at a time, because the memory tests measure times, which other tests would disturb.
    const tally = await runJest(['--maxWorkers=1', ...Object.values(GROUPS).flat()], { node })
    if (tally.failed > 0) process.exitCode = 1
    rows.push([version, ...Object.values(GROUPS).map((files) => cellOf(files, tally))])
  }
  const text = table(['Node', ...Object.keys(GROUPS)], rows)
  if (wanted.length === 0) record('Node versions', 'npm run test:nodes', `${text}\n\nOne compiled shim serves them all.`)
  else process.stdout.write(`${text}\n`)
})
