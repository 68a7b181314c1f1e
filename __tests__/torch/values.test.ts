import { describe, expect, jest, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { runPython } from '../support/python'

describe('item', () => {
  test('is a number, a bigint beyond 2^53, a boolean or a complex pair', () => {
    expect(torch.tensor(2.5).item()).toBe(2.5)
    expect(torch.tensor([[7n]]).item()).toBe(7)
    expect(torch.tensor(2n ** 53n).item()).toBe(2n ** 53n)
    expect(torch.tensor(2n ** 53n - 1n).item()).toBe(2 ** 53 - 1)
    expect(torch.tensor(-(2n ** 62n)).item()).toBe(-(2n ** 62n))
    expect(torch.tensor(2n ** 63n, { dtype: 'uint64' }).item()).toBe(2n ** 63n)
    expect(torch.tensor(true).item()).toBe(true)
    expect(torch.tensor({ real: 1, imag: -2 }).item()).toEqual([1, -2])
    expect(torch.tensor(0.1, { dtype: 'float16' }).item()).toBe(0.0999755859375)
    expect(torch.tensor(NaN).item()).toBeNaN()
  })

  test('names the tensor that has more than one element', () => {
    expect(() => torch.ones([2, 3]).item()).toThrow(
      /item\(\): input: expected a Tensor of one element but received Tensor float32 \[2, 3\]/,
    )
    expect(() => torch.ones([0]).item()).toThrow(/one element/)
  })
})

test('values of every dtype come back, flat and nested, as Python has them', async () => {
  const base = torch.tensor([
    [0, 1, -2],
    [3.5, 100, 7],
  ])
  const tensors: Record<string, torch.Tensor> = {}
  for (const dtype of torch.dtypes) tensors[dtype] = (/^u|bool|e8m0/.test(dtype) ? base.abs() : base).to(dtype)
  const { lists } = await runPython<{ lists: Record<string, unknown> }>(
    `
    def plain(x):
        if x.dtype.is_complex:
            return torch.view_as_real(x.to(torch.complex128)).tolist()
        return x.tolist()
    outputs = {'lists': {name: plain(x) for name, x in inputs.items()}}
    `,
    tensors,
  )
  for (const dtype of torch.dtypes) expect({ [dtype]: tensors[dtype]!.tolist() }).toEqual({ [dtype]: lists[dtype] })
})

test('toTypedArray throws where JavaScript has no memory for it', () => {
  const x = torch.ones([4])
  const refusing = jest.spyOn(realmOfNode, 'ArrayBuffer').mockImplementation(() => {
    throw new RangeError('Array buffer allocation failed')
  })
  try {
    expect(() => x.toTypedArray()).toThrow(new RangeError('Array buffer allocation failed'))
  } finally {
    refusing.mockRestore()
  }
  expect(Array.from(x.toTypedArray() as Float32Array)).toEqual([1, 1, 1, 1])
})

test('toTypedArray is a copy of the fitting kind', () => {
  const kinds: Record<string, string> = {
    float32: 'Float32Array',
    float64: 'Float64Array',
    float16: 'Float32Array',
    bfloat16: 'Float32Array',
    int64: 'BigInt64Array',
    int32: 'Int32Array',
    int16: 'Int16Array',
    int8: 'Int8Array',
    uint8: 'Uint8Array',
    uint16: 'Uint16Array',
    uint32: 'Uint32Array',
    uint64: 'BigUint64Array',
    bool: 'Uint8Array',
    complex32: 'Float32Array',
    complex64: 'Float32Array',
    complex128: 'Float64Array',
    float8_e4m3fn: 'Uint8Array',
  }
  for (const [dtype, kind] of Object.entries(kinds)) {
    const data = torch
      .tensor([1, 0, 3])
      .to(dtype as torch.DType)
      .toTypedArray()
    expect([dtype, data.constructor.name, data.length]).toEqual([dtype, kind, dtype.startsWith('complex') ? 6 : 3])
  }
  const x = torch.ones([2])
  const data = x.toTypedArray() as Float32Array
  data[0] = 5
  expect(x.tolist()).toEqual([1, 1])
})

test('views are read in their own order', () => {
  const x = torch.arange(6).view([2, 3])
  expect(x.T.tolist()).toEqual([
    [0, 3],
    [1, 4],
    [2, 5],
  ])
  expect([...x.T.toTypedArray()]).toEqual([0n, 3n, 1n, 4n, 2n, 5n])
  expect(x.index([torch.slice(null, null, 1), torch.slice(0, 3, 2)]).tolist()).toEqual([
    [0, 2],
    [3, 5],
  ])
  const z = torch.tensor([{ real: 1, imag: 2 }])
  expect(z.conj().tolist()).toEqual([[1, -2]])
  expect(z.conj().imag.tolist()).toEqual([-2])
  expect(torch.ones([1]).expand([3]).tolist()).toEqual([1, 1, 1])
  expect(torch.ones([2], { requiresGrad: true }).mul(2).tolist()).toEqual([2, 2])
})

test('members return the same as in Python', () => {
  const x = torch.zeros([2, 3, 4]).transpose(0, 2)
  expect(x.shape).toEqual([4, 3, 2])
  expect(x.size()).toEqual([4, 3, 2])
  expect([x.size(0), x.size(-1), x.dim(), x.ndim, x.numel(), x.elementSize(), x.nbytes, x.itemsize]).toEqual([4, 2, 3, 3, 24, 4, 96, 4])
  expect(x.stride()).toEqual([1, 4, 12])
  expect(x.stride(-1)).toBe(12)
  expect([x.isContiguous(), x.contiguous().isContiguous()]).toEqual([false, true])
  expect(x.index([1]).storageOffset()).toBe(1)
  expect(() => x.size(3)).toThrow(/dimension 3 is out of range for a tensor of 3 dimensions/)
  expect(() => x.stride(3)).toThrow(/dimension 3 is out of range/)
  expect([x.device, x.dtype, x.layout, x.isCuda, x.isLeaf, x.requiresGrad, x.grad, x.gradFn]).toEqual([
    'cpu',
    'float32',
    'strided',
    false,
    true,
    false,
    null,
    null,
  ])
  expect([x.isFloatingPoint(), x.isComplex()]).toEqual([true, false])
  expect(
    [
      ...torch.tensor([
        [1, 2],
        [3, 4],
      ]),
    ].map((row) => row.tolist()),
  ).toEqual([
    [1, 2],
    [3, 4],
  ])
  expect(() => [...torch.tensor(1)]).toThrow(/without dimensions/)
  expect(torch.tensor({ real: 1, imag: 2 }).real.item()).toBe(1)
})

describe('to', () => {
  test('changes dtype, device and format, and is the tensor itself where nothing changes', () => {
    const x = torch.ones([2, 3, 4, 4])
    expect(x.to('float32')).toBe(x)
    expect(x.to('cpu')).toBe(x)
    expect(Object.is(x.to({ copy: true }), x)).toBe(false)
    expect(x.to('float64').dtype).toBe('float64')
    expect(x.to({ dtype: 'int64', device: 'cpu', nonBlocking: true }).dtype).toBe('int64')
    expect(x.to('cpu', 'float16').dtype).toBe('float16')
    expect(x.to(torch.ones([1], { dtype: 'float64' })).dtype).toBe('float64')
    expect(x.to({ memoryFormat: 'channelsLast' }).isContiguous('channelsLast')).toBe(true)
    expect(x.contiguous({ memoryFormat: 'channelsLast' }).isContiguous({ memoryFormat: 'channelsLast' })).toBe(true)
    expect([x.isContiguous({ memoryFormat: 'channelsLast' }), x.isContiguous({}), x.contiguous({}).isContiguous()]).toEqual([
      false,
      true,
      true,
    ])
    expect(() => x.isContiguous({ memory_format: 'channelsLast' } as never)).toThrow(/unknown option 'memory_format'.*memoryFormat/)
    expect(() => x.contiguous({ memoryFormat: 'rows' as never })).toThrow(/unknown memory format 'rows'/)
    expect(x.to('meta').device).toBe('meta')
    const casts = ['float', 'double', 'half', 'bfloat16', 'int', 'long', 'short', 'char', 'byte', 'bool'] as const
    expect(casts.map((name) => x[name]().dtype)).toEqual([
      'float32',
      'float64',
      'float16',
      'bfloat16',
      'int32',
      'int64',
      'int16',
      'int8',
      'uint8',
      'bool',
    ])
    expect(x.type('float64').dtype).toBe('float64')
  })

  test('a memory format gives the strides that Python gives, where a tensor is contiguous in both, too', async () => {
    const shapes = [
      [2, 3, 4, 5],
      [4, 5, 1, 1],
      [4, 1, 3, 3],
      [1, 1, 1, 1],
    ]
    const python = await runPython<number[][][]>(
      `
      formats = [torch.channels_last, torch.contiguous_format, torch.preserve_format]
      kernels = [torch.ones(shape) for shape in inputs['shapes']]
      kernels += [kernel.to(memory_format=torch.channels_last) for kernel in kernels]
      outputs = [[list(kernel.to(memory_format=f).stride()) for f in formats] for kernel in kernels]`,
      { shapes },
    )
    const kernels = shapes.map((shape) => torch.ones(shape))
    kernels.push(...kernels.map((kernel) => kernel.to({ memoryFormat: 'channelsLast' })))
    const formats = ['channelsLast', 'contiguousFormat', 'preserveFormat'] as const
    expect(kernels.map((kernel) => formats.map((memoryFormat) => kernel.to({ memoryFormat }).stride()))).toEqual(python)
    const last = kernels[4]!
    expect(last.to({ memoryFormat: 'channelsLast' })).toBe(last)
    expect(last.to({ memoryFormat: 'channelsLast', copy: true })).not.toBe(last)
  })

  test('takes a memory format in every conversion that is a method', () => {
    const x = torch.ones(2, 3, 4, 5)
    const names = [
      'float',
      'double',
      'half',
      'bfloat16',
      'int',
      'long',
      'short',
      'char',
      'byte',
      'bool',
      'cfloat',
      'cdouble',
      'cpu',
    ] as const
    for (const name of names) {
      expect([name, x[name]({ memoryFormat: 'channelsLast' }).stride()]).toEqual([name, [60, 1, 15, 3]])
      expect([name, x[name]({ memoryFormat: 'preserveFormat' }).stride()]).toEqual([name, [60, 20, 5, 1]])
      expect([name, x[name]({ memoryFormat: 'channelsLast' })[name]().stride()]).toEqual([name, [60, 1, 15, 3]])
    }
    expect(x.type(torch.double, { memoryFormat: 'channelsLast' }).stride()).toEqual([60, 1, 15, 3])
    expect(x.float()).toBe(x)
    expect(x.float({ memoryFormat: 'contiguousFormat' })).toBe(x)
    expect(() => torch.ones(2).float({ memoryFormat: 'channelsLast' })).toThrow(/required rank 4 tensor to use channels_last format/)
    expect(() => x.float({ memory_format: 'channelsLast' } as never)).toThrow(/float\(\): unknown option 'memory_format'.*memoryFormat/)
  })

  test('copies a tensor or a number into the tensor', () => {
    const x = torch.ones(2, 2)
    expect(x.copy_(torch.tensor([1n, 2n]), true)).toBe(x)
    expect(x.tolist()).toEqual([
      [1, 2],
      [1, 2],
    ])
    expect(x.copy_(3).sum().item()).toBe(12)
    expect(() => x.copy_('3' as never)).toThrow(/copy_\(\): src: expected a Tensor or a number but received '3'/)
  })

  test('keeps the graph', () => {
    const x = torch.ones([2], { requiresGrad: true })
    x.to('float64').sum().backward()
    expect(x.grad!.dtype).toBe('float32')
  })

  test('says what it takes', () => {
    // @ts-expect-error a misspelt dtype
    expect(() => torch.ones([1]).to('flaot32')).toThrow(
      /expected a dtype or a device .* but received 'flaot32' \(did you mean 'float32'\?\)/,
    )
    expect(() => torch.ones([1]).to(3 as never)).toThrow(
      /to\(\): target: expected a dtype, a device or a Tensor, or \{ dtype, .* \} but received 3/,
    )
    expect(() => torch.ones([1]).to({ dytpe: 'float64' } as never)).toThrow(/unknown option 'dytpe' \(did you mean 'dtype'\?\)/)
  })
})

describe('transposes', () => {
  test('are of matrices, or of batches of them, as in Python', () => {
    const x = torch.tensor([[{ real: 1, imag: 2 }, { real: 3, imag: 0 }]]) // prettier-ignore
    expect(x.H.tolist()).toEqual([[[1, -2]], [[3, -0]]])
    expect(torch.ones(2, 3, 4).mT.shape).toEqual([2, 4, 3])
    expect(torch.ones(2, 3, 4).mH.shape).toEqual([2, 4, 3])
    expect([torch.tensor(1).H, torch.tensor(1).mT].map((y) => y.shape)).toEqual([[], []])
    expect(() => torch.ones(2, 3, 4).H).toThrow(/only supported on matrices \(2-D tensors\)\. Got 3-D tensor.*mH/)
    expect(() => torch.ones(3).H).toThrow(/Got 1-D tensor/)
    expect(() => torch.ones(3).mT).toThrow(/matrices or batches of matrices\. Got 1-D tensor/)
  })
})
