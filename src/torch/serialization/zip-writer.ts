import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { FileError } from '../../native'

/** PyTorch maps storages from the file, so their bytes begin at multiples of 64. */
const ALIGNMENT = 64

interface Written {
  readonly name: Buffer
  readonly size: number
  readonly crc: number
  readonly offset: number
}

/** Writes a file whole or not at all: `write` fills a temporary file beside it, which then takes its place. */
export function writeAtomically(path: string, write: (descriptor: number) => void): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`)
  let descriptor: number | undefined
  try {
    descriptor = openSync(temporary, 'wx')
    write(descriptor)
    fsyncSync(descriptor)
    closeSync(descriptor)
    descriptor = undefined
    renameSync(temporary, path)
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor)
    rmSync(temporary, { force: true })
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new FileError(`cannot write ${path}: ${code === 'ENOSPC' ? 'the disk is full' : (error as Error).message}`, { cause: error })
  }
}

/** @internal Writes every byte, where one call may write fewer. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  let done = 0
  while (done < bytes.length) done += writeSync(descriptor, bytes, done, Math.min(bytes.length - done, 1 << 30))
}

/** Writes the records of a PyTorch archive: stored, aligned, with checksums. */
export class ZipWriter {
  private offset = 0
  private readonly written: Written[] = []

  constructor(private readonly descriptor: number) {}

  add(name: string, bytes: Uint8Array): void {
    const encoded = Buffer.from(name)
    const crc = crc32(bytes)
    const isWide = bytes.length >= 0xffffffff || this.offset >= 0xffffffff
    const wideLength = isWide ? 20 : 0
    const start = this.offset + 30 + encoded.length + wideLength
    // An extra field of PyTorch's own ('FB') fills up to the alignment; it needs 4 bytes itself.
    const padding = (ALIGNMENT - ((start + 4) % ALIGNMENT)) % ALIGNMENT
    const header = Buffer.alloc(30 + encoded.length + wideLength + 4 + padding)
    header.writeUInt32LE(0x04034b50, 0)
    header.writeUInt16LE(isWide ? 45 : 20, 4)
    header.writeUInt16LE(0x0800, 6)
    header.writeUInt32LE(crc, 14)
    header.writeUInt32LE(isWide ? 0xffffffff : bytes.length, 18)
    header.writeUInt32LE(isWide ? 0xffffffff : bytes.length, 22)
    header.writeUInt16LE(encoded.length, 26)
    header.writeUInt16LE(wideLength + 4 + padding, 28)
    encoded.copy(header, 30)
    let at = 30 + encoded.length
    if (isWide) {
      header.writeUInt16LE(1, at)
      header.writeUInt16LE(16, at + 2)
      header.writeBigUInt64LE(BigInt(bytes.length), at + 4)
      header.writeBigUInt64LE(BigInt(bytes.length), at + 12)
      at += 20
    }
    header.write('FB', at, 'latin1')
    header.writeUInt16LE(padding, at + 2)
    header.fill('Z', at + 4)
    writeAll(this.descriptor, header)
    writeAll(this.descriptor, bytes)
    this.written.push({ name: encoded, size: bytes.length, crc, offset: this.offset })
    this.offset += header.length + bytes.length
  }

  /** Writes the directory; nothing can be added after. */
  finish(): void {
    const start = this.offset
    let size = 0
    for (const { name, size: bytes, crc, offset } of this.written) {
      const isWide = bytes >= 0xffffffff || offset >= 0xffffffff
      const entry = Buffer.alloc(46 + name.length + (isWide ? 28 : 0))
      entry.writeUInt32LE(0x02014b50, 0)
      entry.writeUInt16LE(isWide ? 45 : 20, 4)
      entry.writeUInt16LE(isWide ? 45 : 20, 6)
      entry.writeUInt16LE(0x0800, 8)
      entry.writeUInt32LE(crc, 16)
      entry.writeUInt32LE(isWide ? 0xffffffff : bytes, 20)
      entry.writeUInt32LE(isWide ? 0xffffffff : bytes, 24)
      entry.writeUInt16LE(name.length, 28)
      entry.writeUInt16LE(isWide ? 28 : 0, 30)
      entry.writeUInt32LE(isWide ? 0xffffffff : offset, 42)
      name.copy(entry, 46)
      if (isWide) {
        const at = 46 + name.length
        entry.writeUInt16LE(1, at)
        entry.writeUInt16LE(24, at + 2)
        entry.writeBigUInt64LE(BigInt(bytes), at + 4)
        entry.writeBigUInt64LE(BigInt(bytes), at + 12)
        entry.writeBigUInt64LE(BigInt(offset), at + 20)
      }
      writeAll(this.descriptor, entry)
      size += entry.length
    }
    writeAll(this.descriptor, directoryEnd(this.written.length, size, start))
  }
}

function directoryEnd(count: number, size: number, start: number): Buffer {
  const isWide = count >= 0xffff || start + size >= 0xffffffff
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
  end.writeUInt32LE(Math.min(size, 0xffffffff), 12)
  end.writeUInt32LE(Math.min(start, 0xffffffff), 16)
  return Buffer.concat([wide, end])
}
