import { closeSync, fchmodSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ArgumentError, FileError } from './errors'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EISDIR: 'it is a folder',
  EEXIST: 'a part of its path is a file, no folder',
  EFBIG: 'it would be larger than files may be here (ulimit -f)',
}

/** @internal What the system says of a failed write, as a FileError; any other error as it is. */
export function writeError(path: string, error: unknown): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return error
  return new FileError(`cannot write ${path}: ${reasons[code] ?? message}`, { cause: error })
}

/**
 * Writes a file whole or not at all: `write` fills a temporary file beside it, which then takes its place.
 *
 * A symbolic link stays one: the file that it names is replaced. A device such as /dev/null is written to directly.
 *
 * @throws FileError where the disk refuses; the file that stood there before stays.
 */
export function writeAtomically(path: string, write: (descriptor: number) => void): void {
  if (typeof path !== 'string' || path === '')
    throw new ArgumentError(`expected a path but received ${path === '' ? 'an empty string' : path === null ? 'null' : typeof path}`)
  try {
    const before = statSync(path, { throwIfNoEntry: false })
    if (before === undefined || before.isFile()) replace(before === undefined ? path : realpathSync(path), before?.mode, write)
    else withDescriptor(openSync(path, 'w'), write)
  } catch (error) {
    throw writeError(path, error)
  }
}

function replace(path: string, mode: number | undefined, write: (descriptor: number) => void): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`)
  try {
    withDescriptor(openSync(temporary, 'wx'), (descriptor) => {
      // A file that is replaced keeps who may read it.
      if (mode !== undefined) fchmodSync(descriptor, mode & 0o777)
      write(descriptor)
      fsyncSync(descriptor)
    })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function withDescriptor(descriptor: number, use: (descriptor: number) => void): void {
  try {
    use(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** @internal Writes every byte, where one call may write fewer; from `position` on, else where the file stands. */
export function writeAll(descriptor: number, bytes: Uint8Array, position: number | null = null): void {
  let done = 0
  while (done < bytes.length)
    done += writeSync(descriptor, bytes, done, Math.min(bytes.length - done, 1 << 30), position === null ? null : position + done)
}
