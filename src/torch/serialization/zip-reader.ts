import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'
import { FileError } from '../../native'

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string
  readonly size: number
  readonly compressedSize: number
  /** 0 stored, 8 deflated. */
  readonly method: number
  readonly headerOffset: number
}

const END_SIGNATURE = 0x06054b50
const END64_LOCATOR = 0x07064b50
const END64_SIGNATURE = 0x06064b50
const CENTRAL_SIGNATURE = 0x02014b50
const LOCAL_SIGNATURE = 0x04034b50
const MAX_ENTRIES = 1_000_000
const MAX_INFLATED = 256 * 1024 * 1024

/** Bytes that can be read at an offset: a file on disk or a buffer. */
export interface ByteSource {
  readonly size: number
  /** @throws FileError when the range lies outside. */
  read(offset: number, length: number): Buffer
  close(): void
}

export function fileSource(path: string): ByteSource {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (error) {
    throw new FileError(`cannot open ${path}: ${(error as Error).message}`, { cause: error })
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

function checkRange(offset: number, length: number, size: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= size)) throw new FileError(`the file is truncated: bytes ${offset} to ${offset + length} of ${size} were expected`)
}

/** Reads archives whose every size is checked against the file's length before it is believed. */
export class ZipReader {
  readonly entries: ReadonlyMap<string, ZipEntry>

  constructor(private readonly source: ByteSource) {
    this.entries = readDirectory(source)
  }

  /** The folder that PyTorch puts all records into, with its slash: the first part of the first name. */
  get prefix(): string {
    const [first = ''] = this.entries.keys()
    return first.slice(0, first.indexOf('/') + 1)
  }

  has(name: string): boolean {
    return this.entries.has(name)
  }

  read(name: string): Buffer {
    const entry = this.entries.get(name)
    if (entry === undefined) throw new FileError(`the archive has no record '${name}'`)
    const header = this.source.read(entry.headerOffset, 30)
    if (header.readUInt32LE(0) !== LOCAL_SIGNATURE) throw new FileError(`the record '${name}' is damaged: its header is missing`)
    const start = entry.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
    const raw = this.source.read(start, entry.compressedSize)
    if (entry.method === 0) {
      if (entry.size !== entry.compressedSize) throw new FileError(`the record '${name}' is damaged: its two sizes differ`)
      return raw
    }
    if (entry.method !== 8) throw new FileError(`the record '${name}' is compressed by method ${entry.method}, which is not supported`)
    if (entry.size > MAX_INFLATED) throw new FileError(`the compressed record '${name}' claims ${entry.size} bytes, more than ${MAX_INFLATED}`)
    try {
      const inflated = inflateRawSync(raw, { maxOutputLength: Math.max(1, entry.size) })
      if (inflated.length !== entry.size) throw new Error(`${inflated.length} bytes in place of ${entry.size}`)
      return inflated
    } catch (error) {
      throw new FileError(`the record '${name}' does not inflate: ${(error as Error).message}`, { cause: error })
    }
  }
}

/** True for the first bytes of a zip archive. */
export function isZip(source: ByteSource): boolean {
  return source.size >= 4 && source.read(0, 4).readUInt32LE(0) === LOCAL_SIGNATURE
}

function readDirectory(source: ByteSource): Map<string, ZipEntry> {
  const { count, offset, size } = readEnd(source)
  if (count > MAX_ENTRIES) throw new FileError(`the archive claims ${count} records, more than ${MAX_ENTRIES}`)
  const directory = source.read(offset, size)
  const entries = new Map<string, ZipEntry>()
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== CENTRAL_SIGNATURE) throw new FileError('the archive is damaged: its directory ends early')
    const nameLength = directory.readUInt16LE(at + 28)
    const extraLength = directory.readUInt16LE(at + 30)
    const commentLength = directory.readUInt16LE(at + 32)
    const end = at + 46 + nameLength + extraLength + commentLength
    if (end > directory.length) throw new FileError('the archive is damaged: its directory ends early')
    const name = directory.toString('utf8', at + 46, at + 46 + nameLength)
    const extra = directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength)
    const entry = withZip64(
      {
        name,
        method: directory.readUInt16LE(at + 10),
        compressedSize: directory.readUInt32LE(at + 20),
        size: directory.readUInt32LE(at + 24),
        headerOffset: directory.readUInt32LE(at + 42),
      },
      extra,
    )
    checkEntry(entry, source, entries)
    entries.set(name, entry)
    at = end
  }
  return entries
}

function checkEntry(entry: ZipEntry, source: ByteSource, known: ReadonlyMap<string, ZipEntry>): void {
  const { name } = entry
  if (known.has(name)) throw new FileError(`the archive has the record '${name}' twice`)
  if (name.startsWith('/') || name.includes('\\') || name.includes('\0') || name.split('/').includes('..')) {
    throw new FileError(`the archive has a record with the unsafe name '${name}'`)
  }
  if (entry.headerOffset + 30 + entry.compressedSize > source.size) throw new FileError(`the file is truncated: the record '${name}' lies beyond its end`)
}

/** Sizes that do not fit 32 bits stand in an extra field, in this order. */
function withZip64(entry: ZipEntry, extra: Buffer): ZipEntry {
  const wide = 0xffffffff
  if (entry.size !== wide && entry.compressedSize !== wide && entry.headerOffset !== wide) return entry
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue
    let field = at + 4
    const next = () => {
      if (field + 8 > extra.length) throw new FileError(`the record '${entry.name}' is damaged: its wide sizes are missing`)
      const value = Number(extra.readBigUInt64LE(field))
      field += 8
      return value
    }
    const size = entry.size === wide ? next() : entry.size
    const compressedSize = entry.compressedSize === wide ? next() : entry.compressedSize
    const headerOffset = entry.headerOffset === wide ? next() : entry.headerOffset
    return { ...entry, size, compressedSize, headerOffset }
  }
  return entry
}

function readEnd(source: ByteSource): { count: number; offset: number; size: number } {
  const tailLength = Math.min(source.size, 22 + 65_535)
  const tail = source.read(source.size - tailLength, tailLength)
  for (let at = tail.length - 22; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END_SIGNATURE || at + 22 + tail.readUInt16LE(at + 20) !== tail.length) continue
    const plain = { count: tail.readUInt16LE(at + 10), size: tail.readUInt32LE(at + 12), offset: tail.readUInt32LE(at + 16) }
    const isWide = plain.count === 0xffff || plain.size === 0xffffffff || plain.offset === 0xffffffff
    if (!isWide || at < 20 || tail.readUInt32LE(at - 20) !== END64_LOCATOR) return plain
    const wide = source.read(Number(tail.readBigUInt64LE(at - 20 + 8)), 56)
    if (wide.readUInt32LE(0) !== END64_SIGNATURE) throw new FileError('the archive is damaged: its wide directory is missing')
    return { count: Number(wide.readBigUInt64LE(32)), size: Number(wide.readBigUInt64LE(40)), offset: Number(wide.readBigUInt64LE(48)) }
  }
  throw new FileError('the file is truncated or no zip archive: it has no directory at its end')
}
