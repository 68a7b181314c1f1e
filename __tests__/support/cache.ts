import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../src/native/load'

/** Makes a cache in which these parts of what the set-up has made serve, and all else is a test's own; for `PIXELCL_CACHE`. */
export function cacheOfItsOwn(folder: string, parts: readonly string[]): void {
  mkdirSync(folder, { recursive: true })
  for (const part of parts) {
    const path = join(cacheFolder(), part)
    if (existsSync(path)) symlinkSync(path, join(folder, part))
  }
}
