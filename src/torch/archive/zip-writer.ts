import { crc32 } from 'node:zlib'
import { writeAll } from '../../common/atomic'
import type { Piece } from './source'
import type { ZipReader } from './zip-reader'

/** PyTorch may map storages from the file, so their bytes are aligned to 64. */
const ALIGNMENT = 64
/** Sizes from here on need the fields of zip64. */
const WIDE = 0xffffffff

interface Written {
  readonly name: Buffer
  readonly size: number
  readonly crc: number
  readonly offset: number
  /** 8 for a deflated record, 0 or nothing for one that is stored. */
  readonly method?: number
  /** The number of its bytes in the file; default: its size. */
  readonly compressedSize?: number
}

/** Writes the records of a PyTorch archive: stored, aligned, with checksums. */
export class ZipWriter {
  private offset = 0
  private readonly written: Written[] = []

  constructor(private readonly descriptor: number) {}

  add(name: string, bytes: Uint8Array): void {
    this.addChunks(name, bytes.length, [bytes])
  }

  /** Adds a record from chunks; the buffer of a chunk may be reused for the next. */
  addChunks(name: string, size: number, chunks: Iterable<Uint8Array>): void {
    const offset = this.offset
    const encoded = Buffer.from(name)
    const header = localHeader({ name: encoded, size, crc: 0, offset })
    writeAll(this.descriptor, header)
    let crc = 0
    let total = 0
    for (const chunk of chunks) {
      crc = crc32(chunk, crc)
      total += chunk.length
      writeAll(this.descriptor, chunk)
    }
    if (total !== size) throw new RangeError(`the record ${name} was announced with ${size} bytes but has ${total}`)
    // The checksum precedes the bytes but is known only after writing them.
    header.writeUInt32LE(crc, 14)
    writeAll(this.descriptor, header.subarray(14, 18), offset + 14)
    this.written.push({ name: encoded, size, crc, offset })
    this.offset += header.length + size
  }

  /** Writes the central directory, which ends the archive. */
  finish(): void {
    writeAll(this.descriptor, directoryOf(this.written, this.offset))
  }
}

/**
 * The archive of a reader, written anew around the bytes of its records, so that every reader takes the records that this one has checked.
 *
 * @returns The pieces of the archive, valid while the reader's source is open.
 */
export function rewritten(zip: ZipReader): Piece[] {
  const written: Written[] = []
  const pieces: Piece[] = []
  let offset = 0
  for (const [key, { method, size, compressedSize, crc }] of zip.entries) {
    const entry = { name: Buffer.from(key), size, crc, offset, method, compressedSize }
    const header = localHeader(entry)
    pieces.push(header, zip.stored(key))
    written.push(entry)
    offset += header.length + compressedSize
  }
  return [...pieces, directoryOf(written, offset)]
}

/** The central directory and its end. */
function directoryOf(written: readonly Written[], start: number): Buffer {
  const entries = Buffer.concat(written.map(directoryEntry))
  return Buffer.concat([entries, directoryEnd(written.length, entries.length, start)])
}

function localHeader({ name, size, crc, offset, method = 0, compressedSize = size }: Written): Buffer {
  const isWide = size >= WIDE || compressedSize >= WIDE || offset >= WIDE
  const wideLength = isWide ? 20 : 0
  const start = offset + 30 + name.length + wideLength
  // PyTorch's extra field 'FB', with a header of 4 bytes, pads up to the alignment.
  const padding = (ALIGNMENT - ((start + 4) % ALIGNMENT)) % ALIGNMENT
  const header = Buffer.alloc(30 + name.length + wideLength + 4 + padding)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(isWide ? 45 : 20, 4)
  header.writeUInt16LE(0x0800, 6)
  header.writeUInt16LE(method, 8)
  header.writeUInt32LE(crc, 14)
  header.writeUInt32LE(isWide ? WIDE : compressedSize, 18)
  header.writeUInt32LE(isWide ? WIDE : size, 22)
  header.writeUInt16LE(name.length, 26)
  header.writeUInt16LE(wideLength + 4 + padding, 28)
  name.copy(header, 30)
  let at = 30 + name.length
  if (isWide) {
    header.writeUInt16LE(1, at)
    header.writeUInt16LE(16, at + 2)
    header.writeBigUInt64LE(BigInt(size), at + 4)
    header.writeBigUInt64LE(BigInt(compressedSize), at + 12)
    at += 20
  }
  header.write('FB', at, 'latin1')
  header.writeUInt16LE(padding, at + 2)
  header.fill('Z', at + 4)
  return header
}

function directoryEntry({ name, size, crc, offset, method = 0, compressedSize = size }: Written): Buffer {
  const isWide = size >= WIDE || compressedSize >= WIDE || offset >= WIDE
  const entry = Buffer.alloc(46 + name.length + (isWide ? 28 : 0))
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt16LE(isWide ? 45 : 20, 4)
  entry.writeUInt16LE(isWide ? 45 : 20, 6)
  entry.writeUInt16LE(0x0800, 8)
  entry.writeUInt16LE(method, 10)
  entry.writeUInt32LE(crc, 16)
  entry.writeUInt32LE(isWide ? WIDE : compressedSize, 20)
  entry.writeUInt32LE(isWide ? WIDE : size, 24)
  entry.writeUInt16LE(name.length, 28)
  entry.writeUInt16LE(isWide ? 28 : 0, 30)
  entry.writeUInt32LE(isWide ? WIDE : offset, 42)
  name.copy(entry, 46)
  if (isWide) {
    const at = 46 + name.length
    entry.writeUInt16LE(1, at)
    entry.writeUInt16LE(24, at + 2)
    entry.writeBigUInt64LE(BigInt(size), at + 4)
    entry.writeBigUInt64LE(BigInt(compressedSize), at + 12)
    entry.writeBigUInt64LE(BigInt(offset), at + 20)
  }
  return entry
}

function directoryEnd(count: number, size: number, start: number): Buffer {
  const isWide = count >= 0xffff || start + size >= WIDE
  const wide = isWide ? Buffer.alloc(76) : Buffer.alloc(0)
  if (isWide) {
    wide.writeUInt32LE(0x06064b50, 0)
    wide.writeBigUInt64LE(44n, 4)
    wide.writeUInt16LE(45, 12)
    wide.writeUInt16LE(45, 14)
    wide.writeBigUInt64LE(BigInt(count), 24)
    wide.writeBigUInt64LE(BigInt(count), 32)
    wide.writeBigUInt64LE(BigInt(size), 40)
    wide.writeBigUInt64LE(BigInt(start), 48)
    wide.writeUInt32LE(0x07064b50, 56)
    wide.writeBigUInt64LE(BigInt(start + size), 64)
    wide.writeUInt32LE(1, 72)
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(Math.min(count, 0xffff), 8)
  end.writeUInt16LE(Math.min(count, 0xffff), 10)
  end.writeUInt32LE(Math.min(size, WIDE), 12)
  end.writeUInt32LE(Math.min(start, WIDE), 16)
  return Buffer.concat([wide, end])
}
