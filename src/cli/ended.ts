import { setImmediate as nextTurn } from 'node:timers/promises'
import { ExitCode } from './exit'
import { tell } from './failure'
import { outputFailure } from './output'

/** Sets the process's exit code to the command's, or to a failure if standard output could not be written. */
export async function ended(code: number): Promise<void> {
  // Streams report write errors in the next turn of the event loop.
  await nextTurn()
  const failure = outputFailure()
  process.exitCode = code === ExitCode.done && failure !== null ? tell(failure) : code
}
