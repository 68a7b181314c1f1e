// How a task ends: quietly, or with the failure in words a person can act on.
import { SetupFailure } from '../setup/run.mjs'

/** Runs `work`; a failure is printed, without a stack where it is one that a person can mend, and makes the exit code 1. */
export async function report(work) {
  try {
    return await work()
  } catch (error) {
    process.stderr.write(`${error instanceof SetupFailure ? error.message : error.stack}\n`)
    process.exitCode = 1
    return null
  }
}
