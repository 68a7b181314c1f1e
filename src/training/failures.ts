import { types } from 'node:util'
import { worded, type Wording } from '../common/wording'
import { FileError, PixelclError } from '../torch'

/** Appends a line to an error's message. */
export function withLine(error: unknown, line: string): unknown {
  if (error instanceof PixelclError) error.append(`\n${line}`)
  else if (types.isNativeError(error)) error.message += `\n${line}`
  return error
}

/** Saves the weights after a failure outside the training itself, such as reading images or writing a log; the error says that they are saved. */
export function saveAfterFailure(error: unknown, steps: number, save: () => void): unknown {
  if (steps === 0) return error
  try {
    save()
    return withLine(error, `Training stopped after step ${steps}; the backbone of then is saved`)
  } catch {
    return withLine(error, `Training stopped after step ${steps}; the backbone could not be saved either`)
  }
}

/** Runs work that follows the training; if it fails, the error says that the backbone is saved. */
export async function afterSaving<T>(backbone: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const line = `The backbone is saved: ${backbone}`
    if (error instanceof FileError) throw withLine(error, line)
    throw new PixelclError('REPORT', worded`the backbone could not be measured or reported: ${wordingOf(error)}\n${line}`, { cause: error })
  }
}

function wordingOf(error: unknown): string | Wording {
  return error instanceof PixelclError ? error.wording : types.isNativeError(error) ? error.message : String(error)
}
