import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Command } from 'commander'
import { SUPPORTED_VERSIONS } from '../../native/load'
import { ExitCode } from '../exit'
import { flagName } from '../flags'
import { nodeOutput } from '../node'
import { print } from '../output'
import { packageRoot } from '../../native/load'

export function defineSetup(command: Command, end: (code: number) => void): void {
  command
    .description('Finds or installs libtorch, and compiles the shim against it into a cache of yours; quick when nothing has changed.')
    .option('--force', 'search and compile again')
    .option('--verbose', "show the compiler's output")
    .option('--allow-cuda-build', "install PyPI's build with CUDA, 3 GB, if the CPU build is not reached")
    .option('--json', 'print what there is then as JSON on standard output')
    .addHelpText('after', PLACES)
    .action(async ({ json, ...options }: Readonly<Record<string, boolean>>) => {
      const flags = Object.keys(options).map(flagName)
      const code = await runSetup(flags)
      if (json === true) await print(code === 0 ? await nodeOutput([SCRIPT, '--inspect']) : FAILED)
      end(code)
    })
}

const SCRIPT = join(packageRoot, 'scripts', 'setup.mjs')

const FAILED = `${JSON.stringify({ error: { code: 'SETUP', message: 'the set-up failed: standard error tells why' } }, null, 2)}\n`

const PLACES = `
libtorch is looked for in this order:
  LIBTORCH=/folder      a folder with include/ and lib/
  python3 on the path   a torch of ${SUPPORTED_VERSIONS}, or newer
                        (LIBTORCH_USE_PYTORCH=1: only there)
  the cache             PIXELCL_CACHE, else ~/.cache/pixelcl
Else pip installs it into the cache: 200 MB to download,
1 GB on disk, without CUDA unless there is an NVIDIA driver.
HTTPS_PROXY and pip's own variables work. Without a network:
  PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels npx pixelcl setup
PIXELCL_ALLOW_CUDA_BUILD=1 stands for --allow-cuda-build.
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
