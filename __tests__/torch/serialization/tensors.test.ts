import { describe, expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import * as torch from '../../../src/torch'
import type { DType, Tensor } from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { temporary } from '../../support/files'
import { runPython } from '../../support/python'

/** Tensors of every dtype that can hold data, by Python's expression. */
const expressions: Readonly<Record<string, string>> = {
  float32: 'torch.tensor([[1.5, -0.0, float("nan")], [float("inf"), 1e-45, 3.4e38]])',
  float64: 'torch.tensor([[1.5, -0.0], [1e-320, 1e308]], dtype=torch.float64)',
  float16: 'torch.tensor([1.5, -65504, 6e-8], dtype=torch.float16)',
  bfloat16: 'torch.tensor([1.5, -3e38, 1e-40], dtype=torch.bfloat16)',
  complex64: 'torch.tensor([1+2j, -0.5j])',
  complex128: 'torch.tensor([1+2j, -0.5j], dtype=torch.complex128)',
  int64: 'torch.tensor([0, -2**63, 2**63 - 1])',
  int32: 'torch.tensor([0, -2**31, 2**31 - 1], dtype=torch.int32)',
  int16: 'torch.tensor([0, -2**15, 2**15 - 1], dtype=torch.int16)',
  int8: 'torch.tensor([0, -128, 127], dtype=torch.int8)',
  uint8: 'torch.tensor([0, 255], dtype=torch.uint8)',
  uint16: 'torch.tensor([0, 65535], dtype=torch.uint16)',
  uint32: 'torch.tensor([0, 2**32 - 1], dtype=torch.uint32)',
  uint64: 'torch.tensor([0, 2**64 - 1], dtype=torch.uint64)',
  bool: 'torch.tensor([[True, False, True]])',
  float8_e4m3fn: 'torch.tensor([1.5, -448, 0]).to(torch.float8_e4m3fn)',
  float8_e5m2: 'torch.tensor([1.5, -448, 0]).to(torch.float8_e5m2)',
  float8_e4m3fnuz: 'torch.tensor([1.5, -240, 0]).to(torch.float8_e4m3fnuz)',
  float8_e5m2fnuz: 'torch.tensor([1.5, -240, 0]).to(torch.float8_e5m2fnuz)',
  float8_e8m0fnu: 'torch.tensor([1.0, 4.0, 0.5]).to(torch.float8_e8m0fnu)',
}

/** In a dtype that every layout becomes dense in. */
const wide = (tensor: Tensor): Tensor => (tensor.isComplex() ? tensor : tensor.to('float64'))

/** The bytes of a tensor in memory order. */
const rawBytes = (tensor: Tensor): number[] => [...new Uint8Array(tensor.contiguous().view('uint8').toTypedArray().buffer)]

describe.each(Object.entries(expressions))('a tensor of dtype %s', (dtype, expression) => {
  test('comes from Python bit by bit, and goes back', async () => {
    const [theirs, ours] = [temporary(`${dtype}-theirs.pt`), temporary(`${dtype}-ours.pt`)]
    const { bytes, shape } = await runPython<{ bytes: Uint8Array; shape: number[] }>(
      `t = ${expression}
torch.save(t, inputs['theirs'])
outputs = {'bytes': t.contiguous().view(torch.uint8).numpy().tobytes(), 'shape': t.shape}`,
      { theirs },
    )
    const tensor = torch.load<Tensor>(theirs)
    expect([tensor.dtype, tensor.shape, rawBytes(tensor)]).toEqual([dtype, shape, [...bytes]])
    torch.save(tensor, ours)
    const back = await runPython<{ same: boolean; dtype: string }>(
      `t = ${expression}
loaded = torch.load(inputs['ours'], weights_only=True)
same = loaded.shape == t.shape and loaded.contiguous().view(torch.uint8).equal(t.contiguous().view(torch.uint8))
outputs = {'same': same, 'dtype': loaded.dtype}`,
      { ours },
    )
    expect(back).toEqual({ same: true, dtype })
  })
})

test('every dtype that libtorch has data for is among them', () => {
  const left = torch.dtypes.filter((dtype) => !(dtype in expressions))
  expect(left.filter((dtype) => !/^(q|bits|float4|complex32|u?int[1-7]$)/.test(dtype))).toEqual([])
})

describe('views', () => {
  test('share their storage after loading, with the strides and offsets they had', async () => {
    const path = temporary('views.pt')
    const base = torch.arange(24, { dtype: 'float32' }).view([4, 6])
    torch.save(
      {
        base,
        transposed: base.t(),
        row: base.select(0, 2),
        scalar: base.select(0, 1).select(0, 1),
        stepped: base.index([torch.slice(0, 4, 2)]),
      },
      path,
    )
    const code = `
      d = torch.load(inputs['path'], weights_only=True)
      d['base'].add_(100)
      outputs = {'strides': [list(t.stride()) for t in d.values()], 'offsets': [t.storage_offset() for t in d.values()], 'values': dict(d),
                 'bytes': d['row'].untyped_storage().nbytes(), 'shared': len({t.untyped_storage().data_ptr() for t in d.values()})}`
    const seen = await runPython<{ strides: number[][]; offsets: number[]; values: Record<string, Tensor>; bytes: number; shared: number }>(
      code,
      { path },
    )
    expect(seen.strides).toEqual([[6, 1], [1, 6], [1], [], [12, 1]])
    expect(seen.offsets).toEqual([0, 0, 12, 7, 0])
    expect([seen.bytes, seen.shared]).toEqual([96, 1])
    expect(seen.values['transposed']).toEqualTensor(base.t().add(100).contiguous())
    expect(seen.values['scalar']).toBeAllclose(107)
  })

  test('of Python share here, too', async () => {
    const path = temporary('views.pt')
    const code = `
      base = torch.arange(24.).view(4, 6)
      torch.save({'base': base, 'transposed': base.t(), 'row': base[2], 'expanded': torch.ones(1).expand(3, 2), 'channelsLast': torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last)}, inputs['path'])`
    await runPython(code, { path })
    const views = torch.load<Record<string, Tensor>>(path)
    views['base']!.add_(100)
    expect(views['row']!.tolist()).toEqual([112, 113, 114, 115, 116, 117])
    expect([views['transposed']!.stride(), views['row']!.storageOffset(), views['expanded']!.stride()]).toEqual([[1, 6], 12, [0, 0]])
    expect(views['channelsLast']!.isContiguous('channelsLast')).toBe(true)
  })

  test('of other dtypes share one storage, which Python itself cannot save', async () => {
    const path = temporary('reinterpreted.pt')
    const floats = torch.tensor([1, 2, 3, 4])
    torch.save([floats, floats.view('int32')], path)
    const code = `
      floats, ints = torch.load(inputs['path'], weights_only=True)
      floats[0] = 0
      outputs = {'ints': ints, 'dtypes': [floats.dtype, ints.dtype]}`
    const { ints, dtypes } = await runPython<{ ints: Tensor; dtypes: string[] }>(code, { path })
    expect(ints.tolist()).toEqual([0, 0x40000000, 0x40400000, 0x40800000])
    expect(dtypes).toEqual(['float32', 'int32'])
    const [loadedInts, loadedFloats] = torch.load<[Tensor, Tensor]>(path)
    loadedInts.zero_()
    expect(loadedFloats.tolist()).toEqual([0, 0, 0, 0])
  })

  test('a small view of a large tensor saves all of it, as in Python', () => {
    const path = temporary('large.pt')
    torch.save(torch.zeros([1000]).index([torch.slice(0, 1)]), path)
    expect(readFileSync(path).length).toBeGreaterThan(4000)
  })
})

describe('marks of a tensor', () => {
  test('requiresGrad of tensors and Parameters', async () => {
    const path = temporary('grad.pt')
    torch.save(
      [
        torch.ones([1], { requiresGrad: true }),
        torch.ones([1]),
        new torch.nn.Parameter(torch.ones([1])),
        new torch.nn.Parameter(torch.ones([1]), false),
      ],
      path,
    )
    const code = `
      values = torch.load(inputs['path'], weights_only=True)
      outputs = {'grad': [t.requires_grad for t in values], 'types': [type(t).__name__ for t in values]}
      torch.save(values, inputs['path'])`
    expect(await runPython(code, { path })).toEqual({
      grad: [true, false, true, false],
      types: ['Tensor', 'Tensor', 'Parameter', 'Parameter'],
    })
    const back = torch.load<Tensor[]>(path)
    expect(back.map((tensor) => [tensor.requiresGrad, tensor instanceof torch.nn.Parameter])).toEqual([
      [true, false],
      [false, false],
      [true, true],
      [false, true],
    ])
  })

  test('lazily conjugated and negated tensors', async () => {
    const [path, theirs] = [temporary('marks.pt'), temporary('their-marks.pt')]
    const z = torch.complex(torch.tensor([1, 2]), torch.tensor([3, 4]))
    torch.save([z.conj(), z.conj().imag], path)
    const code = `
      conj, neg = torch.load(inputs['path'], weights_only=True)
      outputs = {'marks': [conj.is_conj(), neg.is_neg()], 'values': [conj, neg]}
      torch.save([conj, torch.tensor([1+3j, 2+4j]).conj().imag], inputs['theirs'])`
    const { marks, values } = await runPython<{ marks: boolean[]; values: Tensor[] }>(code, { path, theirs })
    expect(marks).toEqual([true, true])
    expect(values[1]!.tolist()).toEqual([-3, -4])
    const [conj, neg] = torch.load<[Tensor, Tensor]>(theirs)
    expect([conj.isConj(), neg.isNeg()]).toEqual([true, true])
    expect(conj.resolveConj()).toEqualTensor(values[0]!)
    expect(neg.tolist()).toEqual([-3, -4])
  })

  test('sparse tensors of every layout', async () => {
    const path = temporary('sparse.pt')
    const code = `
      dense = torch.tensor([[0., 1, 0, 0], [2, 0, 0, 3], [0, 0, 0, 0], [0, 0, 4, 0]])
      torch.save([dense.to_sparse(), dense.to_sparse_csr(), dense.to_sparse_csc(), dense.to_sparse_bsr((2, 2)), dense.to_sparse_bsc((2, 2))], inputs['path'])
      outputs = {'dense': dense}`
    const { dense } = await runPython(code, { path })
    const loaded = torch.load<Tensor[]>(path)
    expect(loaded.map((tensor) => tensor.layout)).toEqual(['sparseCoo', 'sparseCsr', 'sparseCsc', 'sparseBsr', 'sparseBsc'])
    for (const tensor of loaded) expect(tensor.toDense()).toEqualTensor(dense!)
    torch.save(loaded, path)
    const back = await runPython<{ layouts: string[]; equal: boolean[] }>(
      `
      values = torch.load(inputs['path'], weights_only=True)
      outputs = {'layouts': [str(t.layout) for t in values], 'equal': [t.to_dense().equal(inputs['dense']) for t in values]}`,
      { path, dense },
    )
    expect(back).toEqual({
      layouts: ['torch.sparse_coo', 'torch.sparse_csr', 'torch.sparse_csc', 'torch.sparse_bsr', 'torch.sparse_bsc'],
      equal: Array(5).fill(true),
    })
  })

  test.each(['float64', 'float16', 'int64', 'int8', 'bool', 'complex64'])('compressed sparse tensors of %s, both ways', async (dtype) => {
    const [theirs, ours] = [temporary(`sparse-${dtype}.pt`), temporary(`sparse-${dtype}-ours.pt`)]
    const { dense } = await runPython(
      `
      dense = torch.tensor([[0, 1, 0, 0], [2, 0, 0, 3], [0, 0, 0, 0], [0, 0, 4, 0]]).to(torch.${dtype})
      parts = lambda t: (t.ccol_indices(), t.row_indices()) if t.layout in (torch.sparse_csc, torch.sparse_bsc) else (t.crow_indices(), t.col_indices())
      like = torch.tensor([[0., 1, 0, 0], [2, 0, 0, 3], [0, 0, 0, 0], [0, 0, 4, 0]])
      def typed(t):
          return torch.sparse_compressed_tensor(*parts(t), t.values().to(torch.${dtype}), t.shape, layout=t.layout)
      torch.save([typed(t) for t in (like.to_sparse_csr(), like.to_sparse_csc(), like.to_sparse_bsr((2, 2)), like.to_sparse_bsc((2, 2)))], inputs['theirs'])
      outputs = {'dense': dense}`,
      { theirs },
    )
    const loaded = torch.load<Tensor[]>(theirs)
    expect(loaded.map((tensor) => tensor.layout)).toEqual(['sparseCsr', 'sparseCsc', 'sparseBsr', 'sparseBsc'])
    for (const tensor of loaded) expect(tensor.values().dtype).toBe(dtype)
    for (const tensor of loaded) expectWith(wide(tensor).toDense(), tensor.layout).toBeAllclose(wide(dense!))
    torch.save(loaded, ours)
    const back = await runPython<{ dtypes: string[]; same: boolean[] }>(
      `
      one, two = torch.load(inputs['theirs'], weights_only=True), torch.load(inputs['ours'], weights_only=True)
      outputs = {'dtypes': [t.dtype for t in two], 'same': [a.layout == b.layout and a.values().equal(b.values()) for a, b in zip(one, two)]}`,
      { theirs, ours },
    )
    expect(back).toEqual({ dtypes: Array(4).fill(dtype), same: Array(4).fill(true) })
    expect(torch.load<Tensor[]>(ours).map((tensor) => tensor.dtype)).toEqual(Array(4).fill(dtype))
  })

  test('empty tensors and scalars', async () => {
    const path = temporary('empty.pt')
    torch.save([torch.empty([0]), torch.empty([2, 0, 3], { dtype: 'int64' }), torch.tensor(5)], path)
    const { shapes } = await runPython<{ shapes: number[][] }>(
      `outputs = {'shapes': [list(t.shape) for t in torch.load(inputs['path'], weights_only=True)]}; torch.save([torch.empty(0), torch.empty(3, 0), torch.tensor(5.)], inputs['path'])`,
      { path },
    )
    expect(shapes).toEqual([[0], [2, 0, 3], []])
    expect(torch.load<Tensor[]>(path).map((tensor) => tensor.shape)).toEqual([[0], [3, 0], []])
  })
})

test('a value without data or without an equivalent is rejected', () => {
  const path = temporary('refused.pt')
  expect(() => torch.save([torch.empty([2], { device: 'meta' })], path)).toThrow(/meta.*value\[0\]/)
  expect(() => torch.save(torch.quantizePerTensor(torch.ones([2]), 0.1, 0, 'qint8' as DType), path)).toThrow(/quantised.*dequantize/)
})

test('big-endian files are read in their order', async () => {
  const path = temporary('big.pt')
  const code = `
    import zipfile
    value = {'f': torch.arange(5.), 'i': torch.arange(3), 'h': torch.ones(3, dtype=torch.float16), 'c': torch.tensor([1+2j]), 'b': torch.tensor([True])}
    torch.save(value, inputs['path'])
    source = zipfile.ZipFile(inputs['path'])
    records = {name: source.read(name) for name in source.namelist()}
    widths = [4, 8, 2, 4, 1]
    with zipfile.ZipFile(inputs['path'], 'w') as target:
        for name, data in records.items():
            if '/data/' in name:
                width = widths[int(name.rsplit('/', 1)[1])]
                data = np.frombuffer(data, dtype=f'u{width}').byteswap().tobytes()
            if name.endswith('byteorder'):
                data = b'big'
            target.writestr(name, data)`
  await runPython(code, { path })
  const value = torch.load<Record<string, Tensor>>(path)
  expect(Object.values(value).map((tensor) => (tensor.isComplex() ? torch.viewAsReal(tensor).tolist() : tensor.tolist()))).toEqual([
    [0, 1, 2, 3, 4],
    [0, 1, 2],
    [1, 1, 1],
    [[1, 2]],
    [true],
  ])
})

test('mapLocation chooses the device, by name, by table or by function', () => {
  const path = temporary('device.pt')
  torch.save(torch.ones([2]), path)
  const seen: string[] = []
  expect(torch.load<Tensor>(path, { mapLocation: 'meta' }).device).toBe('meta')
  expect(torch.load<Tensor>(path, { mapLocation: { cpu: 'meta' } }).device).toBe('meta')
  expect(torch.load<Tensor>(path, { mapLocation: (from) => (seen.push(from), 'cpu') }).device).toBe('cpu')
  expect(seen).toEqual(['cpu'])
})

test('a file’s bytes are loaded like the file', () => {
  const path = temporary('bytes.pt')
  torch.save({ w: torch.ones([2]) }, path)
  expect(torch.load<{ w: Tensor }>(readFileSync(path)).w).toEqualTensor(torch.ones([2]))
  expect(torch.load<{ w: Tensor }>(new Uint8Array(readFileSync(path))).w).toEqualTensor(torch.ones([2]))
  expect(() => torch.load(undefined as unknown as string)).toThrow(/load\(\): file is missing/)
})
