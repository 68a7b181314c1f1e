import {
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { isRunning } from './processes'
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
  ELOOP: 'its symbolic links point at each other',
  ENAMETOOLONG: 'its name is too long',
  EFBIG: 'it would be larger than files may be here (ulimit -f)',
}

/** @internal Turns a failed system call into a FileError that names the path; returns any other error unchanged. */
export function writeError(path: string, error: unknown): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return error
  return new FileError(`cannot write ${path}: ${reasons[code] ?? message}`, { cause: error })
}

/**
 * Writes a file atomically: `write` fills a temporary file in the same folder, which is then renamed.
 *
 * The target of a symbolic link is replaced or made, not the link. A device such as /dev/null is written to directly. Temporary files that killed
 * processes left behind are removed.
 *
 * @throws FileError if the write fails; an existing file is then unchanged.
 */
export function writeAtomically(path: string, write: (descriptor: number) => void): void {
  if (typeof path !== 'string' || path === '')
    throw new ArgumentError(`expected a path but received ${path === '' ? 'an empty string' : path === null ? 'null' : typeof path}`)
  if (path.includes('\0')) throw new FileError(`cannot write ${JSON.stringify(path)}: a path has no NUL character`)
  try {
    const before = statSync(path, { throwIfNoEntry: false })
    if (before === undefined || before.isFile()) replace(targetOf(path), before?.mode, write)
    else withDescriptor(openSync(path, 'w'), write)
  } catch (error) {
    throw writeError(path, error)
  }
}

/** The path that symbolic links lead to, which need not exist. */
function targetOf(path: string): string {
  let target = path
  for (let links = 0; lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink() === true; links++) {
    if (links === 40) throw Object.assign(new Error('too many symbolic links'), { code: 'ELOOP', syscall: 'open' })
    target = resolve(dirname(target), readlinkSync(target))
  }
  return target
}

/** File systems take names of 255 bytes; the temporary name adds at most 40 to its start. */
const MOST_OF_A_NAME = 200

/** What the names of a file's temporary files begin with. */
export function temporaryPrefix(path: string): string {
  let name = ''
  for (const character of basename(path)) {
    if (Buffer.byteLength(name + character) > MOST_OF_A_NAME) break
    name += character
  }
  return `.${name}.`
}

/** Removes the temporary files of a file whose processes have ended. */
function removeLeftovers(path: string): void {
  const prefix = temporaryPrefix(path)
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(prefix)) continue
    const process = /^(\d+)\.[a-z0-9]+\.tmp$/.exec(name.slice(prefix.length))?.[1]
    if (process !== undefined && !isRunning(Number(process))) rmSync(join(dirname(path), name), { force: true })
  }
}

function replace(path: string, mode: number | undefined, write: (descriptor: number) => void): void {
  const temporary = join(dirname(path), `${temporaryPrefix(path)}${process.pid}.${Math.random().toString(36).slice(2)}.tmp`)
  removeLeftovers(path)
  try {
    withDescriptor(openSync(temporary, 'wx'), (descriptor) => {
      // The new file gets the permissions of the old one.
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

/** @internal Writes all bytes, although one `writeSync` may write fewer; at `position`, or at the descriptor's current offset. */
export function writeAll(descriptor: number, bytes: Uint8Array, position: number | null = null): void {
  let done = 0
  while (done < bytes.length)
    done += writeSync(descriptor, bytes, done, Math.min(bytes.length - done, 1 << 30), position === null ? null : position + done)
}
