// Zip archives, and the lies that their records may tell.
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'

/**
 * A zip archive of records `{ name, data }`.
 *
 * A record may also say `deflated`, and lie about its `method`, `size`, `compressedSize`, `crc` (0: none), `offset`, `flags`, `extra`; the archive
 * about its `count`, `directorySize` and `directoryOffset`, and have a `comment`.
 */
export function zipOf(records, { count, directorySize, directoryOffset, comment = Buffer.alloc(0) } = {}) {
  const parts = []
  const directory = []
  let at = 0
  for (const record of records) {
    const { flags = 0, extra = Buffer.alloc(0) } = record
    const name = Buffer.from(record.name)
    const stored = record.deflated ? deflateRawSync(record.data) : record.data
    const method = record.method ?? (record.deflated ? 8 : 0)
    const crc = record.crc ?? crc32(record.data)
    const size = record.size ?? record.data.length
    const compressedSize = record.compressedSize ?? stored.length
    const header = Buffer.alloc(30)
    header.writeUInt32LE(0x04034b50, 0)
    header.writeUInt16LE(flags & 0xffff, 6)
    header.writeUInt16LE(method, 8)
    header.writeUInt32LE(crc, 14)
    header.writeUInt32LE(compressedSize, 18)
    header.writeUInt32LE(size, 22)
    header.writeUInt16LE(name.length, 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(flags & 0xffff, 8)
    entry.writeUInt16LE(method, 10)
    entry.writeUInt32LE(crc, 16)
    entry.writeUInt32LE(compressedSize, 20)
    entry.writeUInt32LE(size, 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt16LE(extra.length, 30)
    entry.writeUInt32LE(record.offset ?? at, 42)
    parts.push(header, name, stored)
    directory.push(entry, name, extra)
    at += 30 + name.length + stored.length
  }
  const listed = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(count ?? records.length, 8)
  end.writeUInt16LE(count ?? records.length, 10)
  end.writeUInt32LE(directorySize ?? listed.length, 12)
  end.writeUInt32LE(directoryOffset ?? at, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([...parts, listed, end, comment])
}

/** The records of a good archive, inflated; null if the bytes are none. */
export function recordsOf(bytes) {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06'))
  if (end < 0 || bytes.readUInt32LE(0) !== 0x04034b50) return null
  const records = []
  let at = bytes.readUInt32LE(end + 16)
  for (let i = 0; i < bytes.readUInt16LE(end + 10); i++) {
    const [method, compressedSize] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20)]
    const [nameLength, extraLength] = [bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30)]
    const header = bytes.readUInt32LE(at + 42)
    const start = header + 30 + bytes.readUInt16LE(header + 26) + bytes.readUInt16LE(header + 28)
    const stored = bytes.subarray(start, start + compressedSize)
    records.push({ name: bytes.toString('utf8', at + 46, at + 46 + nameLength), data: method === 8 ? inflateRawSync(stored) : stored })
    at += 46 + nameLength + extraLength + bytes.readUInt16LE(at + 32)
  }
  return records
}

/** An archive of records with one or more faults. */
export function oddZip(draw, records) {
  const odd = records.map((record) => ({ ...record, deflated: draw.chance(0.3) }))
  const options = {}
  for (let i = 0; i <= draw.below(3); i++) {
    const record = draw.pick(odd)
    draw.pick([
      () => (record.name = draw.pick(['../x', '/etc/passwd', 'a\\b', 'C:x', 'a\0b', '', '/', 'archive/', `archive/${'x'.repeat(60_000)}`])),
      () => odd.push({ ...record }),
      () => odd.push({ ...record, name: record.name.toUpperCase() }),
      () => (record.name = draw.chance(0.5) ? record.name.toUpperCase() : draw.bytes(10).toString('latin1')),
      () => (record.method = draw.pick([1, 8, 12, 14, 93, 99, 0])),
      () => (record.size = draw.pick([0, 1, 2 ** 31, 2 ** 32 - 1, record.data.length + 1])),
      () => (record.compressedSize = draw.pick([0, 1, 2 ** 31, 2 ** 32 - 1, record.data.length + 1])),
      () => (record.crc = draw.pick([0, 1])),
      () => (record.offset = draw.pick([0, 1, 2 ** 31, 2 ** 32 - 1, draw.below(2000)])),
      () => (record.flags = draw.below(0x10000)),
      () => (record.extra = wideExtra(draw)),
      () => (record.extra = draw.bytes(draw.below(40))),
      () => ([record.data, record.deflated] = [Buffer.alloc(2 ** draw.below(25), draw.below(256)), true]),
      () => (options.count = draw.pick([0, 1, odd.length + 1, 0xffff])),
      () => (options.directorySize = draw.pick([0, 1, 2 ** 31, 2 ** 32 - 1])),
      () => (options.directoryOffset = draw.pick([0, 1, 2 ** 31, 2 ** 32 - 1, draw.below(2000)])),
      () => (options.comment = zipOf([{ name: 'archive/data.pkl', data: Buffer.from([0x80, 2, 0x4e, 0x2e]) }])),
      () => (options.comment = draw.bytes(draw.below(100))),
      () => odd.splice(draw.below(odd.length), 1),
      () => odd.reverse(),
    ])()
    if (odd.length === 0) break
  }
  return zipOf(odd, options)
}

/** A field of zip64 with sizes that do not agree with anything. */
function wideExtra(draw) {
  const extra = Buffer.alloc(28)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(draw.pick([0, 8, 24, 65_535]), 2)
  for (const at of [4, 12, 20]) extra.writeBigUInt64LE(draw.pick([0n, 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]), at)
  return extra
}

/** The bytes of all records of an archive, inflated, as its directory says; 0 if the bytes are none. */
export function recordsIn(bytes) {
  let total = 0
  for (let at = bytes.indexOf('PK\x01\x02'); at >= 0 && at + 46 <= bytes.length; at = bytes.indexOf('PK\x01\x02', at + 4))
    total += bytes.readUInt32LE(at + 24)
  return total
}
