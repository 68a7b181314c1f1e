import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Command } from 'commander'
import { SUPPORTED_VERSIONS } from '../../native/load'
import { ExitCode } from '../exit'
import { nodeOutput } from '../node'
import { print } from '../output'
import { packageRoot } from '../package'

export function defineSetup(command: Command, end: (code: number) => void): void {
  command
    .description('Finds or installs libtorch, and compiles the shim against it into a cache of yours; quick when nothing has changed.')
    .option('--force', 'search and compile again')
    .option('--verbose', "show the compiler's output")
    .option('--json', 'print what there is then as JSON on standard output')
    .addHelpText('after', PLACES)
    .action(async ({ json, ...options }: Readonly<Record<string, boolean>>) => {
      const flags = Object.keys(options).map((name) => `--${name}`)
      const code = await runSetup(flags)
      if (json === true) await print(code === 0 ? await nodeOutput([SCRIPT, '--inspect']) : FAILED)
      end(code)
    })
}

const SCRIPT = join(packageRoot, 'scripts', 'setup.mjs')

const FAILED = `${JSON.stringify({ error: { code: 'SETUP', message: 'the set-up failed: standard error tells why' } }, null, 2)}\n`

const PLACES = `
libtorch is looked for in this order:
  LIBTORCH=/folder            a folder with libtorch's include/ and lib/
  python3 on the path         a torch of version ${SUPPORTED_VERSIONS}, or newer
                              (LIBTORCH_USE_PYTORCH=1: nowhere else)
  the cache                   PIXELCL_CACHE, else ~/.cache/pixelcl;
                              installed there when it is nowhere
`

/** Runs the set-up and returns its exit code. SIGINT is not forwarded, because the terminal sends Ctrl-C to the child as well. */
function runSetup(flags: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SCRIPT, ...flags], { stdio: 'inherit' })
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => signal === 'SIGTERM' && child.kill(signal))
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve(code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? ExitCode.interrupted : ExitCode.failed)),
    )
  })
}
