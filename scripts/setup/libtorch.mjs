// Finds a libtorch, in the order of the README, and says of every place why it serves or does not.
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { cacheFolder, pythonFolder } from './cache.mjs'

export const INSTALLED_VERSION = '2.13.0'
const OLDEST = [2, 11]
const NEWEST = [2, 13]

/**
 * Looks in order at LIBTORCH, at the Pythons on the path (all with LIBTORCH_USE_PYTORCH=1 or without it), and the cache.
 * Gives `{ found, tried }`: `found` is null or `{ path, version, cuda, abi, source }`, `tried` a list of `{ place, reason }`.
 */
export function findLibtorch(env = process.env) {
  const tried = []
  const consider = (place, path, source) => {
    const result = inspectLibtorch(path, env)
    tried.push({ place, reason: result.reason })
    return result.libtorch ? { ...result.libtorch, source } : null
  }
  if (env.LIBTORCH) {
    const found = consider(`LIBTORCH=${env.LIBTORCH}`, env.LIBTORCH, 'LIBTORCH')
    return { found, tried, forced: 'LIBTORCH' }
  }
  tried.push({ place: 'LIBTORCH', reason: 'not set' })
  for (const { python, packages } of pythonsOnPath(env)) {
    const torch = packages.map((folder) => join(folder, 'torch')).find((folder) => existsSync(join(folder, 'version.py')))
    if (torch === undefined) {
      tried.push({ place: python, reason: 'has no torch' })
      continue
    }
    const found = consider(`${python} (${torch})`, torch, python)
    if (found) return { found, tried }
  }
  if (env.LIBTORCH_USE_PYTORCH === '1') return { found: null, tried, forced: 'LIBTORCH_USE_PYTORCH' }
  const cached = torchOfVenv(pythonFolder(env))
  if (cached === null) {
    tried.push({ place: `the cache ${cacheFolder(env)}`, reason: 'no torch is installed there' })
    return { found: null, tried }
  }
  return { found: consider(`the cache (${cached})`, cached, 'cache'), tried }
}

/** The torch package of a virtual environment, or null. */
export function torchOfVenv(venv) {
  const torch = sitePackages(venv)
    .map((folder) => join(folder, 'torch'))
    .find((folder) => existsSync(join(folder, 'version.py')))
  return torch ?? null
}

/** Reads what stands in a folder, loading nothing: `{ libtorch }` or only the reason why not. */
export function inspectLibtorch(path, env = process.env) {
  if (!existsSync(path)) return { reason: 'the folder does not exist' }
  const library = process.platform === 'darwin' ? 'libtorch_cpu.dylib' : 'libtorch_cpu.so'
  const file = join(path, 'lib', library)
  if (!existsSync(file)) return { reason: `no lib/${library} in it` }
  if (!existsSync(join(path, 'include', 'ATen', 'core', 'Tensor.h'))) return { reason: 'no include/ATen in it: headers are needed to compile the shim' }
  const version = versionOf(path)
  if (version === null) return { reason: 'its version cannot be read (neither version.py nor build-version)' }
  const supported = isSupported(version)
  if (!supported && env.LIBTORCH_BYPASS_VERSION_CHECK !== '1') {
    return { reason: `version ${version} is not supported: 2.11 to 2.13 are; LIBTORCH_BYPASS_VERSION_CHECK=1 takes it all the same` }
  }
  for (const name of libraries(path)) {
    const damage = elfDamage(join(path, 'lib', name))
    if (damage !== null) return { reason: `lib/${name} ${damage}` }
  }
  const cuda = existsSync(join(path, 'lib', 'libtorch_cuda.so'))
  const note = supported ? '' : ', taken because LIBTORCH_BYPASS_VERSION_CHECK=1'
  return { reason: `serves: version ${version}${cuda ? ' with CUDA' : ''}${note}`, libtorch: { path: realpathSync(path), version, cuda, abi: abiOf(path) } }
}

function libraries(path) {
  return readdirSync(join(path, 'lib')).filter((name) => /^lib(torch|torch_cpu|c10|torch_cuda|c10_cuda)\.so$/.test(name))
}

function versionOf(path) {
  for (const name of ['version.py', 'build-version']) {
    const file = join(path, name)
    if (!existsSync(file)) continue
    const match = /(?:__version__ = ['"])?(\d+\.\d+\.\d+[^'"\s]*)/.exec(readFileSync(file, 'utf8'))
    if (match) return match[1]
  }
  return null
}

function isSupported(version) {
  const [major, minor] = version.split('.').map(Number)
  const value = major * 1000 + minor
  return value >= OLDEST[0] * 1000 + OLDEST[1] && value <= NEWEST[0] * 1000 + NEWEST[1]
}

/** libtorch since 2.6 is built with the new C++ ABI; an old zip may say otherwise in its CMake file. */
function abiOf(path) {
  const config = join(path, 'share', 'cmake', 'Torch', 'TorchConfig.cmake')
  const match = existsSync(config) ? /_GLIBCXX_USE_CXX11_ABI=(\d)/.exec(readFileSync(config, 'utf8')) : null
  return match ? Number(match[1]) : 1
}

/**
 * Says how an ELF file is damaged, or null. A library that is shorter than its headers say would kill the process by
 * SIGBUS in dlopen, past any handler.
 */
export function elfDamage(path) {
  if (process.platform === 'darwin') return null
  const descriptor = openSync(path, 'r')
  try {
    const { size } = fstatSync(descriptor)
    const header = Buffer.alloc(64)
    if (readSync(descriptor, header, 0, 64, 0) < 64 || header.readUInt32BE(0) !== 0x7f454c46) return 'is no ELF library'
    const end = Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60)
    let needed = end
    const tableOffset = Number(header.readBigUInt64LE(32))
    const entrySize = header.readUInt16LE(54)
    const entries = header.readUInt16LE(56)
    const table = Buffer.alloc(entrySize * entries)
    if (readSync(descriptor, table, 0, table.length, tableOffset) < table.length) return `is truncated: ${size} bytes, its headers lie beyond`
    for (let i = 0; i < entries; i++) {
      const isLoaded = table.readUInt32LE(i * entrySize) === 1
      const segmentEnd = Number(table.readBigUInt64LE(i * entrySize + 8)) + Number(table.readBigUInt64LE(i * entrySize + 32))
      if (isLoaded) needed = Math.max(needed, segmentEnd)
    }
    return size < needed ? `is truncated: ${size} of ${needed} bytes` : null
  } finally {
    closeSync(descriptor)
  }
}

function pythonsOnPath(env) {
  const found = []
  const seen = new Set()
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const python = join(folder, 'python3')
    if (!folder || !existsSync(python)) continue
    const prefix = env.VIRTUAL_ENV && folder === join(env.VIRTUAL_ENV, 'bin') ? env.VIRTUAL_ENV : prefixOf(python)
    if (seen.has(prefix)) continue
    seen.add(prefix)
    found.push({ python, packages: sitePackages(prefix) })
  }
  return found
}

/** A virtual environment is where its own link stands; any other Python where the real file stands. */
function prefixOf(python) {
  const own = dirname(dirname(python))
  if (existsSync(join(own, 'pyvenv.cfg'))) return own
  try {
    return dirname(dirname(realpathSync(python)))
  } catch {
    return own
  }
}

function sitePackages(prefix) {
  const folders = []
  for (const lib of ['lib', 'lib64', join('local', 'lib')]) {
    const base = join(prefix, lib)
    if (!existsSync(base)) continue
    for (const name of readdirSync(base)) {
      if (!name.startsWith('python3')) continue
      for (const packages of ['site-packages', 'dist-packages']) {
        if (existsSync(join(base, name, packages))) folders.push(join(base, name, packages))
      }
    }
  }
  return folders
}
