import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isRunning } from '../../common/processes'

/** The unfinished file of a download. */
export interface Partial {
  readonly path: string
  readonly file: FileHandle
  /** Bytes of an earlier download that was ended, with which the file began. */
  readonly kept: number
  /** Hash of the bytes received so far. */
  hash: Hash
  bytes: number
  /** Bytes of the whole file; null if they are not known. */
  total: number | null
  etag: string | null
}

/**
 * Opens the unfinished file of a download to `path`. What a process that was killed had received is taken over, if a checksum will tell whether
 * it belongs to the file; else it is removed.
 */
export async function openPartial(path: string, hasChecksum: boolean): Promise<Partial> {
  const own = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.partial`
  for (const leftover of await leftoversOf(path)) {
    // If two processes take over the same file, the rename of one of them fails.
    const isOwn =
      hasChecksum &&
      (await rename(leftover, own).then(
        () => true,
        () => false,
      ))
    if (isOwn) break
  }
  for (const leftover of await leftoversOf(path)) await rm(leftover, { force: true })
  const hash = await hashOf(own).catch(() => createHash('sha256'))
  const file = await open(own, 'a')
  const { size } = await file.stat()
  return { path: own, file, kept: size, hash, bytes: size, total: null, etag: null }
}

/** Empties a file whose bytes are of no use. */
export async function restart(partial: Partial): Promise<void> {
  await partial.file.truncate(0)
  partial.hash = createHash('sha256')
  partial.bytes = 0
}

/** The SHA-256 of a file. */
export async function hashOf(path: string): Promise<Hash> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  return hash
}

/** Unfinished files of processes that have ended, the largest first. */
async function leftoversOf(path: string): Promise<string[]> {
  const prefix = `${basename(path)}.`
  const found: { path: string; size: number }[] = []
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix)) continue
    const id = /^(\d+)\.[a-z0-9]+\.partial$/.exec(name.slice(prefix.length))?.[1]
    if (id === undefined || isRunning(Number(id))) continue
    const leftover = join(dirname(path), name)
    found.push({ path: leftover, size: (await stat(leftover).catch(() => null))?.size ?? 0 })
  }
  return found.sort((a, b) => b.size - a.size).map((leftover) => leftover.path)
}
