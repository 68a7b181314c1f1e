import { withLine, type PretrainResult } from '../training'
import { ExitCode } from './exit'
import { tell } from './failure'
import { print } from './output'

/** Prints the result of a run and returns the exit code; if printing fails, the error says that the run is saved. */
export async function conclude({ interrupted, files }: PretrainResult, text: string): Promise<number> {
  const code = interrupted === null ? ExitCode.done : ExitCode.interrupted
  try {
    await print(text)
    return code
  } catch (error) {
    const failed = tell(withLine(error, `The backbone is saved: ${files.backbone}`))
    return interrupted === null ? failed : code
  }
}
