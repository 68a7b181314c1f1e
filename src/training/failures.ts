import { types } from 'node:util'
import { FileError, PixelclError } from '../torch'

/** The error, its message ending in one more line. */
export function telling(error: unknown, line: string): unknown {
  if (types.isNativeError(error)) error.message += `\n${line}`
  return error
}

/** What goes wrong in reading images or writing a log need not cost the weights. */
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
    throw new PixelclError('REPORT', `the backbone could not be measured or reported: ${(error as Error).message}\n${line}`, {
      cause: error,
    })
  }
}
