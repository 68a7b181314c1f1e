// Checks the tools that the set-up needs, and names the commands that install missing ones.
import { existsSync } from 'node:fs'
import { SetupFailure, probe } from './run.mjs'

const apple = process.platform === 'darwin'
const INSTALL = {
  compiler: apple ? 'xcode-select --install' : 'sudo apt-get install g++   (or: sudo dnf install gcc-c++)',
  cmake: apple ? 'brew install cmake' : 'sudo apt-get install cmake   (or: sudo dnf install cmake)',
  make: apple ? 'xcode-select --install' : 'sudo apt-get install make   (or: sudo dnf install make)',
  python: apple ? 'brew install python@3.12' : 'sudo apt-get install python3 python3-venv   (or: sudo dnf install python3)',
}

/** Rejects systems that libtorch or this package do not support; the facts are arguments, so that tests can set them. */
export function checkPlatform({ platform = process.platform, arch = process.arch, musl = isMusl(), node = process.versions.node } = {}) {
  if (platform === 'win32') throw new SetupFailure('pixelcl does not run on Windows yet. Use WSL 2 (wsl --install), and install it there.')
  if (!['linux', 'darwin'].includes(platform)) throw new SetupFailure(`pixelcl runs on Linux and macOS, not on ${platform}.`)
  if (!['x64', 'arm64'].includes(arch)) throw new SetupFailure(`libtorch is built for x64 and arm64, not for ${arch}.`)
  if (platform === 'linux' && musl) {
    throw new SetupFailure(
      'libtorch needs glibc, but this is musl (Alpine). Use an image of Debian, Ubuntu or Fedora, for example node:22-bookworm.',
    )
  }
  const [major, minor] = node.split('.').map(Number)
  const ok = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22
  if (!ok) throw new SetupFailure(`Node ${node} is not supported: use ^20.19 or >=22.12, for example from https://nodejs.org.`)
}

function isMusl() {
  if (process.platform !== 'linux') return false
  const report = process.report?.getReport?.()
  return report?.header?.glibcVersionRuntime === undefined
}

/** `{ path, version }` of the C++ compiler: CXX, else the first of c++, g++, clang++. */
export async function findCompiler(env = process.env) {
  const candidates = env.CXX ? [env.CXX] : ['c++', 'g++', 'clang++']
  for (const path of candidates) {
    const version = await probe(path, ['--version'])
    if (version !== null) return { path, version: version.split('\n')[0] }
  }
  throw new SetupFailure(`no C++ compiler was found (looked for ${candidates.join(', ')}). Install one:\n  ${INSTALL.compiler}`)
}

/** Finds what cmake-js needs on the path: CMake, and Ninja or Make. */
export async function findCmake() {
  const [cmake, ninja, make] = await Promise.all(['cmake', 'ninja', 'make'].map((name) => probe(name, ['--version'])))
  if (cmake === null) throw new SetupFailure(`cmake was not found. Install it:\n  ${INSTALL.cmake}`)
  if (ninja === null && make === null) throw new SetupFailure(`neither ninja nor make was found. Install one:\n  ${INSTALL.make}`)
  return cmake.split('\n')[0]
}

/** The first Python 3.10 to 3.13 with venv. */
export async function findPython() {
  const names = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10']
  const rejected = []
  for (const name of names) {
    const version = await probe(name, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'])
    if (version === null) continue
    const [major, minor] = version.split('.').map(Number)
    if (major !== 3 || minor < 10 || minor > 13) {
      rejected.push(`${name} is ${version}`)
      continue
    }
    if ((await probe(name, ['-c', 'import venv, ensurepip'])) === null) {
      rejected.push(`${name} has no venv module`)
      continue
    }
    return name
  }
  const why = rejected.length > 0 ? ` (${rejected.join('; ')})` : ''
  throw new SetupFailure(`no Python 3.10 to 3.13 with venv was found${why}. Install it:\n  ${INSTALL.python}`)
}

/** Whether an NVIDIA driver is loaded, so that a libtorch with CUDA is useful. */
export function hasNvidiaDriver() {
  // Under WSL the driver is that of Windows, mounted here.
  return ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/usr/lib/wsl/lib/libcuda.so.1'].some((path) => existsSync(path))
}
