// Runs commands and keeps their output for error messages.
import { spawn } from 'node:child_process'

/** A failure that the user can fix; printed without a stack. */
export class SetupFailure extends Error {}

/**
 * Returns the output; throws a SetupFailure with the end of the output if the command fails or is missing.
 * `show` copies the output to standard error, `watch` receives it, `onTerminal` makes standard error the command's standard output.
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const { show = false, onTerminal = false, watch = () => {}, hint = '', ...rest } = options
    const child = spawn(command, args, { ...rest, stdio: ['ignore', onTerminal ? process.stderr.fd : 'pipe', 'pipe'] })
    let output = ''
    const take = (chunk) => {
      output = (output + chunk).slice(-100_000)
      if (show) process.stderr.write(chunk)
      watch(String(chunk))
    }
    child.stdout?.on('data', take)
    child.stderr.on('data', take)
    child.on('error', (error) => reject(new SetupFailure(`${command} cannot be started: ${error.message}${hint && `\n${hint}`}`)))
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output)
      else
        reject(
          new SetupFailure(
            `${command} ${args.join(' ')}\nended with ${signal ?? `code ${code}`}:\n${output.slice(-4000)}${hint && `\n${hint}`}`,
          ),
        )
    })
  })
}

/** Returns the output, or null if the command fails or is missing. */
export async function probe(command, args, options = {}) {
  try {
    return (await run(command, args, options)).trim()
  } catch {
    return null
  }
}
