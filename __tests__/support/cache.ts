import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../src/native/load'

/** Makes a cache for `PIXELCL_CACHE` that links these parts of the set-up's cache; everything else is new. */
export function cacheOfItsOwn(folder: string, parts: readonly string[]): void {
  mkdirSync(folder, { recursive: true })
  for (const part of parts) {
    const path = join(cacheFolder(), part)
    if (existsSync(path)) symlinkSync(path, join(folder, part))
  }
}
