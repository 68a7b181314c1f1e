// Compiles the shim into the cache, under a key of everything that its bytes depend on.
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { cacheFolder, hash, packageRoot, sourceHash, stampPath, writeJson } from './cache.mjs'
import { elfDamage } from './libraries.cjs'
import { SetupFailure, run } from './run.mjs'
import { findCmake, findCompiler } from './toolchain.mjs'

const require = createRequire(import.meta.url)

/** Gives the path of the compiled shim, compiling where none of the same key is there, and stamps it for importers. */
export async function compileShim(libtorch, tried, { log, force = false, verbose = false }) {
  const compiler = await findCompiler()
  const cmake = await findCmake()
  const headers = require('node-api-headers').include_dir
  const addonApi = dirname(require.resolve('node-addon-api/package.json'))
  const versions = ['node-api-headers', 'node-addon-api'].map((name) => require(`${name}/package.json`).version)
  const flags = compilerFlags()
  const libtorchBuild = [libtorch.path, libtorch.version, libtorch.commit, String(libtorch.abi), libtorch.cuda ? 'cuda' : 'cpu']
  const facts = [...libtorchBuild, compiler.version, flags, process.platform, process.arch, ...versions]
  const key = hash(sourceHash(), ...facts)
  const target = join(cacheFolder(), 'shims', key, 'pixelcl.node')
  if (force || !existsSync(target) || elfDamage(target) !== null) {
    // One build folder for each set of facts: an edit of one source compiles that source only.
    const build = join(cacheFolder(), 'builds', hash(packageRoot, ...facts))
    if (force) rmSync(build, { recursive: true, force: true })
    log(`compiling the shim against libtorch ${libtorch.version} (${cmake}, ${compiler.version})`)
    await configure(build, { headers, addonApi, libtorch, compiler })
    await run('cmake', ['--build', build, '--parallel', String(Math.max(1, cpus().length))], {
      show: verbose,
      hint: `The build folder is ${build}; remove it to start afresh.`,
    })
    mkdirSync(dirname(target), { recursive: true })
    const temporary = `${target}.${process.pid}.tmp`
    copyFileSync(join(build, 'pixelcl.node'), temporary)
    renameSync(temporary, target)
  }
  writeJson(stampPath(), { addon: target, libtorch, compiler: compiler.version, cmake, flags, tried, setupAt: new Date().toISOString() })
  return target
}

/** What the environment adds to the compilation: another compiler or flags make another shim. */
export function compilerFlags(env = process.env) {
  return [env.CXX, env.CXXFLAGS, env.LDFLAGS]
    .map((value) => value ?? '')
    .join(' ')
    .trim()
}

async function configure(build, { headers, addonApi, libtorch, compiler }) {
  const args = [
    '-S',
    packageRoot,
    '-B',
    build,
    '-DCMAKE_BUILD_TYPE=Release',
    `-DCMAKE_CXX_COMPILER=${compiler.path}`,
    `-DLIBTORCH=${libtorch.path}`,
    `-DNODE_API_HEADERS=${headers}`,
    `-DNODE_ADDON_API=${addonApi}`,
    `-DGLIBCXX_ABI=${libtorch.abi}`,
  ]
  try {
    await run('cmake', args)
  } catch (error) {
    if (!(error instanceof SetupFailure) || !existsSync(build)) throw error
    // A folder of another time may not fit any more: once more from nothing.
    rmSync(build, { recursive: true, force: true })
    await run('cmake', args)
  }
}
