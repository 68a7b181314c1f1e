import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The package's own folder, from `src/cli` and `dist/cli` alike. */
export const packageRoot = dirname(dirname(__dirname))

export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version
}
