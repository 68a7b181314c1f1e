import { CommanderError } from 'commander'
import { PixelclError } from '../common/errors'
import { Style } from '../common/terminal'
import { printable } from '../common/text'
import { readAs } from '../common/wording'
import { ExitCode, UsageError } from './exit'
import { asFlag } from './flags'

/** Whether an error is wrong usage rather than a failure. */
export function isUsage(error: unknown): boolean {
  return error instanceof CommanderError || error instanceof UsageError
}

/** The message to print: of errors with a code only the message, of others, which are bugs, the stack. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof PixelclError) return readAs(asFlag, error.wording)
  return typeof (error as { code?: unknown }).code === 'string'
    ? error.message.replace(/^error: /, '')
    : `unexpected failure, please report it:\n${error.stack ?? error.message}`
}

/** Prints a failure to standard error and returns the exit code. */
export function tell(error: unknown, message = messageOf(error)): number {
  process.stderr.write(`${new Style(process.stderr).red('error:')} ${message.split('\n').map(printable).join('\n')}\n`)
  return isUsage(error) ? ExitCode.usage : ExitCode.failed
}
