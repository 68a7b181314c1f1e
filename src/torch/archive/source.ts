import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { FileError } from '../../native'
import { printable } from '../../common/text'

/** Bytes in memory, or a part of an open file. */
export type Piece = Uint8Array | readonly [descriptor: number, offset: number, length: number]

/** Bytes that can be read at an offset: a file on disk or a buffer. */
export interface ByteSource {
  readonly size: number
  /** @throws FileError if the range is out of bounds. */
  read(offset: number, length: number): Buffer
  /**
   * A range that is not read yet, valid until `close`.
   *
   * @throws FileError if the range is out of bounds.
   */
  piece(offset: number, length: number): Piece
  close(): void
}

const CHUNK = 8 * 1024 * 1024

/** Opens a file or a buffer, closes it after use, and adds its name to errors. */
export function withSource<T>(file: string | Uint8Array, use: (source: ByteSource) => T): T {
  const source = typeof file === 'string' ? fileSource(file) : bufferSource(file)
  try {
    return use(source)
  } catch (error) {
    // Limits of Node, such as the longest buffer or string, which a small file cannot reach but a large one may.
    if (!(error instanceof FileError || error instanceof RangeError)) throw error
    throw new FileError(`cannot load ${nameOf(file)}: ${error.message}`, { cause: error })
  } finally {
    source.close()
  }
}

/** The name of a file in messages: its path, or 'the buffer'. */
export function nameOf(file: string | Uint8Array): string {
  return typeof file === 'string' ? file : 'the buffer'
}

function fileSource(path: string): ByteSource {
  let descriptor: number
  try {
    // Without O_NONBLOCK, opening a named pipe would block.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new FileError(
      code === 'ENOENT'
        ? `there is no file ${path}`
        : `cannot open ${printable(path)}: ${path.includes('\0') ? 'a path has no NUL character' : message}`,
      { cause: error },
    )
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
    piece(offset, length) {
      checkRange(offset, length, size)
      return [descriptor, offset, length]
    },
    close: () => closeSync(descriptor),
  }
}

function bufferSource(buffer: Uint8Array): ByteSource {
  const view = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  const range = (offset: number, length: number) => {
    checkRange(offset, length, view.length)
    return view.subarray(offset, offset + length)
  }
  return {
    size: view.length,
    read: range,
    piece: range,
    close: () => {},
  }
}

/** A range in chunks of a few megabytes, so that a large range is never in memory twice. */
export function* chunksOf(source: ByteSource, offset: number, length: number): IterableIterator<Buffer> {
  checkRange(offset, length, source.size)
  for (let done = 0; done < length; done += CHUNK) yield source.read(offset + done, Math.min(CHUNK, length - done))
}

function checkRange(offset: number, length: number, size: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
    throw new FileError(`the file is truncated: bytes ${offset} to ${offset + length} were expected, but it has ${size}`)
  }
}
