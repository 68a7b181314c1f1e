import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { builtPackage } from './child'

/** Packs the package as npm would publish it; returns the path of the tarball in `folder`. */
export function packInto(folder: string, env: NodeJS.ProcessEnv = process.env): string {
  const root = join(builtPackage(), '..')
  execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: root, env, stdio: 'pipe' })
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz'))!,
  )
}
