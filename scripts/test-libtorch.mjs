// npm run test:libtorch: runs the tests that compare with Python on another torch than that of the set-up.
//   npm run test:libtorch                       torch 2.14.1 and its torchvision, installed by pip into the cache
//   npm run test:libtorch -- 2.12.1             another version
//   npm run test:libtorch -- --python PATH      the torch of that Python; nothing is installed into its environment
//   --record puts the table into bench/RESULTS.md
// If pip finds no wheel, the run is skipped with a message. The last line is 'N passed, N failed'. Node built-ins only.
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { record, table } from '../bench/harness.mjs'
import { cacheFolder, hash, pythonFolder } from './setup/cache.mjs'
import { setup } from './setup/index.mjs'
import { installOracle } from './setup/install.mjs'
import { torchOfVenv } from './setup/libtorch.mjs'
import { SetupFailure, probe } from './setup/run.mjs'
import { checkPlatform } from './setup/toolchain.mjs'
import { build } from './tasks/build.mjs'
import { installDependencies } from './tasks/dependencies.mjs'
import { cellOf } from './tasks/groups.mjs'
import { runJest } from './tasks/jest.mjs'
import { report } from './tasks/report.mjs'

const NEWEST = '2.14.1'
const GROUPS = {
  torch: ['__tests__/torch'],
  PixelCL: ['__tests__/pixelcl/parity.test.ts', '__tests__/pixelcl/live.test.ts'],
  'hand-off': ['__tests__/models', '__tests__/vision/models'],
}
/** pip's messages for a version without a wheel and for a missing network. */
const NO_WHEEL = /No matching distribution found|Could not find a version/

const log = (line) => process.stderr.write(`${line}\n`)

function parse(args) {
  const [first, second, ...rest] = args.filter((argument) => argument !== '--record')
  if (first === '--python' && second !== undefined && rest.length === 0) return { python: second }
  if (first === undefined) return { version: NEWEST }
  if (/^\d+\.\d+\.\d+$/.test(first) && second === undefined) return { version: first }
  throw new SetupFailure(`expected a version such as ${NEWEST}, or --python PATH, but received ${args.join(' ')}`)
}

/** Everything made for one torch is in a separate cache, so that the checkout's set-up is unchanged. */
function useCacheOf(name) {
  process.env.PIXELCL_CACHE = join(cacheFolder(), 'libtorch', name)
}

/** Makes the tests' Python import the torch of another Python, and returns that torch's folder. */
async function borrow(python) {
  const question = [
    'import importlib.util as u, importlib.metadata as m, json, sys',
    'spec = u.find_spec("torch")',
    'folders = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]',
    'print(json.dumps([spec and spec.submodule_search_locations[0], spec and m.version("torch"), folders]))',
  ]
  const answer = await probe(python, ['-c', question.join('\n')])
  if (answer === null) throw new SetupFailure(`expected a Python but ${python} does not run`)
  const [torch, version, folders] = JSON.parse(answer)
  if (torch === null) throw new SetupFailure(`expected a Python with torch but ${python} has none`)
  useCacheOf(`${version}-${hash(torch)}`)
  await installOracle(log, { python, version, torch: [] })
  const lib = join(pythonFolder(), 'lib')
  for (const name of readdirSync(lib).filter((name) => name.startsWith('python')))
    writeFileSync(join(lib, name, 'site-packages', 'borrowed-torch.pth'), folders.map((folder) => `${folder}\n`).join(''))
  return torch
}

/** Installs that torch into the cache unless it is there, and returns its folder; null if pip finds no wheel. */
async function install(version) {
  useCacheOf(version)
  try {
    await installOracle(log, { version, torch: [`torch==${version}`, 'torchvision'] })
  } catch (error) {
    if (!(error instanceof SetupFailure) || !NO_WHEEL.test(error.message)) throw error
    return null
  }
  return torchOfVenv(pythonFolder())
}

async function testsOnAnotherTorch() {
  const { python, version } = parse(process.argv.slice(2))
  checkPlatform()
  await installDependencies(log)
  const torch = python === undefined ? await install(version) : await borrow(python)
  if (torch === null) {
    log(`skipped: pip finds no wheel of torch ${version} for this machine, so nothing was tested with it`)
    return { passed: 0, failed: 0 }
  }
  process.env.LIBTORCH = torch
  const { libtorch } = await setup({ log })
  // The tests read the stamp; the variable would affect the processes that they start.
  delete process.env.LIBTORCH
  await build(log)
  log(`testing with libtorch ${libtorch.version} from ${libtorch.path}`)
  const tally = await runJest(Object.values(GROUPS).flat())
  for (const { test, note } of tally.skipped) log(`skipped: ${test}${note && ` (${note})`}`)
  const cells = Object.values(GROUPS).map((paths) => cellOf(paths, tally))
  const text = table(['libtorch', ...Object.keys(GROUPS)], [[libtorch.version, ...cells]])
  if (process.argv.includes('--record')) record('libtorch versions', 'npm run test:libtorch', text)
  else process.stdout.write(`${text}\n`)
  return tally
}

const { passed, failed } = (await report(testsOnAnotherTorch)) ?? { passed: 0, failed: 1 }
if (failed > 0) process.exitCode = 1
process.stdout.write(`${passed} passed, ${failed} failed\n`)
