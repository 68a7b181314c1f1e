import { closeSync, openSync, readFileSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { ArgumentError } from '../../torch'
import { isRunning } from '../../common/processes'
import { option, worded } from '../../common/wording'

/** The file that names the process that writes to a run's folder. */
export const LOCK = '.pixelcl.lock'

interface Holder {
  readonly host: string
  readonly process: number
}

/** Locks that this process holds. */
const held = new Set<string>()

/** Keeps a run's folder to one run at a time. */
export class RunLock {
  private constructor(private readonly path: string) {}

  /** @throws ArgumentError if another run holds the folder; a process that has ended holds nothing. */
  static take(folder: string): RunLock {
    const path = pathIn(folder)
    if (!created(path)) {
      RunLock.check(folder)
      removeStale(path, folder)
      if (!created(path)) throw heldBy(folder, holderOf(path))
    }
    held.add(path)
    return new RunLock(path)
  }

  /** @throws ArgumentError if another run holds the folder. */
  static check(folder: string): void {
    const path = pathIn(folder)
    const holder = holderOf(path)
    if (holder !== null && isHeld(path, holder)) throw heldBy(folder, holder)
  }

  release(): void {
    if (held.delete(this.path)) rmSync(this.path, { force: true })
  }
}

function pathIn(folder: string): string {
  return join(realpathSync(folder), LOCK)
}

/** Whether the file could be made, which only one of several processes can do. */
function created(path: string): boolean {
  try {
    const descriptor = openSync(path, 'wx')
    writeSync(descriptor, JSON.stringify({ host: hostname(), process: process.pid } satisfies Holder))
    closeSync(descriptor)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Removes the lock of an ended process, unless another process replaced it in the meantime. */
function removeStale(path: string, folder: string): void {
  const moved = `${path}.${process.pid}`
  renameSync(path, moved)
  const holder = holderOf(moved)
  if (holder !== null && isHeld(path, holder)) {
    renameSync(moved, path)
    throw heldBy(folder, holder)
  }
  rmSync(moved)
}

function isHeld(path: string, holder: Holder): boolean {
  if (holder.host !== hostname()) return true
  return holder.process === process.pid ? held.has(path) : isRunning(holder.process)
}

function holderOf(path: string): Holder | null {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder> | null
    return typeof holder?.process === 'number' && typeof holder.host === 'string' ? (holder as Holder) : null
  } catch {
    return null
  }
}

function heldBy(folder: string, holder: Holder | null): ArgumentError {
  const who = holder === null ? 'another process' : `process ${holder.process} on ${holder.host}`
  return new ArgumentError(
    worded`another run (${who}) writes to ${folder}: wait for it, or name another folder with ${option('out')}. If that process has ended, delete ${join(folder, LOCK)}`,
  )
}
