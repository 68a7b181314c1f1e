import { telling, type PretrainResult } from '../training'
import { ExitCode } from './exit'
import { tell } from './failure'
import { print } from './output'

/** Prints what a run has done and gives the exit code; where that cannot be printed, the run is no less saved. */
export async function conclude({ interrupted, files }: PretrainResult, text: string): Promise<number> {
  const code = interrupted === null ? ExitCode.done : ExitCode.interrupted
  try {
    await print(text)
    return code
  } catch (error) {
    const failed = tell(telling(error, `The backbone is saved: ${files.backbone}`))
    return interrupted === null ? failed : code
  }
}
