import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Binding } from './binding'
import { elfDamage } from './elf'
import { SetupError } from './errors'

interface Place {
  readonly place: string
  readonly reason: string
}

/** What the set-up leaves for importers (scripts/setup/compile.mjs writes it). */
export interface Stamp {
  readonly addon: string
  readonly libtorch: {
    readonly path: string
    readonly version: string
    readonly cuda: boolean
    readonly abi: number
    readonly source: string
  }
  readonly compiler: string
  readonly cmake: string
  readonly tried: readonly Place[]
  readonly setupAt: string
}

/** The package's own folder, from `src/native` and from `dist/native` alike. */
export const packageRoot = dirname(dirname(__dirname))

/** `PIXELCL_CACHE`, else `pixelcl` in `XDG_CACHE_HOME`, else `~/.cache/pixelcl`. */
export function cacheFolder(): string {
  return process.env['PIXELCL_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'pixelcl')
}

/** The stamp's path: a hash of the shim's sources, the build file and the version, as scripts/setup/cache.mjs makes it. */
export function stampPath(): string {
  const binding = join(packageRoot, 'binding')
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
  const parts: (string | Buffer)[] = [version, readFileSync(join(packageRoot, 'CMakeLists.txt'))]
  for (const file of readdirSync(binding).sort()) parts.push(file, readFileSync(join(binding, file)))
  const digest = createHash('sha256')
  for (const part of parts) digest.update(String(part.length)).update(':').update(part)
  return join(cacheFolder(), 'stamps', `${digest.digest('hex').slice(0, 16)}-${process.platform}-${process.arch}.json`)
}

export function readStamp(): Stamp | null {
  try {
    return JSON.parse(readFileSync(stampPath(), 'utf8')) as Stamp
  } catch {
    return null
  }
}

const WAYS_OUT = `Ways out:
  - npx pixelcl setup      finds or installs libtorch and compiles the shim
  - npx pixelcl doctor     shows what this machine has and what is missing
  - LIBTORCH=/folder npx pixelcl setup      takes a libtorch of your own`

/**
 * Loads the compiled shim that the set-up left for these sources.
 *
 * @throws SetupError when there is none or it does not load: names every place tried, why it failed, and the ways out.
 */
export function loadBinding(): Binding {
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
    process.dlopen(module, stamp.addon)
    return module.exports as Binding
  } catch (error) {
    throw loadingError(`the shim ${stamp.addon} does not load: ${error instanceof Error ? error.message : String(error)}`, stamp, {
      cause: error,
    })
  }
}

function loadingError(what: string, stamp: Stamp, options?: ErrorOptions): SetupError {
  return new SetupError(`${what}.\n${listOf('Places that the set-up tried', stamp.tried)}${WAYS_OUT}`, options)
}

function listOf(title: string, places: readonly Place[]): string {
  return places.length === 0 ? '' : `${title}:\n${places.map(({ place, reason }) => `  ${place}: ${reason}\n`).join('')}`
}

/** What the set-up would find now; it changes nothing, and a failure of its own adds nothing to the error. */
function placesNow(): readonly Place[] {
  const { status, stdout } = spawnSync(process.execPath, [join(packageRoot, 'scripts', 'setup.mjs'), '--inspect'], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  return status === 0 ? (JSON.parse(stdout) as { tried: readonly Place[] }).tried : []
}

/** A library that is shorter than its headers say would kill the process by SIGBUS in dlopen, so they are compared first. */
function damageOf({ addon, libtorch }: Stamp): string | null {
  if (!existsSync(addon)) return `the compiled shim is gone: ${addon}`
  const mac = process.platform === 'darwin'
  const libraries = ['torch', 'torch_cpu', 'c10', ...(libtorch.cuda ? ['torch_cuda', 'c10_cuda'] : [])]
  for (const file of libraries.map((name) => join(libtorch.path, 'lib', `lib${name}.${mac ? 'dylib' : 'so'}`))) {
    const damage = existsSync(file) ? elfDamage(file) : `${file} is gone`
    if (damage !== null) return `libtorch ${libtorch.version} cannot be loaded: ${damage}`
  }
  const damage = elfDamage(addon)
  return damage === null ? null : `the compiled shim cannot be loaded: ${damage}`
}
