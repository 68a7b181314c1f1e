import { setImmediate as nextTurn } from 'node:timers/promises'
import { ExitCode } from './exit'
import { tell } from './failure'
import { outputFailure } from './output'

/** Lets the process end with a command's exit code, unless what it printed has gone nowhere. */
export async function ended(code: number): Promise<void> {
  // A stream tells of its failure in the next turn.
  await nextTurn()
  const failure = outputFailure()
  process.exitCode = code === ExitCode.done && failure !== null ? tell(failure) : code
}
