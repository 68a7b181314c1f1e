import { types } from 'node:util'
import { worded, type Wording } from '../common/wording'
import { FileError, PixelclError } from '../torch'

/** The error, its message ending in one more line. */
export function telling(error: unknown, line: string): unknown {
  if (error instanceof PixelclError) error.append(`\n${line}`)
  else if (types.isNativeError(error)) error.message += `\n${line}`
  return error
}

/** Saves the weights where something else than the training went wrong, such as reading images or writing a log; the error says so. */
export function savingWhatIsThere(error: unknown, steps: number, save: () => void): unknown {
  if (steps === 0) return error
  try {
    save()
    return telling(error, `Training stopped after step ${steps}; the backbone of then is saved`)
  } catch {
    return telling(error, `Training stopped after step ${steps}; the backbone could not be saved either`)
  }
}

/** Does what comes after the training: where that fails, the error says that the backbone is saved. */
export async function afterSaving<T>(backbone: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const line = `The backbone is saved: ${backbone}`
    if (error instanceof FileError) throw telling(error, line)
    throw new PixelclError('REPORT', worded`the backbone could not be measured or reported: ${wordingOf(error)}\n${line}`, { cause: error })
  }
}

function wordingOf(error: unknown): string | Wording {
  return error instanceof PixelclError ? error.wording : types.isNativeError(error) ? error.message : String(error)
}
