// Damaged copies of good files by their numbers.
import { Draw } from '../random.mjs'
import { oddZip, recordsOf, zipOf } from './archives.mjs'

const WIDE = [0n, 1n, 127n, 128n, 255n, 65_535n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]

/** Bytes with a fault: flipped bits, a cut, a piece of another place, a number in place of another. */
function damaged(draw, whole, other) {
  const bytes = Buffer.from(whole)
  if (bytes.length === 0) return draw.bytes(draw.below(10))
  const [a, b, length] = [draw.below(bytes.length), draw.below(bytes.length), 1 + draw.size(400)]
  return draw.pick([
    () => bytes.subarray(0, a),
    () => bytes.subarray(a),
    () => {
      for (let i = 0; i <= draw.below(6); i++) bytes[draw.below(bytes.length)] ^= 1 << draw.below(8)
      return bytes
    },
    () => {
      for (let i = 0; i <= draw.below(6); i++) bytes[draw.below(bytes.length)] = draw.below(256)
      return bytes
    },
    () => Buffer.concat([bytes.subarray(0, a), bytes.subarray(a + length)]),
    () => Buffer.concat([bytes.subarray(0, a), bytes.subarray(b, b + length), bytes.subarray(a)]),
    () => Buffer.concat([bytes.subarray(0, a), other.subarray(draw.below(other.length)).subarray(0, length), bytes.subarray(a)]),
    () => Buffer.concat([bytes.subarray(0, a), other.subarray(Math.min(a, other.length))]),
    () => bytes.fill(draw.pick([0, 255, 0x28, 0x5d, 0x85]), a, Math.min(bytes.length, a + length)),
    () => {
      const number = Buffer.alloc(8)
      number.writeBigUInt64LE(draw.pick(WIDE))
      number.copy(bytes, a, 0, draw.pick([1, 2, 4, 8]))
      return bytes
    },
  ])()
}

/** Code with lines or words that changed places, came twice or went. */
function damagedCode(draw, whole) {
  const isOfLines = draw.chance(0.5)
  const parts = whole.toString('latin1').split(isOfLines ? /(?<=\n)/ : /\b/)
  for (let i = 0; i <= draw.below(3); i++) {
    const [a, b] = [draw.below(parts.length), draw.below(parts.length)]
    draw.pick([
      () => parts.splice(a, 1),
      () => parts.splice(a, 0, parts[b]),
      () => ([parts[a], parts[b]] = [parts[b], parts[a]]),
      () => parts.splice(a, 0, ...Array(draw.size(3000)).fill(parts[b])),
      () => (parts[a] = draw.pick(['(', '[', '-', 'self', '__torch__', 'if ', ':', '\n', '#', '"', "'''", '\\', 'return ', 'Tensor', '0'])),
    ])()
    if (parts.length === 0) break
  }
  return Buffer.from(parts.join(''), 'latin1')
}

/** An archive with faults in its records or between them; its checksums are right or left out, so that readers get as far as the records. */
function damagedArchive(draw, records, others) {
  const changed = records.map((record) => ({ ...record }))
  for (let i = 0; i <= draw.below(2); i++) {
    const small = changed.filter(({ name, data }) => data.length < 200_000 && !name.includes('/data/'))
    const record = draw.chance(0.8) && small.length > 0 ? draw.pick(small) : draw.pick(changed)
    const other = draw.pick(others ?? changed)
    draw.pick([
      () => (record.data = record.name.endsWith('.py') ? damagedCode(draw, record.data) : damaged(draw, record.data, other.data)),
      () => (record.data = damaged(draw, record.data, other.data)),
      () => ([record.data, other.data] = [other.data, record.data]),
      () => (record.name = other.name),
      () => changed.splice(changed.indexOf(record), 1),
      () => changed.push({ ...record, name: `${record.name}2` }),
    ])()
    if (changed.length === 0) break
  }
  if (draw.chance(0.1) && changed.length > 0) return oddZip(draw, changed)
  const isSilent = draw.chance(0.5)
  return zipOf(changed.map((record) => ({ ...record, deflated: draw.chance(0.1), ...(isSilent ? { crc: 0 } : {}) })))
}

/** The damaged file of a number, of one of the good files `{ name, bytes }`. */
export function mutated(seed, number, corpus) {
  const draw = new Draw(seed ^ 0x5bd1e995, number)
  const { name, bytes } = corpus[number % corpus.length]
  const other = draw.pick(corpus).bytes
  const records = recordsOf(bytes)
  if (records === null || draw.chance(0.3)) return { kind: name, bytes: damaged(draw, bytes, other) }
  return { kind: name, bytes: damagedArchive(draw, records, draw.chance(0.3) ? recordsOf(other) : null) }
}
