import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { types } from 'node:util'
import { elfDamage, libtorchDamage } from '../../scripts/setup/libraries.cjs'
import { BUNDLED } from '../../scripts/setup/bundled.cjs'
import { type Place, type Stamp, isInstalled, packageRoot, readStamp, stampPath } from '../../scripts/setup/stamp.cjs'
import { SetupError } from '../common/errors'
import type { Binding } from './binding'

export type { Libtorch, Place, Stamp } from '../../scripts/setup/stamp.cjs'
export { pythonOf } from '../../scripts/setup/python.cjs'
export { cacheFolder, packageRoot, readStamp, stampPath } from '../../scripts/setup/stamp.cjs'
export { type Standing, SUPPORTED_VERSIONS } from '../../scripts/setup/versions.cjs'

/** The version of this package. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version
}

/** Measured by `npm run bench -- threads`: as quick as libgomp's own 300,000 on free cores, and much quicker on busy ones. */
const SPIN_COUNT = '10000'

const WAYS_OUT = `Ways out:
  - npx pixelcl setup      finds or installs libtorch and compiles the shim
  - npx pixelcl doctor     shows what this machine has and what is missing
  - LIBTORCH=/folder npx pixelcl setup      takes a libtorch of your own`

let isLazy = false

/** Makes an import of the package load the shim when it is first used: help is printed before the set-up, too. */
export function loadShimWhenUsed(): void {
  isLazy = true
}

/**
 * Loads the shim that the set-up compiled from these sources.
 *
 * @throws SetupError if there is none or it does not load; lists every place tried, why it failed, and what to do. In a bundle it says to
 *   leave the package external.
 */
export function loadBinding(): Binding {
  return isLazy ? lazyBinding() : loadedBinding()
}

const CALLED_AT_IMPORT = ['setErrorFactory', 'setWarningListener'] as const

function isCalledAtImport(name: string | symbol): name is (typeof CALLED_AT_IMPORT)[number] {
  return CALLED_AT_IMPORT.some((called) => called === name)
}

function lazyBinding(): Binding {
  let loaded: Binding | null = null
  const awaiting: ((binding: Binding) => void)[] = []
  return new Proxy({} as Binding, {
    get(_, name) {
      if (loaded === null && isCalledAtImport(name))
        return (...args: never[]) => void awaiting.push((binding) => Reflect.apply(binding[name], binding, args))
      if (loaded === null) {
        loaded = loadedBinding()
        for (const call of awaiting) call(loaded)
      }
      return Reflect.get(loaded, name) as unknown
    },
  })
}

function loadedBinding(): Binding {
  if (!isInstalled()) throw new SetupError(BUNDLED)
  const stamp = readStamp()
  if (stamp === null) {
    throw new SetupError(
      `pixelcl is not set up for this version yet: no stamp at ${stampPath()}. Importing never compiles.\n${listOf('Places where the set-up will look', placesNow())}${WAYS_OUT}`,
    )
  }
  const damage = damageOf(stamp)
  if (damage !== null) throw loadingError(damage, stamp)
  try {
    const module: { exports: unknown } = { exports: {} }
    withSpinCount(() => process.dlopen(module, stamp.addon))
    return module.exports as Binding
  } catch (error) {
    throw loadingError(`the shim ${stamp.addon} does not load: ${types.isNativeError(error) ? error.message : String(error)}`, stamp, {
      cause: error,
    })
  }
}

/**
 * Runs `load`, in which OpenMP reads its settings, so that idle threads of an operator wait briefly before they sleep.
 *
 * By default they spin for milliseconds, and on cores that are busy elsewhere every operator then waits for them; the user's own settings win.
 */
function withSpinCount(load: () => void): void {
  const isChosen = process.env['GOMP_SPINCOUNT'] !== undefined || process.env['OMP_WAIT_POLICY'] !== undefined
  if (isChosen) return load()
  process.env['GOMP_SPINCOUNT'] = SPIN_COUNT
  try {
    load()
  } finally {
    delete process.env['GOMP_SPINCOUNT']
  }
}

function loadingError(what: string, stamp: Stamp, options?: ErrorOptions): SetupError {
  return new SetupError(`${what}.\n${listOf('Places that the set-up tried', stamp.tried)}${WAYS_OUT}`, options)
}

function listOf(title: string, places: readonly Place[]): string {
  return places.length === 0 ? '' : `${title}:\n${places.map(({ place, reason }) => `  ${place}: ${reason}\n`).join('')}`
}

/** The places where the set-up would look now, without changing anything; empty if that fails. */
function placesNow(): readonly Place[] {
  const { status, stdout } = spawnSync(process.execPath, [join(packageRoot, 'scripts', 'setup.mjs'), '--inspect'], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  return status === 0 ? (JSON.parse(stdout) as { tried: readonly Place[] }).tried : []
}

/** Why dlopen would fail, or null. Reads only the files' headers, because dlopen of a truncated library kills the process with SIGBUS. */
function damageOf({ addon, libtorch }: Stamp): string | null {
  if (!existsSync(addon)) return `the compiled shim is gone: ${addon}`
  const damage = libtorchDamage(libtorch)
  if (damage !== null) return `libtorch ${libtorch.version} cannot be loaded: ${damage}`
  const addonDamage = elfDamage(addon)
  return addonDamage === null ? null : `the compiled shim cannot be loaded: ${addon} ${addonDamage}`
}
