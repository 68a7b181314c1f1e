// Installs libtorch, as PyTorch's Python wheel, into a virtual environment of the cache.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, packageRoot, pythonFolder, readJson, writeJson, hash } from './cache.mjs'
import { inspectLibtorch, torchOfVenv } from './libtorch.mjs'
import { SetupFailure, probe, run } from './run.mjs'
import { findPython, hasNvidiaDriver } from './toolchain.mjs'
import { INSTALLED_VERSION } from './versions.cjs'

const CPU_INDEX = 'https://download.pytorch.org/whl/cpu'
const TORCH = `torch==${INSTALLED_VERSION}`

function pythonOf(venv) {
  return join(venv, 'bin', 'python')
}

async function makeVenv(log, python) {
  const venv = pythonFolder()
  if (existsSync(pythonOf(venv)) && existsSync(join(venv, 'pyvenv.cfg'))) return venv
  rmSync(venv, { recursive: true, force: true })
  const base = python ?? (await findPython())
  log(`making a virtual environment with ${base} in ${venv}`)
  await run(base, ['-m', 'venv', venv])
  return venv
}

/** Installs a torch, by default of the tested version: a CPU build unless an NVIDIA driver is present. Returns its folder. */
export async function installLibtorch(log, packages = [TORCH]) {
  const venv = await makeVenv(log)
  const options = ['--disable-pip-version-check', '--quiet', ...packages]
  // The existing torch is damaged or another build, but pip would consider it installed.
  if (torchOfVenv(venv) !== null) options.push('--force-reinstall')
  const cuda = hasNvidiaDriver()
  log(`installing ${packages.join(' ')} into ${cacheFolder()} (${cuda ? 'with CUDA: an NVIDIA driver is there' : 'CPU build'})`)
  // PyPI's build for Linux includes CUDA and its libraries: 3 GB instead of 200 MB.
  const indexes = cuda || process.platform === 'darwin' || (await hasOwnWheels(venv)) ? [[]] : [['--index-url', CPU_INDEX], []]
  const failures = []
  for (const index of indexes) {
    try {
      await run(pythonOf(venv), ['-m', 'pip', 'install', ...options, ...index])
      return torchOfVenv(venv)
    } catch (error) {
      failures.push(error.message)
    }
  }
  throw new SetupFailure(`libtorch could not be installed:

${failures.join('\n\n')}

Ways out:
  - connect to the network and run this again;
  - pip install ${packages.join(' ')} for a python3 on the path, and run this again;
  - LIBTORCH=/folder/of/libtorch npx pixelcl setup`)
}

/** Whether pip's configuration names a folder of wheels, which then decides the build. */
async function hasOwnWheels(venv) {
  return /find-links|no-index/.test((await probe(pythonOf(venv), ['-m', 'pip', 'config', 'list'])) ?? '')
}

/**
 * Installs the pinned Python packages for comparison in tests into the cache's environment, which is made with `python`.
 * `torch` lists the packages of torch to install with them; empty if the environment imports the torch of another one.
 */
export async function installOracle(log, { python, torch = [TORCH], version = INSTALLED_VERSION } = {}) {
  const requirements = join(packageRoot, '__tests__', 'support', 'requirements.txt')
  if (!existsSync(requirements)) throw new SetupFailure('--tests is for a checkout of the sources: an installed package has no tests.')
  const venv = await makeVenv(log, python)
  const hasTorch = () => torch.length === 0 || inspectLibtorch(torchOfVenv(venv) ?? venv).libtorch !== undefined
  const wanted = hash(readFileSync(requirements), version)
  const stamp = join(venv, 'pixelcl-oracle.json')
  if (readJson(stamp)?.hash === wanted && hasTorch()) return
  if (!hasTorch()) await installLibtorch(log, torch)
  log('installing the Python packages that the tests compare with')
  await run(pythonOf(venv), ['-m', 'pip', 'install', '--disable-pip-version-check', '--quiet', '--no-deps', '-r', requirements])
  writeJson(stamp, { hash: wanted })
}
