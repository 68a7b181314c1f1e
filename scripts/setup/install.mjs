// Installs libtorch, as PyTorch's Python wheel, into a virtual environment of the cache.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, packageRoot, pythonFolder, readJson, writeJson, hash } from './cache.mjs'
import { inspectLibtorch, torchOfVenv } from './libtorch.mjs'
import { isLive } from './progress.mjs'
import { SetupFailure, probe, run } from './run.mjs'
import { findPython, hasNvidiaDriver } from './toolchain.mjs'
import { INSTALLED_VERSION } from './versions.cjs'

const CPU_INDEX = 'https://download.pytorch.org/whl/cpu'
const TORCH = `torch==${INSTALLED_VERSION}`
/** Sizes as measured with 2.13 on Linux x64. */
const CPU_SIZE = '200 MB to download, 1 GB on disk'
const CUDA_SIZE = '3 GB to download, more on disk'
/** pip's messages for a missing network. */
const UNREACHED = /NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Max retries exceeded|connection broken/i

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

/**
 * Installs a torch, by default of the tested version: a CPU build unless an NVIDIA driver is present. Returns its folder.
 * PyPI's build for Linux includes CUDA; without a driver it is installed only with `allowCudaBuild` or PIXELCL_ALLOW_CUDA_BUILD=1.
 */
export async function installLibtorch(log, { packages = [TORCH], allowCudaBuild = false } = {}) {
  const venv = await makeVenv(log)
  const options = ['--disable-pip-version-check', ...packages]
  // The existing torch is damaged or another build, but pip would consider it installed.
  if (torchOfVenv(venv) !== null) options.push('--force-reinstall')
  const pip = async (...index) => {
    const onTerminal = isLive()
    await run(pythonOf(venv), ['-m', 'pip', 'install', ...(onTerminal ? [] : ['--quiet']), ...options, ...index], { onTerminal })
    return torchOfVenv(venv)
  }
  const say = (build) => log(`installing ${packages.join(' ')} into ${cacheFolder()} (${build})`)
  if (hasNvidiaDriver()) say(`with CUDA, for an NVIDIA driver is there: ${CUDA_SIZE}`)
  else if (process.platform === 'darwin') say(CPU_SIZE)
  else if (await hasOwnWheels(venv)) say("from the wheels that pip's configuration names")
  else return installCpuBuild({ log, say, pip, packages, isCudaAllowed: allowCudaBuild || process.env.PIXELCL_ALLOW_CUDA_BUILD === '1' })
  try {
    return await pip()
  } catch (error) {
    throw new SetupFailure(`libtorch could not be installed:\n\n${error.message}\n\n${waysOut(packages)}`)
  }
}

/** Installs PyTorch's own CPU build; PyPI's build with CUDA only if that fails and `isCudaAllowed`. */
async function installCpuBuild({ log, say, pip, packages, isCudaAllowed }) {
  say(`CPU build: ${CPU_SIZE}`)
  let failure
  try {
    return await pip('--index-url', CPU_INDEX)
  } catch (error) {
    failure = error.message
  }
  const what = UNREACHED.test(failure) ? 'was not reached' : 'did not serve'
  const why = `${CPU_INDEX}, which has the CPU build, ${what}`
  if (!isCudaAllowed) {
    throw new SetupFailure(`libtorch could not be installed: ${why}.

${failure}

PyPI's build has CUDA in it (${CUDA_SIZE}) and is taken only if you say so.
${waysOut(packages, ['npx pixelcl setup --allow-cuda-build, or PIXELCL_ALLOW_CUDA_BUILD=1'])}`)
  }
  log(`${why}; taking PyPI's build, which has CUDA in it (${CUDA_SIZE})`)
  try {
    return await pip()
  } catch (error) {
    throw new SetupFailure(`libtorch could not be installed:\n\n${failure}\n\n${error.message}\n\n${waysOut(packages)}`)
  }
}

function waysOut(packages, more = []) {
  const ways = [
    'connect to the network and run this again; pip honours HTTPS_PROXY',
    ...more,
    `PIP_NO_INDEX=1 PIP_FIND_LINKS=/folder/of/wheels npx pixelcl setup`,
    `pip install ${packages.join(' ')} for a python3 on the path, and run this again`,
    'LIBTORCH=/folder/of/libtorch npx pixelcl setup',
  ]
  return `Ways out:\n${ways.map((way) => `  - ${way}`).join(';\n')}`
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
  if (!hasTorch()) await installLibtorch(log, { packages: torch })
  log('installing the Python packages that the tests compare with')
  await run(pythonOf(venv), ['-m', 'pip', 'install', '--disable-pip-version-check', '--quiet', '--no-deps', '-r', requirements])
  writeJson(stamp, { hash: wanted })
}
