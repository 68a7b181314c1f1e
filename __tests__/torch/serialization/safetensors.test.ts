import { describe, expect, test } from '@jest/globals'
import { readFileSync, writeFileSync } from 'node:fs'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { temporary } from '../../support/files'
import { runPython } from '../../support/python'

const { safetensors } = torch

/** The format by its definition: a length, a JSON header, the bytes. The oracle has no library for it. */
const format = `
import json, struct
NAMES = {'F64': torch.float64, 'F32': torch.float32, 'F16': torch.float16, 'BF16': torch.bfloat16, 'I64': torch.int64, 'I32': torch.int32, 'I16': torch.int16, 'I8': torch.int8,
         'U64': torch.uint64, 'U32': torch.uint32, 'U16': torch.uint16, 'U8': torch.uint8, 'BOOL': torch.bool, 'C64': torch.complex64, 'F8_E4M3': torch.float8_e4m3fn, 'F8_E5M2': torch.float8_e5m2, 'F8_E8M0': torch.float8_e8m0fnu}
def write(path, tensors, metadata=None):
    names = {dtype: name for name, dtype in NAMES.items()}
    header, blob = {}, b''
    if metadata is not None:
        header['__metadata__'] = metadata
    for name, tensor in tensors.items():
        data = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b''
        header[name] = {'dtype': names[tensor.dtype], 'shape': list(tensor.shape), 'data_offsets': [len(blob), len(blob) + len(data)]}
        blob += data
    text = json.dumps(header).encode()
    open(path, 'wb').write(struct.pack('<Q', len(text)) + text + blob)
def read(path):
    data = open(path, 'rb').read()
    length = struct.unpack('<Q', data[:8])[0]
    header = json.loads(data[8:8 + length])
    metadata = header.pop('__metadata__', None)
    tensors, covered = {}, 0
    for name, entry in header.items():
        start, end = entry['data_offsets']
        covered += end - start
        part = bytearray(data[8 + length + start:8 + length + end])
        dtype = NAMES[entry['dtype']]
        assert start % dtype.itemsize == 0, 'unaligned'
        tensors[name] = (torch.frombuffer(part, dtype=torch.uint8).view(dtype) if part else torch.empty(0, dtype=dtype)).reshape(entry['shape'])
    assert 8 + length + covered == len(data) and (8 + length) % 8 == 0
    return tensors, metadata
`

const dtypes = [
  'float64',
  'float32',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'int16',
  'int8',
  'uint64',
  'uint32',
  'uint16',
  'uint8',
  'bool',
  'complex64',
  'float8_e4m3fn',
  'float8_e5m2',
  'float8_e8m0fnu',
] as const

test.each(dtypes)('%s goes to the format and comes from it', async (dtype) => {
  const [theirs, ours] = [temporary('theirs.safetensors'), temporary('ours.safetensors')]
  const code = `${format}
bits = torch.arange(1, 49, dtype=torch.uint8)
value = (bits % 2 == 0) if inputs['dtype'] == 'bool' else bits.view(getattr(torch, inputs['dtype']))
value = value[:3 * (len(value) // 3)].reshape(3, -1)
write(inputs['path'], {'w': value, 'empty': value[:0]})
outputs = {'bytes': value.contiguous().view(torch.uint8).numpy().tobytes(), 'shape': value.shape}`
  const expected = await runPython<{ bytes: Uint8Array; shape: number[] }>(code, { path: theirs, dtype })
  const { w, empty } = safetensors.load(theirs) as { w: Tensor; empty: Tensor }
  expect([w.dtype, w.shape, empty.dtype, empty.shape]).toEqual([dtype, expected.shape, dtype, [0, expected.shape[1]]])
  safetensors.save({ w, empty }, ours)
  const back = await runPython<{ bytes: Uint8Array; dtype: string; metadata: object }>(
    `${format}\ntensors, metadata = read(inputs['path'])\noutputs = {'bytes': tensors['w'].view(torch.uint8).numpy().tobytes(), 'dtype': tensors['w'].dtype, 'metadata': metadata}`,
    { path: ours },
  )
  expect(back).toEqual({ bytes: expected.bytes, dtype, metadata: { format: 'pt' } })
})

describe('saving', () => {
  test('writes views, shared tensors and gradients’ tensors as values of their own, wide elements first', async () => {
    const path = temporary('views.safetensors')
    const base = torch.arange(6, { dtype: 'float32' }).view([2, 3])
    const z = torch.complex(torch.tensor([1]), torch.tensor([2])).conj()
    safetensors.save(
      { flag: torch.tensor([true]), base, t: base.t(), row: base.select(0, 1), p: new torch.nn.Parameter(torch.ones([1])), z },
      path,
    )
    const { tensors, order } = await runPython<{ tensors: Record<string, Tensor>; order: string[] }>(
      `${format}\ntensors, _ = read(inputs['path'])\noutputs = {'tensors': tensors, 'order': list(tensors)}`,
      { path },
    )
    expect(order).toEqual(['z', 'base', 't', 'row', 'p', 'flag'])
    expect(tensors['t']!.tolist()).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ])
    expect(tensors['row']!.tolist()).toEqual([3, 4, 5])
    expect(torch.viewAsReal(tensors['z']!).tolist()).toEqual([[1, -2]])
  })

  test('carries metadata', () => {
    const path = temporary('metadata.safetensors')
    safetensors.save({}, path, { metadata: { author: 'ä', format: 'pt' } })
    expect(safetensors.metadata(path)).toEqual({ author: 'ä', format: 'pt' })
    expect(safetensors.load(path)).toEqual({})
  })

  test('a module’s state makes the round trip', () => {
    const path = temporary('module.safetensors')
    const [net, copy] = [new torch.nn.BatchNorm2d(3), new torch.nn.BatchNorm2d(3)]
    net.call(torch.randn([2, 3, 2, 2]))
    safetensors.save(net.stateDict(), path)
    copy.loadStateDict(safetensors.load(path))
    expect(copy.runningMean!).toEqualTensor(net.runningMean!)
    expect(torch.loadStateDictFile(path)['num_batches_tracked']!.item()).toBe(1)
  })

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['what is no tensor', { a: 1 }, /tensors\['a'\]: expected a Tensor but received 1: leave it out, or use torch\.save/],
    ['the reserved name', { __metadata__: torch.ones([1]) }, /cannot hold a tensor named '__metadata__'/],
    ['dtypes that the format lacks', { a: torch.zeros([1], { dtype: 'complex128' }) }, /no dtype complex128, which 'a' has: convert it/],
    ['sparse tensors', { a: torch.ones([2, 2]).toSparse() }, /dense tensors, but 'a' has the layout sparseCoo: save tensor\.toDense\(\)/],
  ])('refuses %s', (_, tensors, message) => {
    expect(() => safetensors.save(tensors as Record<string, Tensor>, temporary('refused.safetensors'))).toThrow(message)
  })

  test('refuses metadata that are no strings', () => {
    expect(() => safetensors.save({}, temporary('refused.safetensors'), { metadata: { n: 1 as unknown as string } })).toThrow(
      /metadata\['n'\]: expected a string but received 1/,
    )
  })
})

/** A file with this header, or with these bytes as the header, and as many bytes behind. */
function forged(header: unknown, bytes = 0, claimed?: bigint): string {
  const path = temporary('forged.safetensors')
  const text = Buffer.isBuffer(header) ? header : Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(claimed ?? BigInt(text.length))
  writeFileSync(path, Buffer.concat([length, text, Buffer.alloc(bytes)]))
  return path
}
const entry = (shape: unknown, start: unknown, end: unknown, dtype: unknown = 'F32') => ({ dtype, shape, data_offsets: [start, end] })

describe('loading refuses', () => {
  test.each<[string, () => string, RegExp]>([
    ['an empty file', () => (writeFileSync(temporary('forged.safetensors'), ''), temporary('forged.safetensors')), /too short/],
    ['a header longer than the file', () => forged({}, 0, 5000n), /truncated: its header claims 5000 bytes/],
    ['a header of exabytes', () => forged({}, 0, 2n ** 63n), /no safetensors file: its header claims 9223372036854775808/],
    ['a header that is no JSON', () => forged('{"a":'), /header is no JSON/],
    ['a header that is no object', () => forged('[1]'), /no JSON object/],
    ['metadata that are no strings', () => forged({ __metadata__: { a: 1 } }), /metadata are not strings/],
    ['an entry that is no object', () => forged({ a: 3 }), /'a' is not described/],
    ['an unknown dtype', () => forged({ a: entry([1], 0, 4, 'F4') }, 4), /'a' has the dtype "F4", which is not supported/],
    ['negative sizes', () => forged({ a: entry([-1], 0, 4) }, 4), /'a' has no valid shape/],
    ['sizes with fractions', () => forged({ a: entry([1.5], 0, 6) }, 6), /no valid shape/],
    ['sizes past the safe integers', () => forged('{"a":{"dtype":"F32","shape":[1e300],"data_offsets":[0,4]}}', 4), /no valid shape/],
    ['sizes whose product overflows', () => forged({ a: entry([2 ** 40, 2 ** 40], 0, 4) }, 4), /its shape and dtype need/],
    ['too many dimensions', () => forged({ a: entry(Array(65).fill(1), 0, 4) }, 4), /no valid shape/],
    ['offsets backwards', () => forged({ a: entry([0], 4, 4) }, 4), /leave a gap|overlap/],
    ['bytes that do not fit the shape', () => forged({ a: entry([2], 0, 4) }, 4), /'a' has 4 bytes, but its shape and dtype need 8/],
    ['overlapping tensors', () => forged({ a: entry([2], 0, 8), b: entry([2], 4, 12) }, 12), /the bytes of 'b' overlap others/],
    ['gaps', () => forged({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12), /the bytes of 'b' leave a gap/],
    ['bytes beyond the end', () => forged({ a: entry([4], 0, 16) }, 8), /truncated: its tensors take 16 bytes, but 8 are there/],
    [
      'a tensor twice',
      () => forged('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}', 4),
      /the key "a" a second time/,
    ],
    [
      'a shape twice',
      () => forged('{"a":{"dtype":"F32","shape":[1],"shape":[4],"data_offsets":[0,4]}}', 4),
      /the key "shape" a second time/,
    ],
    [
      'a name that is no UTF-8',
      () => forged(Buffer.from('{"\xff":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 'latin1'), 4),
      /no UTF-8/,
    ],
    ['a name with half a character', () => forged('{"\\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4), /half a character/],
    ['a nested dtype', () => forged({ a: entry([1], 0, 4, { toString: 1 }) }, 4), /'a' has no dtype/],
    ['values nested without end', () => forged(`{"a":${'['.repeat(100_000)}`), /nested more than 100 deep/],
    ['an empty tensor of sizes beyond 2^53', () => forged({ a: entry([0, 2 ** 50, 2 ** 50], 0, 0) }), /beyond 2\^53/],
    ['sizes written as fractions', () => forged('{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}', 4), /no valid shape/],
    ['text behind the header', () => forged('{} {}'), /more text after the end/],
    ['bytes that nothing uses', () => forged({ a: entry([1], 0, 4) }, 8), /damaged: its tensors take 4 bytes, but 8 are there/],
    [
      'another format',
      () => {
        torch.save([], temporary('other.pt'))
        return temporary('other.pt')
      },
      /no safetensors file/,
    ],
  ])('%s', (_, make, message) => {
    const path = make()
    expect(() => safetensors.load(path)).toThrow(message)
    expect(() => safetensors.load(path)).toThrow(torch.FileError)
  })

  test('a file cut anywhere', () => {
    const path = temporary('whole.safetensors')
    safetensors.save({ a: torch.arange(10), b: torch.ones([3]) }, path)
    const whole = readFileSync(path)
    for (let length = 0; length < whole.length; length += 5)
      expectWith(() => safetensors.load(whole.subarray(0, length)), `cut to ${length}`).toThrow(torch.FileError)
  })
})

test('names that JavaScript treats apart stay names', () => {
  const path = forged('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4)
  expect(Object.keys(safetensors.load(path))).toEqual(['__proto__'])
})

test('a Map of tensors is written as an object of them is', () => {
  const path = temporary('map.safetensors')
  safetensors.save(new Map([['a', torch.ones([2])]]), path)
  expect(safetensors.load(path)['a']!.tolist()).toEqual([1, 1])
})

test('the namespace holds what the format offers, and no helper of it', () => {
  expect(Object.keys(safetensors).sort()).toEqual(['load', 'metadata', 'save'])
})
