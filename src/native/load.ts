import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Binding } from './binding'
import { elfDamage } from './elf'
import { SetupError } from './errors'

/** What the set-up leaves for importers (scripts/setup/compile.mjs writes it). */
export interface Stamp {
  readonly addon: string
  readonly libtorch: { readonly path: string; readonly version: string; readonly cuda: boolean; readonly abi: number; readonly source: string }
  readonly compiler: string
  readonly cmake: string
  readonly tried: readonly { readonly place: string; readonly reason: string }[]
  readonly setupAt: string
}

/** The package's own folder: the nearest one above with `binding/`, from `src/native` and from `dist/native` alike. */
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
    throw new SetupError(`pixelcl is not set up for this version yet: no stamp at ${stampPath()}.\nImporting never compiles. ${WAYS_OUT}`)
  }
  const tried = stamp.tried.map(({ place, reason }) => `  ${place}: ${reason}`).join('\n')
  if (!existsSync(stamp.addon)) throw new SetupError(`the compiled shim is gone: ${stamp.addon}.\n${WAYS_OUT}`)
  const damage = libtorchDamage(stamp.libtorch.path)
  if (damage !== null) throw new SetupError(`libtorch cannot be loaded from ${stamp.libtorch.path}: ${damage}.\nPlaces the set-up tried:\n${tried}\n${WAYS_OUT}`)
  try {
    const module: { exports: unknown } = { exports: {} }
    process.dlopen(module, stamp.addon)
    return module.exports as Binding
  } catch (error) {
    throw new SetupError(
      `the shim ${stamp.addon} does not load: ${error instanceof Error ? error.message : String(error)}.\nPlaces the set-up tried:\n${tried}\n${WAYS_OUT}`,
      { cause: error },
    )
  }
}

/** A truncated library would kill the process by SIGBUS in dlopen, so its headers are compared with its length first. */
function libtorchDamage(path: string): string | null {
  const file = join(path, 'lib', process.platform === 'darwin' ? 'libtorch_cpu.dylib' : 'libtorch_cpu.so')
  return existsSync(file) ? elfDamage(file) : `${file} is gone`
}
