import { afterEach, describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'

afterEach(() => torch.setDefaultDtype('float32'))

describe('torch.tensor', () => {
  test('gives the default dtype to numbers, int64 to bigints, bool to booleans, whatever their values', () => {
    expect(torch.tensor([1, 2]).dtype).toBe('float32')
    expect(torch.tensor([1n, 2n]).dtype).toBe('int64')
    expect(torch.tensor([true]).dtype).toBe('bool')
    expect(torch.tensor([true, 2n]).dtype).toBe('int64')
    expect(torch.tensor([true, 2n, 1]).dtype).toBe('float32')
    expect(torch.tensor([]).dtype).toBe('float32')
    expect(torch.tensor([{ real: 1, imag: 2 }, 3]).dtype).toBe('complex64')
    expect(torch.tensor(torch.float(1)).dtype).toBe('float32')
    torch.setDefaultDtype('float64')
    expect(torch.tensor([1, 2]).dtype).toBe('float64')
    expect(torch.tensor([{ real: 1, imag: 2 }]).dtype).toBe('complex128')
    expect(torch.full([1], { real: 1, imag: 2 }).dtype).toBe('complex128')
  })

  test('takes the shape of nested arrays, also of none', () => {
    expect(torch.tensor(3).shape).toEqual([])
    expect(torch.tensor([[[1], [2]]]).shape).toEqual([1, 2, 1])
    expect(torch.tensor([[], []]).shape).toEqual([2, 0])
    expect(torch.tensor([torch.tensor(1), 2]).tolist()).toEqual([1, 2])
    expect(torch.tensor([new Float64Array([1, 2]), new Float64Array([3, 4])])).toEqualTensor(
      torch.tensor(
        [
          [1, 2],
          [3, 4],
        ],
        { dtype: 'float64' },
      ),
    )
  })

  test('keeps the dtype of typed arrays and copies their values', () => {
    const kinds = [
      Float32Array,
      Float64Array,
      Int8Array,
      Uint8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
    ] as const
    const dtypes = ['float32', 'float64', 'int8', 'uint8', 'uint8', 'int16', 'uint16', 'int32', 'uint32']
    kinds.forEach((Kind, i) => {
      const values = new Kind([1, 2, 3])
      const x = torch.tensor(values)
      values[0] = 9
      expect([x.dtype, x.tolist()]).toEqual([dtypes[i], [1, 2, 3]])
    })
    expect(torch.tensor(new BigInt64Array([-5n])).tolist()).toEqual([-5])
    expect(torch.tensor(new BigUint64Array([2n ** 64n - 1n])).tolist()).toEqual([2n ** 64n - 1n])
    expect(torch.tensor(Buffer.from([1, 2])).dtype).toBe('uint8')
    expect(torch.tensor(new Float32Array([0, 1, 2, 3]).subarray(1, 3)).tolist()).toEqual([1, 2])
    expect(torch.tensor(new Float32Array([1, 2]), { dtype: 'int64' }).dtype).toBe('int64')
  })

  test('takes back what toTypedArray gives, in every dtype', () => {
    const base = torch.tensor([0, 1, -2, 3.5, 100])
    for (const dtype of torch.dtypes) {
      const x = (/^u|bool|e8m0/.test(dtype) ? base.abs() : base).to(dtype)
      expectWith(torch.tensor(x.toTypedArray() as Float32Array, { dtype }), dtype).toEqualTensor(x)
    }
    expect(torch.tensor(new Float32Array([1, 2, 3, 4]), { dtype: 'complex64' }).tolist()).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(torch.tensor(new Float64Array([1, 2]), { dtype: 'complex64' })).toEqualTensor(torch.tensor([{ real: 1, imag: 2 }]))
    expect(torch.tensor(new Uint8Array([1, 2]), { dtype: 'complex64' }).shape).toEqual([2])
    expect(() => torch.tensor(new Float32Array(3), { dtype: 'complex64' })).toThrow(
      /come as pairs \(re, im\), but the array has 3 elements/,
    )
  })

  test('refuses unknown options, in the Python spelling too', () => {
    expect(() => torch.tensor([1], { requires_grad: true } as never)).toThrow(
      /tensor\(\): unknown option 'requires_grad' \(did you mean 'requiresGrad'\?\)/,
    )
    expect(() => torch.full([1], 1, { requires_grad: true } as never)).toThrow(/did you mean 'requiresGrad'/)
    expect(() => torch.asTensor(torch.ones([1]), { dtpye: 'int64' } as never)).toThrow(/did you mean 'dtype'/)
    expect(() => torch.setDefaultDtype('int64')).toThrow(/float/)
    expect(() => torch.setDefaultDtype('flaot32' as never)).toThrow(
      /setDefaultDtype\(\): dtype: expected a dtype .* but received 'flaot32' \(did you mean 'float32'\?\)/,
    )
  })

  test('says what is wrong with its data', () => {
    expect(() => torch.tensor([[1, 2], [3]])).toThrow(/nested arrays must be even: expected 2 elements at depth 1 but received one of 1/)
    expect(() => torch.tensor([[1], 2])).toThrow(/must be even/)
    expect(() => torch.tensor([1, [2]])).toThrow(/must be even/)
    expect(() => torch.tensor(['1'] as never)).toThrow(/expected numbers, bigints or booleans in nested arrays but received '1'/)
    expect(() => torch.tensor(undefined as never)).toThrow(/received undefined/)
    expect(() => torch.tensor(null as never)).toThrow(/received null/)
    expect(() => torch.tensor([1], { dtype: 'flaot32' as never })).toThrow(/unknown dtype 'flaot32': expected one of float32/)
    expect(() => torch.tensor([300], { dtype: 'uint8' })).toThrow(/300 does not fit uint8: expected a value from 0 to 255/)
    expect(() => torch.tensor([NaN], { dtype: 'int64' })).toThrow(/NaN does not fit int64/)
    expect(() => torch.tensor([2 ** 63], { dtype: 'int64' })).toThrow(/does not fit int64/)
    expect(() => torch.tensor([{ real: 1, imag: 1 }], { dtype: 'float32' })).toThrow(/a complex number cannot become float32/)
    expect(() => torch.tensor([1n], { requiresGrad: true })).toThrow(
      /only floating-point and complex tensors can require gradients, but this one is int64/,
    )
    const round: unknown[] = []
    round.push(round)
    expect(() => torch.tensor(round as never)).toThrow(/more than 64 deep/)
  })

  test('cuts fractions off for integers, as Python does', async () => {
    const { y } = await runPython(`outputs = {'y': torch.tensor([1.7, -1.7, 3.0], dtype=torch.int64)}`)
    expect(torch.tensor([1.7, -1.7, 3], { dtype: 'int64' })).toEqualTensor(y!)
  })

  test('rounds to narrow floats as Python does', async () => {
    const values = [0.1, 1 / 3, 65504, 1e-8, 3.14159265358979, 1e6, -2.5]
    for (const dtype of ['float16', 'bfloat16', 'float8_e4m3fn', 'float8_e5m2'] as const) {
      const { y } = await runPython(`outputs = {'y': torch.tensor(inputs['values'], dtype=torch.${dtype}).float()}`, { values })
      expect(torch.tensor(values, { dtype }).float()).toEqualTensor(y!)
    }
  })
})

test('full, scalarTensor, fullLike and arange follow the number rules', () => {
  expect(torch.full([2], 1).dtype).toBe('float32')
  expect(torch.full([2], 1n).dtype).toBe('int64')
  expect(torch.full([2], true).tolist()).toEqual([true, true])
  expect(torch.full([2], 1, { dtype: 'int32' }).dtype).toBe('int32')
  expect(torch.full([], 2.5).item()).toBe(2.5)
  expect(torch.full([1], 1, { requiresGrad: true }).requiresGrad).toBe(true)
  expect(torch.scalarTensor(3).dtype).toBe('float32')
  expect(torch.scalarTensor(3n).shape).toEqual([])
  expect(torch.fullLike(torch.ones([2], { dtype: 'int64' }), 7)).toEqualTensor(torch.tensor([7n, 7n]))
  expect(torch.arange(3)).toEqualTensor(torch.tensor([0n, 1n, 2n]))
  expect(torch.arange(1, 4).tolist()).toEqual([1, 2, 3])
  expect(torch.arange(0, 1, 0.25)).toEqualTensor(torch.tensor([0, 0.25, 0.5, 0.75]))
  expect(torch.arange(5, 0, -2).tolist()).toEqual([5, 3, 1])
  expect(torch.arange(torch.float(3)).dtype).toBe('float32')
  expect(torch.arange(3, { dtype: 'float64', requiresGrad: true }).requiresGrad).toBe(true)
  expect(() => torch.arange(0, 3, -1)).toThrow(/upper bound and lower bound inconsistent/)
})

test('asTensor copies only where it must', () => {
  const x = torch.ones([2])
  expect(torch.asTensor(x)).toBe(x)
  expect(torch.asTensor(x, { dtype: 'float64' }).dtype).toBe('float64')
  expect(torch.asTensor([1, 2]).tolist()).toEqual([1, 2])
})

test('factories take a size, a dtype and requiresGrad', () => {
  expect(torch.zeros([2, 3], { dtype: 'float64', requiresGrad: true }).requiresGrad).toBe(true)
  expect(torch.ones([2], { dtype: 'bfloat16' }).dtype).toBe('bfloat16')
  expect(torch.eye(2).tolist()).toEqual([
    [1, 0],
    [0, 1],
  ])
  expect(torch.linspace(0, 1, 3).tolist()).toEqual([0, 0.5, 1])
  expect(torch.zeros([0]).numel()).toBe(0)
  expect(() => torch.zeros([-1])).toThrow(/Dimension size must be non-negative/)
  expect(() => torch.zeros([2], { dtyp: 'float64' } as never)).toThrow(/did you mean 'dtype'/)
})

describe('tensors among the values', () => {
  test('give the dtype that Python gives, alone and beside numbers', async () => {
    const elements = {
      ints: [torch.tensor(1n), torch.tensor(2n)],
      'int and float': [torch.tensor(1n), torch.tensor(2.5)],
      'int and number': [torch.tensor(1n), 2.5],
      'double and number': [torch.tensor(1, { dtype: 'float64' }), 2.5],
      'half and number': [torch.tensor(1, { dtype: 'float16' }), 2.5],
      'two halves': [torch.tensor(1, { dtype: 'float16' }), torch.tensor(1, { dtype: 'bfloat16' })],
      'small ints': [torch.tensor(1n, { dtype: 'int8' }), torch.tensor(1n, { dtype: 'uint8' })],
      'flag and int': [torch.tensor(true), 1n],
      complex: [torch.tensor({ real: 1, imag: 2 }), 1.5],
      'one element, one dimension': [torch.tensor([1n]), torch.tensor([2n])],
    } satisfies Record<string, torch.TensorData>
    const { results } = await runPython<{ results: Record<string, torch.Tensor> }>(
      `outputs = {'results': {name: torch.tensor(values) for name, values in inputs.items()}}`,
      elements,
    )
    for (const [name, values] of Object.entries(elements)) {
      const actual = torch.tensor(values)
      expect([name, actual.dtype, actual.tolist()]).toEqual([name, results[name]!.dtype, results[name]!.tolist()])
    }
  })

  test('have one element each', () => {
    expect(() => torch.tensor([torch.ones(2)])).toThrow(
      /expected Tensors of one element .* received Tensor float32 \[2\]: torch\.stack\(\)/,
    )
  })
})

test('flat indices become coordinates as in Python', async () => {
  const cases = [
    { indices: [5n, 7n, 13n, -1n], shape: [3, 4] },
    { indices: [[1234n], [5678n]], shape: [10, 10, 10, 10] },
    { indices: 5n, shape: [4] },
  ].map(({ indices, shape }) => ({ indices: torch.tensor(indices as torch.TensorData), shape }))
  const { results } = await runPython<{ results: torch.Tensor[][] }>(
    `outputs = {'results': [list(torch.unravel_index(case['indices'], case['shape'])) for case in inputs['cases']]}`,
    { cases },
  )
  cases.forEach(({ indices, shape }, i) => {
    const actual = torch.unravelIndex(indices, shape)
    expect(actual.map((index) => [index.dtype, index.tolist()])).toEqual(results[i]!.map((index) => [index.dtype, index.tolist()]))
  })
  const flat = torch.tensor([5n])
  expect(torch.unravelIndex(flat, 4).map((index) => index.tolist())).toEqual([[1]])
  expect(torch.unravelIndex({ indices: torch.tensor([0n]), shape: [] })).toEqual([])
  expect(() => torch.unravelIndex(torch.ones(1), [3])).toThrow(/indices: expected a Tensor of integers but received Tensor float32/)
  expect(() => torch.unravelIndex(torch.tensor([true]), [3])).toThrow(/Tensor of integers/)
  expect(() => torch.unravelIndex(flat, [3, -4])).toThrow(/shape: expected sizes from 0 on but received \[3, -4\]/)
  expect(() => torch.unravelIndex(flat, [2.5])).toThrow(/shape/)
})

test('shapes of negative sizes cannot be broadcast', () => {
  expect(torch.broadcastShapes([2, 1], [3], 1)).toEqual([2, 3])
  expect(() => torch.broadcastShapes([-1], [2])).toThrow(/sizes from 0 on but received -1/)
  expect(() => torch.broadcastShapes(-1)).toThrow(/-1/)
})
