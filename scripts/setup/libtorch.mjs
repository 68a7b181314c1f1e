// Finds a libtorch in the order given in the README, and explains for every place why it is used or not.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { cacheFolder, pythonFolder } from './cache.mjs'
import { libraryPath, libtorchDamage } from './libraries.cjs'
import { SUPPORTED_VERSIONS, standingOf } from './versions.cjs'

/**
 * Looks at LIBTORCH, then at the Pythons on the path, then at the cache.
 * Returns `{ found, tried }`: `found` is null or `{ path, version, cuda, abi, source }`, `tried` a list of `{ place, reason }`.
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
    const torch = torchIn(packages)
    if (torch === null) {
      tried.push({ place: python, reason: packages.length > 0 ? 'has no torch' : 'cannot be started' })
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
  const lib = join(venv, 'lib')
  return existsSync(lib) ? torchIn(readdirSync(lib).map((name) => join(lib, name, 'site-packages'))) : null
}

function torchIn(folders) {
  return folders.map((folder) => join(folder, 'torch')).find((folder) => versionOf(folder) !== null) ?? null
}

/** Inspects a folder without loading anything: `{ libtorch, reason }`, or only `{ reason }` if it is not usable. */
export function inspectLibtorch(path, env = process.env) {
  if (!existsSync(path)) return { reason: 'the folder does not exist' }
  const library = libraryPath(path, 'torch_cpu')
  if (!existsSync(library)) return { reason: `no lib/${basename(library)} in it` }
  if (!existsSync(join(path, 'include', 'ATen', 'core', 'Tensor.h')))
    return { reason: 'no include/ATen in it: headers are needed to compile the shim' }
  const version = versionOf(path)
  if (version === null) return { reason: 'its version cannot be read (neither version.py nor build-version)' }
  const standing = standingOf(version)
  if (standing === 'older' && env.LIBTORCH_BYPASS_VERSION_CHECK !== '1') {
    return {
      reason: `version ${version} is not supported: ${SUPPORTED_VERSIONS} are; LIBTORCH_BYPASS_VERSION_CHECK=1 takes it all the same`,
    }
  }
  const cuda = existsSync(libraryPath(path, 'torch_cuda'))
  const damage = libtorchDamage({ path, cuda })
  if (damage !== null) return { reason: damage }
  const notes = {
    supported: '',
    older: ', taken because LIBTORCH_BYPASS_VERSION_CHECK=1',
    newer: `, tried though newer than ${SUPPORTED_VERSIONS}`,
  }
  return {
    reason: `serves: version ${version}${cuda ? ' with CUDA' : ''}${notes[standing]}`,
    libtorch: { path: realpathSync(path), version, commit: commitOf(path), cuda, abi: abiOf(path) },
  }
}

/** The version from Python's version.py, a libtorch zip's build-version, or the wheel's metadata next to it; null without any of them. */
export function versionOf(path) {
  for (const name of ['version.py', 'build-version']) {
    const file = join(path, name)
    if (!existsSync(file)) continue
    const match = /(?:__version__ = ['"])?(\d+\.\d+\.\d+[^'"\s]*)/.exec(readFileSync(file, 'utf8'))
    if (match) return match[1]
  }
  const parent = dirname(path)
  const wheel = existsSync(parent) ? readdirSync(parent).map((name) => /^torch-(\d+\.\d+\.\d+.*)\.dist-info$/.exec(name)) : []
  return wheel.find((match) => match !== null && existsSync(path))?.[1] ?? null
}

/** PyTorch's commit, because two builds may have the same version; empty if unknown. */
function commitOf(path) {
  const texts = ['version.py', 'build-hash'].map((name) => join(path, name)).filter((file) => existsSync(file))
  return texts.map((file) => /\b[0-9a-f]{40}\b/.exec(readFileSync(file, 'utf8'))?.[0]).find((match) => match !== undefined) ?? ''
}

/** libtorch has the new C++ ABI since 2.6, unless the CMake file of an old zip says otherwise. */
function abiOf(path) {
  const config = join(path, 'share', 'cmake', 'Torch', 'TorchConfig.cmake')
  const match = existsSync(config) ? /_GLIBCXX_USE_CXX11_ABI=(\d)/.exec(readFileSync(config, 'utf8')) : null
  return match ? Number(match[1]) : 1
}

/** Every python3 on the path with its import folders. Python itself is asked, because only it knows shims, user sites and PYTHONPATH. */
function pythonsOnPath(env) {
  const found = []
  const seen = new Set()
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const python = join(folder, 'python3')
    if (!folder || !existsSync(python)) continue
    const question = 'import sys; print("\\n".join([sys.prefix] + sys.path))'
    const answer = spawnSync(python, ['-c', question], { encoding: 'utf8', env, timeout: 30_000, stdio: ['ignore', 'pipe', 'ignore'] })
    const [prefix, ...packages] = answer.status === 0 ? answer.stdout.trim().split('\n') : [python]
    if (seen.has(prefix)) continue
    seen.add(prefix)
    found.push({ python, packages: packages.filter((path) => path !== '') })
  }
  return found
}
