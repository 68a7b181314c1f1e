import { crc32, inflateRawSync } from 'node:zlib'
import { FileError } from '../../native'
import { chunksOf, type ByteSource, type Piece } from './source'

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string
  readonly size: number
  readonly compressedSize: number
  /** 0 stored, 8 deflated. */
  readonly method: number
  /** The checksum of the bytes; 0 if the writer omitted it, as Python's torch may. */
  readonly crc: number
  readonly headerOffset: number
}

const END_MARK = Buffer.from('PK\x05\x06')
const END64_LOCATOR = 0x07064b50
const END64_SIGNATURE = 0x06064b50
const CENTRAL_SIGNATURE = 0x02014b50
const LOCAL_SIGNATURE = 0x04034b50
/** Bits of a record's flags: encrypted, patched, strongly encrypted, masked. */
const UNREADABLE = 0x1 | 0x20 | 0x40 | 0x2000
const MAX_ENTRIES = 1_000_000
/** Deflated records may inflate to sixteen times the file's size plus this; real weights hardly compress, zip bombs do. */
const INFLATED_SLACK = 64 * 1024 * 1024
/** The same for a record that is read at once, such as a pickle, whose values need many times its size. */
const INFLATED_RECORD_SLACK = 4 * 1024 * 1024

/** Reads zip archives; every size is checked against the file's length before it is used. */
export class ZipReader {
  readonly entries: ReadonlyMap<string, ZipEntry>

  constructor(private readonly source: ByteSource) {
    this.entries = readDirectory(source)
  }

  /** The folder that holds all records of PyTorch, with its slash: the first part of the first name. */
  get prefix(): string {
    const [first = ''] = this.entries.keys()
    return first.slice(0, first.indexOf('/') + 1)
  }

  has(name: string): boolean {
    return this.entries.has(name)
  }

  /** The size of a record's bytes. */
  sizeOf(name: string): number {
    return this.entry(name).size
  }

  read(name: string): Buffer {
    const { method, size, compressedSize } = this.entry(name)
    if (method !== 0 && size > INFLATED_RECORD_SLACK + 16 * compressedSize)
      throw new FileError(`the record '${name}' claims to inflate to ${size} bytes, far more than it may`)
    const chunks = [...this.chunks(name)]
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
  }

  /**
   * The bytes of a record in chunks.
   *
   * @throws FileError for a damaged record; if only the checksum reveals the damage, after the last chunk.
   */
  *chunks(name: string): IterableIterator<Buffer> {
    const entry = this.entry(name)
    const start = this.dataOffset(entry)
    let crc = 0
    const pieces =
      entry.method === 0 ? chunksOf(this.source, start, entry.size) : [inflate(entry, this.source.read(start, entry.compressedSize))]
    for (const piece of pieces) {
      crc = crc32(piece, crc)
      yield piece
    }
    if (entry.crc !== 0 && crc !== entry.crc) throw new FileError(`the record '${name}' is damaged: its checksum does not match`)
  }

  /** The bytes of a record as they are stored, unread. */
  stored(name: string): Piece {
    const entry = this.entry(name)
    return this.source.piece(this.dataOffset(entry), entry.compressedSize)
  }

  private entry(name: string): ZipEntry {
    const entry = this.entries.get(name)
    if (entry === undefined) throw new FileError(`the archive has no record '${name}'`)
    return entry
  }

  private dataOffset({ name, headerOffset }: ZipEntry): number {
    const header = this.source.read(headerOffset, 30)
    if (header.readUInt32LE(0) !== LOCAL_SIGNATURE) throw new FileError(`the record '${name}' is damaged: its header is missing`)
    return headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
  }
}

function inflate({ name, size }: ZipEntry, raw: Buffer): Buffer {
  try {
    const inflated = inflateRawSync(raw, { maxOutputLength: Math.max(1, size) })
    if (inflated.length !== size) throw new Error(`${inflated.length} bytes in place of ${size}`)
    return inflated
  } catch (error) {
    throw new FileError(`the record '${name}' does not inflate: ${(error as Error).message}`, { cause: error })
  }
}

/** Whether the source begins like a zip archive. */
export function isZip(source: ByteSource): boolean {
  return source.size >= 4 && source.read(0, 4).readUInt32LE(0) === LOCAL_SIGNATURE
}

function readDirectory(source: ByteSource): Map<string, ZipEntry> {
  const { count, offset, size } = readEnd(source)
  if (count > MAX_ENTRIES) throw new FileError(`the archive claims ${count} records, more than ${MAX_ENTRIES}`)
  const directory = source.read(offset, size)
  const entries = new Map<string, ZipEntry>()
  const folded = new Map<string, string>()
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== CENTRAL_SIGNATURE)
      throw new FileError('the archive is damaged: its directory ends early')
    const nameLength = directory.readUInt16LE(at + 28)
    const extraLength = directory.readUInt16LE(at + 30)
    const commentLength = directory.readUInt16LE(at + 32)
    const end = at + 46 + nameLength + extraLength + commentLength
    if (end > directory.length) throw new FileError('the archive is damaged: its directory ends early')
    const name = directory.toString('utf8', at + 46, at + 46 + nameLength)
    if ((directory.readUInt16LE(at + 8) & UNREADABLE) !== 0)
      throw new FileError(`the record '${name}' is encrypted or a patch, which is not supported`)
    const entry = withZip64(
      {
        name,
        method: directory.readUInt16LE(at + 10),
        crc: directory.readUInt32LE(at + 16),
        compressedSize: directory.readUInt32LE(at + 20),
        size: directory.readUInt32LE(at + 24),
        headerOffset: directory.readUInt32LE(at + 42),
      },
      directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength),
    )
    checkEntry(entry, source, folded)
    entries.set(name, entry)
    folded.set(name.toLowerCase(), name)
    at = end
  }
  checkTogether([...entries.values()], source)
  return entries
}

/** `folded` holds the names so far by their lower case, because libtorch finds records whatever their case: it would take one for the other. */
function checkEntry(entry: ZipEntry, source: ByteSource, folded: ReadonlyMap<string, string>): void {
  const { name, method, size, compressedSize, headerOffset } = entry
  const other = folded.get(name.toLowerCase())
  if (other === name) throw new FileError(`the archive has the record '${name}' twice`)
  if (other !== undefined) throw new FileError(`the archive has records whose names differ only in case: '${other}' and '${name}'`)
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name) || name.includes('\\') || name.includes('\0') || name.split('/').includes('..')) {
    throw new FileError(`the archive has a record with the unsafe name ${JSON.stringify(name)}`)
  }
  if (headerOffset + 30 + compressedSize > source.size)
    throw new FileError(`the file is truncated: the record '${name}' lies beyond its end`)
  if (method !== 0 && method !== 8) throw new FileError(`the record '${name}' is compressed by method ${method}, which is not supported`)
  if (method === 0 && size !== compressedSize) throw new FileError(`the record '${name}' is damaged: its two sizes differ`)
}

/** Rejects records that overlap or that inflate to far more than the file, as zip bombs do. */
function checkTogether(entries: readonly ZipEntry[], source: ByteSource): void {
  let end = 0
  let inflated = 0
  for (const { name, headerOffset, compressedSize, method, size } of [...entries].sort((a, b) => a.headerOffset - b.headerOffset)) {
    if (headerOffset < end) throw new FileError(`the archive is damaged: the record '${name}' overlaps another`)
    end = headerOffset + 30 + compressedSize
    if (method === 8) inflated += size
  }
  const limit = INFLATED_SLACK + 16 * source.size
  if (inflated > limit)
    throw new FileError(`the compressed records claim ${inflated} bytes, more than the ${limit} that are allowed for a file of this size`)
}

/** Reads sizes that do not fit in 32 bits from the zip64 extra field, which holds them in this order. */
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
  let [at, marks] = [-1, 0]
  for (let mark = tail.lastIndexOf(END_MARK); mark >= 0; mark = mark === 0 ? -1 : tail.lastIndexOf(END_MARK, mark - 1)) {
    marks++
    if (mark + 22 > tail.length || mark + 22 + tail.readUInt16LE(mark + 20) !== tail.length) continue
    // Readers differ in which of two they take, so what one of them checks another may not read.
    if (at >= 0 || marks > 1) throw new FileError('the archive has two directories: its comment holds another')
    at = mark
  }
  if (at >= 0) {
    const plain = { count: tail.readUInt16LE(at + 10), size: tail.readUInt32LE(at + 12), offset: tail.readUInt32LE(at + 16) }
    if (at < 20 || tail.readUInt32LE(at - 20) !== END64_LOCATOR) return plain
    const wide = source.read(Number(tail.readBigUInt64LE(at - 20 + 8)), 56)
    if (wide.readUInt32LE(0) !== END64_SIGNATURE) throw new FileError('the archive is damaged: its wide directory is missing')
    const [count, size, offset] = [32, 40, 48].map((field) => Number(wide.readBigUInt64LE(field))) as [number, number, number]
    const agree =
      [0xffff, count].includes(plain.count) && [0xffffffff, size].includes(plain.size) && [0xffffffff, offset].includes(plain.offset)
    if (!agree) throw new FileError('the archive has two directories, which differ')
    return { count, size, offset }
  }
  throw new FileError('the file is truncated or no zip archive: it has no directory at its end')
}
