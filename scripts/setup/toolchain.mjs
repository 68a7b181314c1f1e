// Checks the tools that the set-up needs, and names the commands that install missing ones.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { SetupFailure, probe } from './run.mjs'

/** The packages of each tool; on macOS, Xcode's command line tools bring what has no package. */
const PACKAGES = {
  compiler: { apt: ['g++'], dnf: ['gcc-c++'], brew: [] },
  cmake: { apt: ['cmake'], dnf: ['cmake'], brew: ['cmake'] },
  make: { apt: ['make'], dnf: ['make'], brew: [] },
  python: { apt: ['python3', 'python3-venv'], dnf: ['python3'], brew: ['python@3.12'] },
}
const OLDEST_CMAKE = [3, 18]

/** A missing tool; `tool` is its key in PACKAGES. */
export class MissingTool extends SetupFailure {
  constructor(what, tool, pronoun = 'it') {
    super(`${what}. Install ${pronoun}:\n  ${installCommand([tool])}`)
    this.tool = tool
  }
}

/** The commands that install these tools, for the package manager of this machine, or for apt and dnf if it has neither. */
export function installCommand(tools, { platform = process.platform, env = process.env, isRoot = process.getuid?.() === 0 } = {}) {
  const packages = (manager) => tools.flatMap((tool) => PACKAGES[tool][manager]).join(' ')
  if (platform === 'darwin') {
    const xcode = tools.some((tool) => PACKAGES[tool].brew.length === 0) ? ['xcode-select --install'] : []
    return [...xcode, ...(packages('brew') === '' ? [] : [`brew install ${packages('brew')}`])].join(' && ')
  }
  const sudo = isRoot ? '' : 'sudo '
  const [apt, dnf] = [`${sudo}apt-get install ${packages('apt')}`, `${sudo}dnf install ${packages('dnf')}`]
  const has = (name) => (env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)))
  if (has('apt-get') === has('dnf')) return `${apt}   (or: ${dnf})`
  return has('dnf') ? dnf : apt
}

/** Runs all checks and returns their results; throws one failure that names everything missing. */
export async function checkTools(checks) {
  const results = await Promise.allSettled(checks.map(async (check) => check()))
  const failures = results.filter(({ status }) => status === 'rejected').map(({ reason }) => reason)
  const bug = failures.find((failure) => !(failure instanceof SetupFailure))
  if (bug !== undefined) throw bug
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1) {
    const tools = failures.filter((failure) => failure instanceof MissingTool).map(({ tool }) => tool)
    const together = tools.length > 1 ? `\n\nAll of them:\n  ${installCommand(tools)}` : ''
    throw new SetupFailure(`${failures.length} things are missing:\n\n${failures.map(({ message }) => message).join('\n')}${together}`)
  }
  return results.map(({ value }) => value)
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
  throw new MissingTool(`no C++ compiler was found (looked for ${candidates.join(', ')})`, 'compiler', 'one')
}

/** CMake's first line of `--version`. */
export async function findCmake() {
  const line = (await probe('cmake', ['--version']))?.split('\n')[0]
  if (line === undefined) throw new MissingTool('cmake was not found', 'cmake')
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(line) ?? []).slice(1).map(Number)
  const [wantedMajor, wantedMinor] = OLDEST_CMAKE
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor))
    throw new MissingTool(`${line} is too old: ${OLDEST_CMAKE.join('.')} or newer is needed`, 'cmake', 'a newer one')
  return line
}

/** Ninja or Make, which CMake runs. */
export async function findMake() {
  const [ninja, make] = await Promise.all(['ninja', 'make'].map((name) => probe(name, ['--version'])))
  if (ninja === null && make === null) throw new MissingTool('neither ninja nor make was found', 'make', 'one')
  return ninja === null ? make.split('\n')[0] : `ninja ${ninja.split('\n')[0]}`
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
  throw new MissingTool(`no Python 3.10 to 3.13 with venv was found${why}`, 'python')
}

/** Whether an NVIDIA driver is loaded, so that a libtorch with CUDA is useful. */
export function hasNvidiaDriver() {
  // Under WSL the driver is that of Windows, mounted here.
  return ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/usr/lib/wsl/lib/libcuda.so.1'].some((path) => existsSync(path))
}

/** What finds the compiler, CMake and the program that CMake builds with, in this order. */
export const BUILD_TOOLS = [findCompiler, findCmake, findMake]
