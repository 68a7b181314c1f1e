import { describe, expect, test } from '@jest/globals'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import * as torch from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { temporary } from '../../support/files'
import { runPython } from '../../support/python'
import { forgedFile, forgedZip, intOf, pickleOf, storageOf, tensorOf, textOf } from './forge'

/** Fails unless the file is refused by a FileError with this message, and quickly, and with little memory. */
function expectRefused(file: Buffer, message: RegExp, options: torch.LoadOptions = {}): void {
  const before = process.memoryUsage.rss()
  const start = process.cpuUsage()
  let error: unknown
  try {
    torch.load(file, options)
  } catch (caught) {
    error = caught
  }
  expect(error).toBeInstanceOf(torch.FileError)
  expect((error as Error).message).toMatch(message)
  const { user, system } = process.cpuUsage(start)
  expectWith((user + system) / 1e6, 'seconds of the processor').toBeLessThan(10)
  expectWith((process.memoryUsage.rss() - before) / 2 ** 20, 'MB').toBeLessThan(600)
}

test('the forged files of these tests are good where nothing is forged', () => {
  const storage = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer)
  expect(torch.load<torch.Tensor>(forgedFile(pickleOf(tensorOf({})), [storage])).tolist()).toEqual([1, 2, 3, 4])
})

describe('code in a pickle is never run:', () => {
  const marker = () => temporary('was-run')

  test.each<[string, string]>([
    ['os.system', '__import__("os").system'],
    ['eval', 'eval'],
    ['exec', 'exec'],
    ['open', 'open'],
    ['getattr', 'getattr'],
  ])('%s by reduce', async (_, name) => {
    const path = temporary('hostile.pt')
    const code = `
      class Evil:
          def __reduce__(self):
              return (${name}, ('touch ' + inputs['marker'],))
      torch.save({'weight': torch.ones(1), 'evil': Evil()}, inputs['path'])
      torch.save({'weight': torch.ones(1), 'evil': Evil()}, inputs['path'] + '.old', _use_new_zipfile_serialization=False)`
    await runPython(code, { path, marker: marker() })
    for (const file of [path, `${path}.old`]) {
      expect(() => torch.load(file)).toThrow(/neither a tensor nor plain data; nothing of it was run/)
      const kept = torch.load<{ evil: torch.UnknownObject }>(file, { unknownObjects: 'keep' })
      expect(kept.evil).toBeInstanceOf(torch.UnknownObject)
    }
    expect(existsSync(marker())).toBe(false)
  })

  test('names of JavaScript reach nothing', () => {
    for (const [module, name] of [
      ['constructor', 'constructor'],
      ['__proto__', 'x'],
      ['process', 'exit'],
      ['torch', 'constructor'],
      ['torch._utils', '__proto__'],
    ]) {
      expectRefused(forgedFile(pickleOf(`c${module}\n${name}\n`, ')R')), /it holds an object of/)
    }
    expectRefused(forgedFile(pickleOf(textOf('process'), textOf('exit'), 0x93, ')R')), /'process\.exit'/)
    expectRefused(forgedFile(pickleOf(textOf('exit'), ')R')), /calls something that is no known function/)
  })

  test('prototypes stay as they are', () => {
    const polluting = pickleOf(
      '}(',
      textOf('__proto__'),
      '}(',
      textOf('polluted'),
      0x88,
      'uu}',
      textOf('__proto__'),
      '}',
      textOf('polluted'),
      0x88,
      'ss0',
    )
    torch.load(forgedFile(polluting))
    torch.load(forgedFile(pickleOf('ccollections\nOrderedDict\n)R}', textOf('__proto__'), '}', textOf('polluted'), 0x88, 'ssb')))
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

describe('a pickle that asks for much is refused:', () => {
  const repeated = (text: string, count: number) => Buffer.from(text, 'latin1').toString('latin1').repeat(count)

  test.each<[string, () => Buffer, RegExp]>([
    ['deep nesting of lists', () => pickleOf(']'.repeat(200_000), 'a'.repeat(199_999)), /nested more than 1000 deep/],
    ['deep nesting of tuples', () => pickleOf(')', '\x85'.repeat(500_000)), /nested more than 1000 deep/],
    ['deep nesting of dicts', () => pickleOf(repeated('}K\x01', 100_000), 'N', 's'.repeat(100_000)), /nested more than 1000 deep/],
    [
      'copies of a dict, each by the next',
      () => pickleOf(']', '(', repeated('K\x01K\x02\x86', 2000), 'e', 'q\x00', '0', repeated('ccollections\nCounter\nh\x00\x85R', 20_000)),
      /far more memory/,
    ],
    [
      'copies of bytes',
      () =>
        pickleOf(
          'B',
          Buffer.from([0, 0, 16, 0]),
          Buffer.alloc(1 << 20),
          'q\x00',
          '0',
          repeated('cbuiltins\nbytearray\nh\x00\x85R', 20_000),
        ),
      /far more memory/,
    ],
    ['more marks than the file has bytes for', () => pickleOf('('.repeat(1_000_000)), /takes more than it put/],
    ['a text longer than the file', () => pickleOf('X', Buffer.from([255, 255, 255, 255]), 'a'), /ends early/],
    ['a text of exabytes', () => pickleOf(0x8d, Buffer.alloc(8, 255), 'a'), /ends early/],
    ['bytes of exabytes', () => pickleOf(0x8e, Buffer.alloc(8, 255), 'a'), /ends early/],
    ['an integer of gigabytes', () => pickleOf(0x8b, Buffer.from([255, 255, 255, 127]), 'a'), /ends early/],
    ['an integer of a megabyte', () => pickleOf(0x8b, Buffer.from([0, 0, 16, 0]), Buffer.alloc(1 << 20, 1)), /an integer of 1048576 bytes/],
    [
      'a memo index that was never set',
      () => pickleOf('j', Buffer.from([255, 255, 255, 255])),
      /refers to value 4294967295, which it did not make/,
    ],
    [
      'a value with a number of gigabytes',
      () => pickleOf('N', 'r', Buffer.from([255, 255, 255, 255])),
      /numbers a value 4294967295, more than it has bytes/,
    ],
    ['an unknown opcode', () => pickleOf('N', 0xff), /opcode 0xff at byte 3/],
    ['an extension’s opcode', () => pickleOf(0x82, 1), /opcode 0x82/],
    ['a persistent id as text, which runs into the void', () => pickleOf('P', 'cpu\n'), /opcode 0x50/],
    ['an end without a value', () => Buffer.from([0x80, 2, 0x2e]), /takes more than it put/],
  ])('%s', (_, pickle, message) => {
    expectRefused(forgedFile(pickle()), message)
    expectRefused(forgedFile(pickle()), message, { unknownObjects: 'keep' })
  })

  test('bytes of nested lists, which JavaScript would turn into texts', () => {
    const nested = Array.from(
      { length: 30 },
      (_, i) => `](h${String.fromCharCode(i)}h${String.fromCharCode(i)}eq${String.fromCharCode(i + 1)}0`,
    )
    const lists = Buffer.from(nested.join(''), 'latin1')
    expectRefused(forgedFile(pickleOf(']q\x00', '0', lists, 'cbuiltins\nbytes\n', 'h\x1e', '\x85R')), /no byte/)
    expectRefused(forgedFile(pickleOf('cbuiltins\nbytes\n](', Buffer.from([0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1]), 'e\x85R')), /no byte/)
  })

  test('names of Object.prototype for dtypes, layouts and storages', () => {
    expectRefused(
      forgedFile(pickleOf('ctorch._utils\n_rebuild_tensor_v3\n(', storageOf(0), 'K\x00))\x89)', textOf('constructor'), 'tR')),
      /missing|no record|element type constructor/,
    )
    for (const layout of ['constructor', '__proto__', 'torch.sparse_abc']) {
      expectRefused(
        forgedFile(pickleOf('ctorch._utils\n_rebuild_sparse_tensor\nctorch.serialization\n_get_layout\n', textOf(layout), '\x85R)\x86R')),
        /damaged|cannot be/,
      )
    }
    const scalar = (code: string) => pickleOf('cnumpy._core.multiarray\nscalar\ncnumpy\ndtype\n', textOf(code), '\x85RC\x01a\x86R')
    for (const code of ['constructor', 'toString']) expectRefused(forgedFile(scalar(code)), /is not supported/)
  })

  test('a billion laughs stay the few lists they are', () => {
    const levels = 40
    const lists = Array.from({ length: levels }, (_, i) =>
      Buffer.from(`](${`h${String.fromCharCode(i)}`.repeat(10)}eq${String.fromCharCode(i + 1)}0`, 'latin1'),
    )
    const pickle = pickleOf(']q\x00', '0', ...lists, `h${String.fromCharCode(levels)}`)
    const value = torch.load<unknown[][]>(forgedFile(pickle))
    expect([value.length, value[0] === value[9]]).toEqual([10, true])
  })
})

describe('a tensor that cannot be is refused:', () => {
  const storage = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer)

  test.each<[string, Buffer, RegExp]>([
    ['past its storage', tensorOf({ shape: [5] }), /out of bounds|cannot be/],
    ['by its offset', tensorOf({ offset: 1 }), /out of bounds|cannot be/],
    ['by its stride', tensorOf({ stride: [2] }), /out of bounds|cannot be/],
    ['by an offset that overflows', tensorOf({ offset: Number.MAX_SAFE_INTEGER }), /cannot be|out of bounds|overflow/],
    ['by sizes that overflow', tensorOf({ shape: [2 ** 40, 2 ** 40], stride: [2 ** 40, 1] }), /cannot be|out of bounds|overflow/],
    ['by more strides than sizes', tensorOf({ stride: [1, 1] }), /cannot be|dimension|mismatch/],
    ['with a negative size', tensorOf({ shape: [-1] }), /a shape is -1/],
    ['with a negative stride', tensorOf({ stride: [-1] }), /a stride is -1/],
    ['of a hundred dimensions', tensorOf({ shape: Array<number>(100).fill(1), stride: Array<number>(100).fill(1) }), /100 dimensions/],
    [
      'whose storage claims more than there is',
      tensorOf({ length: 2 ** 40 }),
      /storage 0 should have 4398046511104 bytes, but 16 are there/,
    ],
    [
      'whose storage claims less than its record',
      tensorOf({ length: 3, shape: [3] }),
      /storage 0 should have 12 bytes, but its record has 16/,
    ],
    ['whose storage is missing', tensorOf({ storage: storageOf(4, '7') }), /no record 'archive\/data\/7'/],
    ['whose storage has a path for a name', tensorOf({ storage: storageOf(4, '../data.pkl') }), /no record/],
    ['without a storage', tensorOf({ storage: Buffer.from('N') }), /a tensor has no storage/],
    ['of a quantised storage', tensorOf({ storage: storageOf(4, '0', 'QInt8Storage') }), /quantised.*dequantize/],
  ])('%s', (_, pickle, message) => {
    expectRefused(forgedFile(pickleOf(pickle), [storage]), message)
  })

  test('a sparse one whose indices lie outside', () => {
    const indices = tensorOf({ storage: storageOf(2, '1', 'LongStorage'), shape: [2, 1], stride: [1, 1] })
    const values = tensorOf({ shape: [1] })
    const size = Buffer.concat([Buffer.from('ctorch\nSize\n('), intOf(2), intOf(2), Buffer.from('t\x85R', 'latin1')])
    const layout = Buffer.concat([
      Buffer.from('ctorch.serialization\n_get_layout\n'),
      textOf('torch.sparse_coo'),
      Buffer.from('\x85R', 'latin1'),
    ])
    const sparse = (index: bigint) =>
      forgedFile(pickleOf('ctorch._utils\n_rebuild_sparse_tensor\n', layout, '(', indices, values, size, 't\x86R'), [
        storage,
        Buffer.from(BigInt64Array.of(0n, index).buffer),
      ])
    expect(torch.load<torch.Tensor>(sparse(1n)).toDense().tolist()).toEqual([
      [0, 1],
      [0, 0],
    ])
    expectRefused(sparse(2n ** 60n), /cannot be/)
    expectRefused(sparse(-1n), /cannot be/)
  })

  test('a sparse one expanded to years of work', () => {
    const wide = (type: string, key: string, shape: number[]) =>
      tensorOf({ storage: storageOf(2, key, type), shape, stride: shape.map(() => 0) })
    const size = Buffer.concat([Buffer.from('ctorch\nSize\n('), intOf(2), Buffer.from('t\x85R', 'latin1')])
    const layout = Buffer.concat([
      Buffer.from('ctorch.serialization\n_get_layout\n'),
      textOf('torch.sparse_coo'),
      Buffer.from('\x85R', 'latin1'),
    ])
    const pickle = pickleOf(
      'ctorch._utils\n_rebuild_sparse_tensor\n',
      layout,
      '(',
      wide('LongStorage', '1', [1, 2 ** 45]),
      wide('FloatStorage', '0', [2 ** 45]),
      size,
      't\x86R',
    )
    expectRefused(forgedFile(pickle, [storage.subarray(0, 8), Buffer.alloc(16)]), /larger than its storage/)
  })
})

describe('an inconsistent archive is rejected:', () => {
  const pickle = pickleOf('N')
  const good = ['archive/data.pkl', { data: pickle }] as const
  const version = ['archive/version', { data: Buffer.from('3') }] as const

  test.each<[string, () => Buffer, RegExp]>([
    ['records that overlap', () => forgedZip([good, ['archive/data/0', { data: Buffer.alloc(64), offset: 0 }]]), /overlaps another/],
    [
      'a record beyond the end',
      () => forgedZip([good, ['archive/data/0', { data: Buffer.alloc(4), offset: 5000 }]]),
      /lies beyond its end/,
    ],
    [
      'a record longer than the file',
      () => forgedZip([['archive/data.pkl', { data: pickle, compressedSize: 5000 }]]),
      /lies beyond its end/,
    ],
    [
      'sizes that differ without compression',
      () => forgedZip([['archive/data.pkl', { data: pickle, size: 5000, compressedSize: pickle.length }]]),
      /its two sizes differ/,
    ],
    ['the same name twice', () => forgedZip([good, good]), /'archive\/data\.pkl' twice/],
    ['names that leave the archive', () => forgedZip([good, ['../../etc/passwd', { data: Buffer.alloc(1) }]]), /unsafe name/],
    ['absolute names', () => forgedZip([good, ['/etc/passwd', { data: Buffer.alloc(1) }]]), /unsafe name/],
    ['an unknown compression', () => forgedZip([['archive/data.pkl', { data: pickle, method: 12 }]]), /compressed by method 12/],
    ...[1, 0x20, 0x40, 0x2000].map((flags): [string, () => Buffer, RegExp] => [
      `encryption (flag ${flags})`,
      () => forgedZip([['archive/data.pkl', { data: pickle, flags }]]),
      /encrypted or a patch/,
    ]),
    ['names that differ only in case', () => forgedZip([good, ['archive/DATA.pkl', { data: pickle }]]), /differ only in case/],
    [
      'a second directory in its comment',
      () => {
        const [one, two] = [forgedZip([good, version]), forgedZip([['archive/data.pkl', { data: pickleOf(']') }], version])]
        const both = Buffer.concat([one, two])
        both.writeUInt16LE(two.length, one.length - 2)
        return both
      },
      /two directories|overlaps/,
    ],
    ['no version', () => forgedZip([good]), /no version/],
    ...['abc', '', '0', '11', '-3'].map((text): [string, () => Buffer, RegExp] => [
      `the version ${JSON.stringify(text)}`,
      () => forgedZip([good, ['archive/version', { data: Buffer.from(text) }]]),
      /has the version/,
    ]),
    [
      'an unknown byte order',
      () => forgedZip([good, version, ['archive/byteorder', { data: Buffer.from('little\n') }]]),
      /byte order "little\\n"/,
    ],
    ['a wrong checksum', () => forgedZip([['archive/data.pkl', { data: pickle, crc: 1 }], version]), /checksum does not match/],
    ['more records than it has', () => forgedZip([good], { count: 60_000 }), /directory ends early/],
    ['a directory beyond the end', () => forgedZip([good], { directoryOffset: 0x7fffffff }), /truncated/],
    ['a directory of gigabytes', () => forgedZip([good], { directorySize: 0xfffffff0 }), /truncated/],
    ['a directory elsewhere', () => forgedZip([good], { directoryOffset: 3 }), /directory ends early/],
    ['no end', () => forgedZip([good]).subarray(0, -22), /no directory at its end/],
    ['no pickle', () => forgedZip([['archive/other', { data: pickle }]]), /none of PyTorch: it has no data\.pkl/],
    ['no records', () => forgedZip([]), /no PyTorch file|no data\.pkl/],
  ])('%s', (_, make, message) => expectRefused(make(), message))

  test('a bomb: a pickle that inflates to a thousand times its size', () => {
    const bomb = Buffer.concat([Buffer.from([0x80, 2]), Buffer.alloc(60 * 2 ** 20, '}'), Buffer.from('.')])
    const data = deflateRawSync(bomb)
    expect(data.length).toBeLessThan(100_000)
    expectRefused(forgedZip([['archive/data.pkl', { data, method: 8, size: bomb.length }], version]), /claims to inflate to/)
  })

  test('a bomb of many records, each of which is small', () => {
    const data = deflateRawSync(Buffer.alloc(2 ** 20))
    const records = Array.from({ length: 200 }, (_, i) => [`archive/data/${i}`, { data, method: 8, size: 2 ** 20 }] as const)
    expectRefused(forgedZip([good, ...records]), /compressed records claim/)
  })

  test('a record that inflates to more than it says', () => {
    const data = deflateRawSync(Buffer.alloc(10_000, '}'))
    expectRefused(forgedZip([['archive/data.pkl', { data, method: 8, size: 100 }], version]), /does not inflate/)
    expectRefused(forgedZip([['archive/data.pkl', { data: Buffer.from('no deflate'), method: 8, size: 100 }], version]), /does not inflate/)
  })

  test('but a file that was zipped again, with compression, is read', async () => {
    const path = temporary('zipped.pt')
    const code = `
      import zipfile
      torch.save({'w': torch.zeros(100_000), 'n': list(range(100))}, inputs['path'] + '.first')
      source = zipfile.ZipFile(inputs['path'] + '.first')
      with zipfile.ZipFile(inputs['path'], 'w', zipfile.ZIP_DEFLATED) as target:
          for name in source.namelist():
              target.writestr(name, source.read(name))`
    await runPython(code, { path })
    const value = torch.load<{ w: torch.Tensor; n: number[] }>(path)
    expect([value.w.numel(), value.n.length]).toEqual([100_000, 100])
  })
})

describe('what is no PyTorch file is named:', () => {
  test.each<[string, Buffer, RegExp]>([
    ['nothing at all', Buffer.alloc(0), /it is empty/],
    ['a few bytes', Buffer.from('PK'), /no PyTorch file/],
    ['noise', Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 7919 + 13) % 251)), /no PyTorch file/],
    ['HDF5', Buffer.concat([Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), Buffer.alloc(600)]), /HDF5/],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]), /compressed by gzip: unpack it/],
    [
      'a Git LFS pointer',
      Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 3\n'),
      /Git LFS pointer.*git lfs pull/,
    ],
    ['a web page', Buffer.from('\n<!DOCTYPE html><html><title>404</title></html>'), /web page.*download failed/],
    ['a plain pickle', Buffer.from('80049503000000000000004b012e', 'hex'), /plain Python pickle/],
    ['a zip of something else', forgedZip([['word/document.xml', { data: Buffer.from('<w/>') }]]), /none of PyTorch/],
    [
      'a Keras archive',
      forgedZip([
        ['config.json', { data: Buffer.from('{}') }],
        ['model.weights.h5', { data: Buffer.alloc(4) }],
      ]),
      /none of PyTorch/,
    ],
  ])('%s', (_, file, message) => expectRefused(file, message))

  test('safetensors, with the function that reads it', () => {
    const path = temporary('some.safetensors')
    torch.safetensors.save({ w: torch.ones([2]) }, path)
    expectRefused(readFileSync(path), /torch\.safetensors\.load\(path\)/)
  })

  test('a path with a NUL character, in reading and in writing', () => {
    for (const read of [torch.load, torch.loadStateDictFile, torch.safetensors.load, torch.jit.load] as ((path: string) => unknown)[])
      expect(() => read('a\0b.pt')).toThrow(
        expect.objectContaining({ code: 'FILE', message: expect.stringContaining('a\\x00b') as unknown }),
      )
    expect(() => torch.save([], 'a\0b.pt')).toThrow(torch.FileError)
    expect(() => torch.safetensors.save({}, 'a\0b.pt')).toThrow(torch.FileError)
  })

  test('what is no file', () => {
    expect(() => torch.load(temporary('absent.pt'))).toThrow(/there is no file .*absent\.pt/)
    expect(() => torch.load('/tmp')).toThrow(/\/tmp is no regular file/)
    writeFileSync(temporary('plain'), 'x')
    expect(() => torch.load(`${temporary('plain')}/inside.pt`)).toThrow(torch.FileError)
  })
})
