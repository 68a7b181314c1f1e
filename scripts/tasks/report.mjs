// Runs a task and prints its failure.
import { SetupFailure } from '../setup/run.mjs'

/** Runs `work`; prints a failure and sets the exit code to 1. A SetupFailure, which the user can fix, is printed without a stack. */
export async function report(work) {
  try {
    return await work()
  } catch (error) {
    process.stderr.write(`${error instanceof SetupFailure ? error.message : error.stack}\n`)
    process.exitCode = 1
    return null
  }
}
