// Installs libtorch, as PyTorch's Python wheel, into a virtual environment of the cache.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, packageRoot, pythonFolder, readJson, writeJson, hash } from './cache.mjs'
import { INSTALLED_VERSION, torchOfVenv } from './libtorch.mjs'
import { SetupFailure, run } from './run.mjs'
import { findPython, hasNvidiaDriver } from './toolchain.mjs'

const CPU_INDEX = 'https://download.pytorch.org/whl/cpu'

function pythonOf(venv) {
  return join(venv, 'bin', 'python')
}

async function makeVenv(log) {
  const venv = pythonFolder()
  if (existsSync(pythonOf(venv)) && existsSync(join(venv, 'pyvenv.cfg'))) return venv
  rmSync(venv, { recursive: true, force: true })
  const python = await findPython()
  log(`making a virtual environment with ${python} in ${venv}`)
  await run(python, ['-m', 'venv', venv])
  return venv
}

/** Installs the proven version: a CPU build unless an NVIDIA driver is there. */
export async function installLibtorch(log) {
  const venv = await makeVenv(log)
  const requirement = `torch==${INSTALLED_VERSION}`
  const pip = (...extra) => run(pythonOf(venv), ['-m', 'pip', 'install', '--disable-pip-version-check', '-q', requirement, ...extra])
  log(`installing ${requirement} into ${cacheFolder()} (${hasNvidiaDriver() ? 'with CUDA: an NVIDIA driver is there' : 'CPU build'})`)
  const attempts = hasNvidiaDriver() ? [[]] : [...(hasLocalWheel() ? [[]] : []), ['--index-url', CPU_INDEX], []]
  const failures = []
  for (const extra of attempts) {
    try {
      await pip(...extra)
      break
    } catch (error) {
      failures.push(error.message)
    }
  }
  const torch = torchOfVenv(venv)
  if (torch === null) {
    throw new SetupFailure(
      `libtorch could not be installed:\n\n${failures.join('\n\n')}\n\nWays out: connect to the network and run this again; install torch ${INSTALLED_VERSION} for a python3 on the path; or set LIBTORCH to a libtorch's folder.`,
    )
  }
  return torch
}

/** pip's own configuration names a folder of wheels: what lies there is taken, and no index is needed. */
function hasLocalWheel() {
  return Boolean(process.env.PIP_FIND_LINKS || process.env.PIP_NO_INDEX)
}

/** The pinned Python packages that the tests compare with, beside a torch of the proven version. */
export async function installOracle(log) {
  const venv = await makeVenv(log)
  const requirements = join(packageRoot, '__tests__', 'support', 'requirements.txt')
  const wanted = hash(readFileSync(requirements), INSTALLED_VERSION)
  const stamp = join(venv, 'pixelcl-oracle.json')
  if (readJson(stamp)?.hash === wanted && torchOfVenv(venv) !== null) return
  if (torchOfVenv(venv) === null) await installLibtorch(log)
  log('installing the Python packages that the tests compare with')
  await run(pythonOf(venv), ['-m', 'pip', 'install', '--disable-pip-version-check', '-q', '--no-deps', '-r', requirements])
  writeJson(stamp, { hash: wanted })
}
