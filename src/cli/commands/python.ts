import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Command } from 'commander'
import { SetupError } from '../../common/errors'
import { pythonOf, readStamp } from '../../native/load'

const EXAMPLES = `
Everything after \`python\` goes to Python as it is:
  npx pixelcl python train.py --lr 0.1
  npx pixelcl python -m pip install torchvision
  npx pixelcl python -c "import torch; print(torch)"
Its exit code and the signal that ends it are those of this
command. \`npx pixelcl doctor\` shows which Python it is.
`

export function definePython(command: Command): void {
  command
    .usage('<file|-m module|-c code> [arguments]')
    .description('Runs Python with the torch of the set-up, whatever the `python3` on the path has.')
    .addHelpText('after', EXAMPLES)
}

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs the Python that belongs to the libtorch of the set-up and returns its exit code; ends as it ends, if by a signal.
 *
 * @throws SetupError if there is no Python with that libtorch, or no set-up.
 */
export async function runPython(args: readonly string[]): Promise<number> {
  const stamp = readStamp()
  if (stamp === null) throw new SetupError('pixelcl is not set up, so no Python with torch is known: run npx pixelcl setup')
  const python = pythonOf(stamp.libtorch)
  if (python === null) {
    throw new SetupError(
      `no Python belongs to the libtorch that is set up (${stamp.libtorch.path}): pip install torch into a Python of yours and call that, ` +
        'or unset LIBTORCH and run npx pixelcl setup --force, which installs one',
    )
  }
  const { code, signal } = await finished(python, args)
  if (signal === null) return code
  process.kill(process.pid, signal)
  return 128 + constants.signals[signal]
}

function finished(python: string, args: readonly string[]): Promise<{ code: number; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, args, { stdio: 'inherit' })
    // Ctrl-C on a terminal reaches Python without this process.
    const isShared = process.stdin.isTTY
    const forward = (signal: NodeJS.Signals) => void ((signal === 'SIGINT' && isShared) || child.kill(signal))
    for (const signal of FORWARDED) process.on(signal, forward)
    const done = () => FORWARDED.forEach((signal) => process.off(signal, forward))
    child.on('error', (error) => {
      done()
      reject(new SetupError(`${python} cannot be started: ${error.message}`, { cause: error }))
    })
    child.on('close', (code, signal) => {
      done()
      resolve({ code: code ?? 0, signal })
    })
  })
}
