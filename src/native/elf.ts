import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const MAGIC = 0x7f454c46
const PT_LOAD = 1

/**
 * Says how an ELF library is damaged, or null: a file shorter than its segments kills the process in dlopen.
 *
 * Files of other systems (Mach-O) pass, for their loader reports truncation itself.
 */
export function elfDamage(path: string): string | null {
  if (process.platform === 'darwin') return null
  const descriptor = openSync(path, 'r')
  try {
    const { size } = fstatSync(descriptor)
    const header = Buffer.alloc(64)
    if (readSync(descriptor, header, 0, 64, 0) < 64 || header.readUInt32BE(0) !== MAGIC) return `${path} is no ELF library`
    const entrySize = header.readUInt16LE(54)
    const entries = header.readUInt16LE(56)
    const table = Buffer.alloc(entrySize * entries)
    const read = readSync(descriptor, table, 0, table.length, Number(header.readBigUInt64LE(32)))
    if (read < table.length) return `${path} is truncated to ${size} bytes`
    let needed = Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60)
    for (let i = 0; i < entries; i++) {
      const at = i * entrySize
      if (table.readUInt32LE(at) === PT_LOAD)
        needed = Math.max(needed, Number(table.readBigUInt64LE(at + 8) + table.readBigUInt64LE(at + 32)))
    }
    return size < needed ? `${path} is truncated: ${size} of ${needed} bytes` : null
  } finally {
    closeSync(descriptor)
  }
}
