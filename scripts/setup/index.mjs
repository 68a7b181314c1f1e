// The set-up: finds or installs a libtorch, compiles the shim, writes the stamp that importers read.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readStamp, withLock } from './cache.mjs'
import { compileShim, compilerFlags, findTools } from './compile.mjs'
import { installLibtorch } from './install.mjs'
import { elfDamage } from './libraries.cjs'
import { findLibtorch, inspectLibtorch, versionOf } from './libtorch.mjs'
import { SetupFailure } from './run.mjs'
import { BUILD_TOOLS, checkPlatform, checkTools, findPython, hasNvidiaDriver } from './toolchain.mjs'
import { INSTALLED_VERSION, SUPPORTED_VERSIONS, standingOf } from './versions.cjs'

/** Runs the missing steps and returns the stamp. If the stamp is still valid, nothing is searched or compiled. */
export async function setup({ log = () => {}, force = false, verbose = false, allowCudaBuild = false } = {}) {
  checkPlatform()
  const stamp = readStamp()
  if (!force && stampServes(stamp)) return stamp
  return withLock('setup', async () => {
    const again = readStamp()
    if (!force && stampServes(again)) return again
    const { found, tried } = chooseLibtorch(log, force)
    const tools = await findTools(...(found === null ? [findPython] : []))
    const libtorch = found ?? (await install(log, tried, allowCudaBuild))
    await compileShim(libtorch, tried, tools, { log, force, verbose })
    return readStamp()
  })
}

/** Installs a libtorch where none is found, so that `setup` has only to compile; this needs no dependency of npm. */
export async function provideLibtorch({ log = () => {} } = {}) {
  checkPlatform()
  if (stampServes(readStamp())) return
  await withLock('setup', async () => {
    const { found, tried, forced } = findLibtorch()
    // If the user chose a libtorch that does not work, `setup` reports why, so nothing is installed here.
    if (found || forced) return
    await checkTools([...BUILD_TOOLS, findPython])
    await install(log, tried, false)
  })
}

/** Whether the stamp's shim and libtorch still exist undamaged and match the environment variables. */
export function stampServes(stamp, env = process.env) {
  if (stamp === null || !existsSync(stamp.addon) || elfDamage(stamp.addon) !== null) return false
  if (versionOf(stamp.libtorch.path) !== stamp.libtorch.version || stamp.flags !== compilerFlags(env)) return false
  if (inspectLibtorch(stamp.libtorch.path, { ...env, LIBTORCH_BYPASS_VERSION_CHECK: '1' }).libtorch === undefined) return false
  if (env.LIBTORCH) return inspectLibtorch(env.LIBTORCH, env).libtorch?.path === stamp.libtorch.path
  if (env.LIBTORCH_USE_PYTORCH === '1') return !['cache', 'LIBTORCH'].includes(stamp.libtorch.source)
  return true
}

/** The libtorch of this machine and the places that were tried; `found` is null if one has to be installed. */
function chooseLibtorch(log, force) {
  const { found, tried, forced } = findLibtorch()
  // A forced set-up after installing a driver switches to a build with CUDA.
  const outdated = force && found?.source === 'cache' && !found.cuda && hasNvidiaDriver()
  if (found && !outdated) {
    log(`libtorch ${found.version} from ${found.source} (${found.cuda ? 'with CUDA, ' : ''}${sizeOf(found.path)}): ${found.path}`)
    if (standingOf(found.version) !== 'supported') log(warningOf(found))
    return { found, tried }
  }
  if (forced) throw new SetupFailure(explain(tried, forced))
  return { found: null, tried }
}

async function install(log, tried, allowCudaBuild) {
  const path = await installLibtorch(log, { allowCudaBuild })
  const { libtorch, reason } = inspectLibtorch(path)
  tried.push({ place: `the cache (${path})`, reason: `installed now; ${reason}` })
  if (!libtorch) throw new SetupFailure(explain(tried))
  log(`libtorch ${libtorch.version} is installed (${libtorch.cuda ? 'with CUDA, ' : ''}${sizeOf(path)})`)
  return { ...libtorch, source: 'cache' }
}

/** The size of a libtorch's libraries. */
function sizeOf(path) {
  const lib = join(path, 'lib')
  const files = readdirSync(lib, { withFileTypes: true }).filter((entry) => !entry.isDirectory())
  const bytes = files.reduce((sum, { name }) => sum + (statSync(join(lib, name), { throwIfNoEntry: false })?.size ?? 0), 0)
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

function warningOf({ version }) {
  return `warning: libtorch ${version} is ${standingOf(version)} than the supported versions (${SUPPORTED_VERSIONS}), so it is untested.
  Should it fail, take a supported one: pip install torch==${INSTALLED_VERSION}, or LIBTORCH=/folder/of/libtorch.`
}

/** The message that lists every place with its reason, and what to do. */
function explain(tried, forced) {
  const places = tried.map(({ place, reason }) => `  ${place}: ${reason}`).join('\n')
  const asked = forced ? `${forced} is set, so no other place is taken.\n` : ''
  return `no libtorch that serves was found. Tried:\n${places}\n${asked}Ways out:
  - unset LIBTORCH and LIBTORCH_USE_PYTORCH and run \`npx pixelcl setup\`: it installs one into the cache;
  - pip install torch==${INSTALLED_VERSION} for a python3 on the path, and LIBTORCH_USE_PYTORCH=1;
  - LIBTORCH=/folder/of/libtorch (with include/ and lib/), version ${SUPPORTED_VERSIONS}.`
}
