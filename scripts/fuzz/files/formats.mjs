// Files of safetensors, of PyTorch before 1.6 and of PyTorch 0.1.
import { int, join, list, oddTensor, pickle, storage, tensor, text, tuple, value } from './pickles.mjs'

const NUMBERS = [0, 1, 2, 4, 8, 16, -1, 1.5, 1e300, 2 ** 31, 2 ** 53, 2 ** 53 + 2, 2 ** 64]

function json(draw, depth = 3) {
  const inner = () => json(draw, depth - 1)
  if (depth <= 0 || draw.chance(0.4))
    return draw.pick([
      () => String(draw.pick(NUMBERS)),
      () => 'null',
      () => 'true',
      () => '"a"',
      () => '"\\ud800"',
      () => '-',
      () => '1e999',
      () => '""',
    ])()
  if (draw.chance(0.5)) return `[${draw.times(draw.below(4), inner).join(',')}]`
  return `{${draw.times(draw.below(4), () => `${draw.pick(['"a"', '"dtype"', '"shape"', '"__proto__"', 'a'])}:${inner()}`).join(',')}}`
}

export function safetensorsFile(draw) {
  let end = 0
  const entry = (i) => {
    const start = end
    const count = draw.below(5)
    end += 4 * count
    const fields = [
      `"dtype":${draw.chance(0.9) ? draw.pick(['"F32"', '"I32"', '"U32"']) : draw.pick(['"F64"', '"BOOL"', '"X"', '["F32"]', 'null', '"constructor"'])}`,
      `"shape":${draw.chance(0.9) ? `[${count}]` : draw.pick(['[]', '[0,9007199254740991,9007199254740991]', `[${'1,'.repeat(99)}1]`, '"a"', json(draw)])}`,
      `"data_offsets":${draw.chance(0.9) ? `[${start},${end}]` : draw.pick(['[]', '[0]', `[${end},${start}]`, '[0,9007199254740991]', json(draw)])}`,
    ]
    return `"${draw.pick(['w', '__proto__', 'constructor', '', '\\u0000', `t${i}`, `t${i}`, `t${i}`])}":{${fields.join(',')}}`
  }
  const entries = draw.times(draw.below(5), entry)
  if (draw.chance(0.3)) entries.unshift(`"__metadata__":${draw.chance(0.7) ? '{"format":"pt"}' : json(draw)}`)
  const header = Buffer.from(
    draw.pick([
      () => `{${entries.join(',')}}`,
      () => `{${entries.join(',')}}`,
      () => `{${entries.join(',')}}`,
      () => json(draw, 5),
      () => '['.repeat(draw.size(200_000)),
      () => '{"a":'.repeat(draw.size(50_000)),
      () => `{"${'a'.repeat(draw.size(200_000))}":1}`,
      () => `{${'"a":1,'.repeat(draw.size(20_000))}"b":2}`,
      () => `"${'\\u00'.repeat(draw.size(20_000))}`,
    ])(),
    draw.chance(0.9) ? 'utf8' : 'latin1',
  )
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(draw.chance(0.9) ? BigInt(header.length) : draw.pick([0n, 1n, 100_000_001n, 2n ** 53n, 2n ** 64n - 1n]))
  return Buffer.concat([length, header, draw.bytes(draw.chance(0.9) ? end : draw.below(40))])
}

const MAGIC = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex')

export function legacyFile(draw) {
  const keys = draw.times(draw.below(4), (i) => String(i))
  const used = draw.times(1 + draw.below(3), () =>
    draw.chance(0.7) ? tensor({ of: { key: draw.pick(['0', '1', '2']) } }) : draw.chance(0.5) ? oddTensor(draw) : value(draw, 2),
  )
  const view = tuple(
    text('storage'),
    join('ctorch\nFloatStorage\n'),
    text('0'),
    text('cpu'),
    int(4),
    tuple(text('1'), int(draw.below(5)), int(draw.below(6))),
  )
  if (draw.chance(0.2)) used.push(join(view, 'Q'))
  const listed = draw.chance(0.8)
    ? list(...keys.map(text))
    : draw.pick([list(...keys.map(text), value(draw, 1)), value(draw, 2), twice(draw), storage()])
  const length = () => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(draw.chance(0.8) ? 4n : draw.pick([0n, -1n, 3n, 5n, 2n ** 40n, 2n ** 62n]))
    return bytes
  }
  return Buffer.concat([
    MAGIC,
    draw.chance(0.9) ? pickle('M', Buffer.from([0xe9, 3])) : pickle(value(draw, 1)),
    draw.chance(0.9) ? pickle('}') : pickle(value(draw, 2)),
    pickle(list(...used)),
    pickle(listed),
    ...keys.flatMap(() => [length(), draw.bytes(draw.chance(0.9) ? 16 : draw.below(40))]),
  ])
}

/** A list that holds the one before it twice, and so on. */
function twice(draw) {
  return join(
    ']q\x00',
    draw.times(draw.below(60), (i) => `](h${String.fromCharCode(i)}h${String.fromCharCode(i)}eq${String.fromCharCode(i + 1)}`),
  )
}

/** An archive of tar with files of PyTorch 0.1, as far as its header. */
export function tarFile(draw) {
  const file = Buffer.alloc(1024 + draw.below(2048), draw.below(2) * draw.below(256))
  file.write(draw.pick(['storages', 'tensors', 'pickle', '../x']), 0)
  file.write('ustar', 257)
  return file
}
