import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Makes a cache in which what the set-up has made serves, but whose demo images are a test's own; for `PIXELCL_CACHE`. */
export function cacheOfItsOwn(folder: string): void {
  const shared = process.env['PIXELCL_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'pixelcl')
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(shared)) if (name !== 'demo') symlinkSync(join(shared, name), join(folder, name))
}
