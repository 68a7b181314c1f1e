import { readFile } from 'node:fs/promises'
import { systemReason } from '../../common/errors'
import { FileError } from '../../torch'
import { damageOf } from './damage'
import { MAX_PIXELS } from './raw-image'

/** @internal Why an image file cannot be decoded. */
export interface Failure {
  /** In a few words, which depend on the file alone. */
  readonly reason: string
  /** Whether its content is at fault, which it will be next time, too; false where the file could not be read. */
  readonly isDamaged: boolean
}

/** @internal Why a file cannot be decoded, of which a decoder threw `error`. */
export async function failureOf(path: string, error: unknown): Promise<Failure> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (failure) {
    return { reason: systemReason(failure), isDamaged: false }
  }
  return { reason: reasonOf(error, bytes), isDamaged: true }
}

/** @internal The error for a file that cannot be decoded, of which a decoder threw `error`. */
export async function undecodable(path: string, error: unknown): Promise<FileError> {
  return new FileError(`${path} cannot be decoded: ${(await failureOf(path, error)).reason}`, { cause: error })
}

function reasonOf(error: unknown, bytes: Buffer): string {
  if (error instanceof FileError) return error.message
  // sharp's own message, which no other thread can change.
  if (/pixel limit/.test((error as Error).message)) return `it has more than ${MAX_PIXELS.toLocaleString('en-US')} pixels`
  return damageOf(bytes)
}
