import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheOfItsOwn } from '../support/cache'
import { packInto } from '../support/pack'

export const root = join(__dirname, '..', '..')

/** PIXELCL_TEST_COMPILE=1, which CI sets, compiles the shim in the project; else it takes the one that the set-up compiled of the same sources. */
export const compiles = process.env['PIXELCL_TEST_COMPILE'] === '1'

/** A user's empty project with the packed package installed, and a cache of its own. */
export interface Project {
  readonly folder: string
  /** Where the package lies in it. */
  readonly installed: string
  readonly env: NodeJS.ProcessEnv
  /** Runs a command of the project; answers its exit code and all it printed. */
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): { status: number | null; output: string }
  /** Writes a file and runs it with Node, failing unless it ends well; answers what it printed. */
  program(name: string, text: string): string
  remove(): void
}

/** Packs the package and installs the tarball into an empty folder, no dependency's scripts being run. */
export function installPacked(): Project {
  const top = mkdtempSync(join(tmpdir(), 'pixelcl-package-'))
  const folder = join(top, 'project')
  const cache = join(top, 'cache')
  mkdirSync(folder)
  // libtorch is there already; what is compiled is the project's own.
  cacheOfItsOwn(cache, compiles ? ['python'] : ['python', 'shims'])
  const env = { ...process.env, PIXELCL_CACHE: cache, OMP_NUM_THREADS: '1', NO_COLOR: '1' }
  for (const name of ['NODE_OPTIONS', 'NODE_ENV', 'LIBTORCH', 'LIBTORCH_USE_PYTORCH']) Reflect.deleteProperty(env, name)
  const tarball = packInto(top, env)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  execFileSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball], {
    cwd: folder,
    env,
    stdio: 'pipe',
  })
  const run = (command: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) => {
    const { status, stdout, stderr, error } = spawnSync(command, args, {
      cwd: folder,
      env: { ...env, ...more },
      encoding: 'utf8',
      timeout: 900_000,
    })
    return { status, output: `${stdout}${stderr}${error?.message ?? ''}` }
  }
  return {
    folder,
    installed: join(folder, 'node_modules', 'pixelcl'),
    env,
    run,
    program(name, text) {
      writeFileSync(join(folder, name), text)
      const { status, output } = run(process.execPath, [name])
      if (status !== 0) throw new Error(`${name} ended with ${status}:\n${output}`)
      return output
    },
    remove: () => rmSync(top, { recursive: true, force: true }),
  }
}
