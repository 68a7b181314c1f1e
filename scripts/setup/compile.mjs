// Compiles the shim with cmake-js into the cache, under a key made of everything that the result depends on.
import { copyFileSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { cacheFolder, hash, makeFolder, packageRoot, sourceHash, stampPath, writeJson } from './cache.mjs'
import { elfDamage } from './libraries.cjs'
import { CompileProgress } from './progress.mjs'
import { SetupFailure, run } from './run.mjs'
import { BUILD_TOOLS, checkTools } from './toolchain.mjs'

/** What compiling needs besides libtorch; throws one failure that names everything missing. `others` are checked with it. */
export async function findTools(...others) {
  const [compiler, cmake, , cmakeJs] = await checkTools([...BUILD_TOOLS, findCmakeJs, ...others])
  return { compiler, cmake, cmakeJs }
}

/** Compiles unless the cache has a shim of the same key, writes the stamp that importers read, and returns the shim's path. */
export async function compileShim(libtorch, tried, { compiler, cmake, cmakeJs }, { log, force = false, verbose = false }) {
  const flags = compilerFlags()
  const libtorchBuild = [libtorch.path, libtorch.version, libtorch.commit, String(libtorch.abi), libtorch.cuda ? 'cuda' : 'cpu']
  const facts = [...libtorchBuild, compiler.version, flags, process.platform, process.arch, ...cmakeJs.versions]
  const key = hash(sourceHash(), ...facts)
  const target = join(cacheFolder(), 'shims', key, 'pixelcl.node')
  if (force || !existsSync(target) || elfDamage(target) !== null) {
    // One build folder per checkout, libtorch and compiler, so that an edit of one source compiles its room only.
    const build = join(cacheFolder(), 'builds', hash(packageRoot, ...facts))
    if (force) rmSync(build, { recursive: true, force: true })
    log(`compiling the shim against libtorch ${libtorch.version} (cmake-js ${cmakeJs.version}, ${cmake}, ${compiler.version})`)
    const steps = stepsOf(cmakeJs, build, { libtorch, compiler, verbose })
    await steps.configure()
    await steps.build()
    makeFolder(dirname(target))
    const temporary = `${target}.${process.pid}.tmp`
    copyFileSync(join(build, CONFIGURATION, 'pixelcl.node'), temporary)
    renameSync(temporary, target)
  }
  writeJson(stampPath(), { addon: target, libtorch, compiler: compiler.version, cmake, flags, tried, setupAt: new Date().toISOString() })
  return target
}

/** Compiler and flags of the environment, which are part of the shim's key. */
export function compilerFlags(env = process.env) {
  return [env.CXX, env.CXXFLAGS, env.LDFLAGS]
    .map((value) => value ?? '')
    .join(' ')
    .trim()
}

/** cmake-js names the folder of what it builds after the configuration. */
const CONFIGURATION = 'Release'

/** The path of cmake-js, and the versions of cmake-js and of the headers that it passes to CMake. */
function findCmakeJs() {
  const require = createRequire(join(packageRoot, 'package.json'))
  try {
    const manifest = require.resolve('cmake-js/package.json')
    const { bin, version } = require(manifest)
    const headers = createRequire(manifest)('node-api-headers/package.json').version
    const addonApi = require('node-addon-api/package.json').version
    return { program: join(dirname(manifest), bin['cmake-js']), version, versions: [version, headers, addonApi] }
  } catch (error) {
    throw new SetupFailure(`cmake-js, which compiles the shim, is not installed beside pixelcl (${error.message.split('\n')[0]}).
It is one of the package's dependencies: npm install brings it.`)
  }
}

/** The steps that configure and build; the output of CMake and the compiler is shown only if `verbose`. */
function stepsOf({ program }, build, { libtorch, compiler, verbose }) {
  const cmakeJs = (command, args, more = {}) =>
    run(process.execPath, [program, command, '--directory', packageRoot, '--out', build, '--config', CONFIGURATION, ...args], {
      show: verbose,
      ...more,
      cwd: packageRoot,
    })
  const settings = [`--cxx=${compiler.path}`, `--CDLIBTORCH=${libtorch.path}`, `--CDGLIBCXX_ABI=${libtorch.abi}`]
  // The shim has no C. With both compilers named, cmake-js does not insist on g++ or clang++ on the path.
  settings.push(`--cc=${compiler.path}`)
  // Set explicitly, because a project that depends on this package may configure cmake-js in its package.json for its own addons.
  settings.push('--runtime=node', `--runtime-version=${process.versions.node}`, `--arch=${process.arch}`)
  return {
    async configure() {
      try {
        await cmakeJs('configure', settings)
      } catch (error) {
        if (!(error instanceof SetupFailure) || !existsSync(build)) throw error
        // The build folder may be of another CMake or generator, so delete it and try once more.
        rmSync(build, { recursive: true, force: true })
        await cmakeJs('configure', settings)
      }
    },
    async build() {
      const hint = `The build folder is ${build}; remove it to start afresh.`
      const parallel = `--parallel=${Math.max(1, cpus().length)}`
      // With --verbose the output itself shows how far it is.
      if (verbose) return cmakeJs('build', [...settings, parallel], { hint })
      const progress = new CompileProgress(roomsOf('binding'))
      try {
        await cmakeJs('build', [...settings, parallel], { hint, watch: (text) => progress.take(text) })
      } finally {
        progress.end()
      }
    },
  }
}

/** The number of folders with sources, each of which is compiled as one file. */
function roomsOf(folder) {
  return readdirSync(join(packageRoot, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory()).length
}
