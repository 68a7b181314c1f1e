import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { FileError } from '../../native'

/** Bytes that can be read at an offset: a file on disk or a buffer. */
export interface ByteSource {
  readonly size: number
  /** @throws FileError when the range lies outside. */
  read(offset: number, length: number): Buffer
  close(): void
}

const CHUNK = 8 * 1024 * 1024

export function fileSource(path: string): ByteSource {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new FileError(code === 'ENOENT' ? `there is no file ${path}` : `cannot open ${path}: ${message}`, { cause: error })
  }
  const stat = fstatSync(descriptor)
  if (!stat.isFile()) {
    closeSync(descriptor)
    throw new FileError(`${path} is no regular file`)
  }
  const { size } = stat
  return {
    size,
    read(offset, length) {
      checkRange(offset, length, size)
      const buffer = Buffer.allocUnsafe(length)
      let done = 0
      while (done < length) {
        const got = readSync(descriptor, buffer, done, Math.min(length - done, 1 << 30), offset + done)
        if (got === 0) throw new FileError(`${path} ended in the middle of a read`)
        done += got
      }
      return buffer
    },
    close: () => closeSync(descriptor),
  }
}

export function bufferSource(buffer: Uint8Array): ByteSource {
  const view = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  return {
    size: view.length,
    read(offset, length) {
      checkRange(offset, length, view.length)
      return view.subarray(offset, offset + length)
    },
    close: () => {},
  }
}

/** A range in pieces of a few megabytes, so that a large one never lies in memory twice. */
export function* chunksOf(source: ByteSource, offset: number, length: number): IterableIterator<Buffer> {
  checkRange(offset, length, source.size)
  for (let done = 0; done < length; done += CHUNK) yield source.read(offset + done, Math.min(CHUNK, length - done))
}

function checkRange(offset: number, length: number, size: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
    throw new FileError(`the file is truncated: bytes ${offset} to ${offset + length} were expected, but it has ${size}`)
  }
}
