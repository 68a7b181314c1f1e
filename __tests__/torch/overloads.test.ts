import { describe, expect, it } from '@jest/globals'
import * as torch from '../../src/torch'

const x = torch.tensor([
  [1, 2, 3],
  [4, 5, 6],
])

describe('a call of a generated function', () => {
  it('takes the overload for a tensor or the one for a number', () => {
    expect(x.add(x)).toBeAllclose([
      [2, 4, 6],
      [8, 10, 12],
    ])
    expect(torch.add(x, 2)).toBeAllclose([
      [3, 4, 5],
      [6, 7, 8],
    ])
    expect(torch.pow(2, x).index([0])).toBeAllclose([2, 4, 8])
    expect(x.clamp(2, 5)).toBeAllclose([
      [2, 2, 3],
      [4, 5, 5],
    ])
    expect(x.clamp(x.mul(2)).index([0])).toBeAllclose([2, 4, 6])
  })

  it('takes keyword-only arguments from a last object', () => {
    expect(x.add(x, { alpha: 2 }).index([0])).toBeAllclose([3, 6, 9])
    expect(x.add(1, { alpha: 10 }).index([0])).toBeAllclose([11, 12, 13])
    expect(x.div(torch.tensor(2), { roundingMode: 'floor' }).index([0])).toBeAllclose([0, 1, 1])
  })

  it('takes arguments with defaults by position, by name, or in part', () => {
    expect(x.sum([1], true).shape).toEqual([2, 1])
    expect(x.sum([1], { keepdim: true }).shape).toEqual([2, 1])
    expect(torch.flatten(x, { startDim: 0 }).shape).toEqual([6])
    expect(torch.flatten(x, { endDim: 1 }).shape).toEqual([6])
  })

  it('takes every argument by name, as PyTorch does', () => {
    expect(x.sum({ dim: [1], keepdim: true }).shape).toEqual([2, 1])
    expect(x.transpose({ dim0: 0, dim1: 1 }).shape).toEqual([3, 2])
    expect(torch.relu({ input: x.neg() })).toBeAllclose(torch.zerosLike(x).tolist() as number[][])
  })

  it('takes one number for a list of whole numbers', () => {
    expect(torch.nn.functional.avgPool2d(torch.ones([1, 1, 4, 4]), 2).shape).toEqual([1, 1, 2, 2])
    expect(x.sum(1).tolist()).toEqual([6, 15])
    expect(x.roll(1, 1).index([0])).toBeAllclose([3, 1, 2])
  })

  it('takes a list of whole numbers as several arguments where it is the only one', () => {
    expect(x.view(3, 2).shape).toEqual([3, 2])
    expect(x.reshape(-1).shape).toEqual([6])
    expect(x.permute(1, 0).shape).toEqual([3, 2])
    expect(x.unsqueeze(0).expand(2, -1, -1).shape).toEqual([2, 2, 3])
    expect(x.repeat(2, 1).shape).toEqual([4, 3])
    expect(x.flip(0).index([0])).toBeAllclose([4, 5, 6])
  })

  it('takes null for what may be left out', () => {
    expect(x.clamp(null, 4).index([1])).toBeAllclose([4, 4, 4])
    expect(torch.nn.functional.linear(x, torch.ones([1, 3]), null)).toBeAllclose([[6], [15]])
    expect(x.sum(null).item()).toBe(21)
  })

  it('takes lists of tensors', () => {
    expect(torch.cat([x, x]).shape).toEqual([4, 3])
    expect(torch.stack([x, x], 1).shape).toEqual([2, 2, 3])
    expect(torch.cat([x, x], { dim: 1 }).shape).toEqual([2, 6])
  })

  it('takes a zero-dimensional tensor for a number, as Python does', () => {
    expect(x.narrow(1, torch.tensor(1n), 2).shape).toEqual([2, 2])
    expect(torch.full([2], 3).clamp(torch.tensor(5)).tolist()).toEqual([5, 5])
  })

  it('gives arrays of tensors where the operator has several results', () => {
    const [values, indices] = x.max(1)
    expect(values).toBeAllclose([3, 6])
    expect(indices!.tolist()).toEqual([2, 2])
    expect(x.split(2, 1).map((part) => part.shape)).toEqual([
      [2, 2],
      [2, 1],
    ])
  })

  it('gives the tensor itself from a method that works in place', () => {
    const y = torch.ones([2])
    expect(y.add_(1)).toBe(y)
    expect(y.mul_(torch.tensor([2, 3]))).toBe(y)
    expect(torch.relu_(y)).toBe(y)
    expect(y.tolist()).toEqual([4, 6])
  })

  it('makes tensors with the options that say what they are', () => {
    expect(torch.zeros([2, 3], { dtype: 'float64' }).dtype).toBe('float64')
    expect(torch.ones([2], { requiresGrad: true }).requiresGrad).toBe(true)
    expect(torch.randn([2], { generator: new torch.Generator().manualSeed(1), dtype: 'float64' }).dtype).toBe('float64')
    expect(torch.zerosLike(x, { dtype: 'int32' }).dtype).toBe('int32')
    expect(torch.arange(0, 1, 0.25).tolist()).toEqual([0, 0.25, 0.5, 0.75])
    expect(torch.arange(5).dtype).toBe('int64')
  })

  it('has one meaning for numbers: whole ones are ints, torch.float forces a double', () => {
    const ints = torch.tensor([1n, 2n])
    expect(ints.add(1).dtype).toBe('int64')
    expect(ints.add(1.5).dtype).toBe('float32')
    expect(ints.mul(torch.float(2)).dtype).toBe('float32')
    expect(ints.add(true).dtype).toBe('int64')
  })
})

describe('a call that no overload takes', () => {
  const wrong = (call: () => unknown): string => {
    try {
      call()
    } catch (error) {
      expect((error as { code?: string }).code).toBe('ARGUMENT')
      return (error as Error).message
    }
    throw new Error('nothing was thrown')
  }

  it('lists what came and every overload', () => {
    // @ts-expect-error a string is no operand
    const message = wrong(() => x.add('1'))
    expect(message).toContain("received ('1')")
    expect(message).toContain('add(other: Tensor, { alpha?: number })')
    expect(message).toContain('add(other: number, alpha?: number)')
  })

  it('names the argument where there is one overload only', () => {
    // @ts-expect-error a tensor is no dimension
    expect(wrong(() => x.unsqueeze(x))).toContain('dim: expected a whole number but received Tensor float32 [2, 3]')
    // @ts-expect-error the dimension is missing
    expect(wrong(() => x.unsqueeze())).toContain('dim is missing')
    // @ts-expect-error one too many
    expect(wrong(() => x.unsqueeze(0, 1))).toContain('at most 1')
  })

  it('names the nearest option for an unknown one, in the Python spelling too', () => {
    // @ts-expect-error a misspelt name
    expect(wrong(() => torch.cumsum(x, { dimm: 0 }))).toContain("did you mean 'dim'?")
    // @ts-expect-error Python's spelling
    expect(wrong(() => torch.zeros([2], { requires_grad: true }))).toContain("did you mean 'requiresGrad'?")
    // @ts-expect-error Python's spelling
    expect(wrong(() => torch.nn.functional.interpolate(torch.ones([1, 1, 2, 2]), { scale_factor: 2 }))).toContain(
      "did you mean 'scaleFactor'?",
    )
  })

  it('names an option that none of several overloads has, and the nearest', () => {
    // @ts-expect-error a misspelt name
    expect(wrong(() => x.sum([1], { keepDim: true }))).toMatch(/^sum\(\): unknown option 'keepDim' \(did you mean 'keepdim'\?\); received/)
    // @ts-expect-error Python's spelling
    expect(wrong(() => torch.randn([2], { requires_grad: true }))).toContain("did you mean 'requiresGrad'?")
    expect(wrong(() => torch.ops.aten.add!(x, x, { aplha: 1 } as never))).toContain("did you mean 'alpha'?")
  })

  it('refuses an argument given by position and by name', () => {
    // @ts-expect-error given twice
    expect(wrong(() => torch.flatten(x, 0, { startDim: 0 }))).toMatch(/both by position/)
    // @ts-expect-error given twice
    expect(wrong(() => torch.nn.functional.leakyRelu(x, 0.1, { negativeSlope: 0.2 }))).toContain('both by position')
  })

  it('refuses a number that is not whole where an int belongs', () => {
    expect(wrong(() => x.unsqueeze(0.5))).toMatch(/expected a whole number/)
  })
})
