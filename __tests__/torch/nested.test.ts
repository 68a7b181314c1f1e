import { expect, jest, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { runChild } from '../support/child'

// Children share two cores with other test files.
jest.setTimeout(180_000)

test('nested arrays become a tensor without a second copy in the heap of JavaScript', async () => {
  const shapes = await runChild<unknown>(
    `
    const row = new Array(1e6).fill(1)
    const rows = Array(24).fill(row)
    const x = torch.tensor(rows)
    const y = torch.tensor(rows, { dtype: 'uint8' })
    const z = torch.tensor(Array(3).fill(new Array(1e5).fill(2n)))
    report([x.shape, x.sum().item(), y.dtype, y.sum().item(), z.dtype, z.shape, z.sum().item(), z.index([2, 99999]).item()])
  `,
    { nodeArguments: ['--max-old-space-size=128'] },
  )
  expect(shapes).toEqual([[24, 1e6], 2.4e7, 'uint8', 2.4e7, 'int64', [3, 1e5], 6e5, 2])
})

test('arrays that come many times are read once', () => {
  const empty = Array.from({ length: 40 }).reduce<unknown>((inner) => [inner, inner], [])
  expect(torch.tensor(empty as number[]).shape).toEqual([...(Array(40).fill(2) as number[]), 0])
})

test('chunks keep the order and the dtypes of elements', () => {
  const numbers = Array.from({ length: 70_001 }, (_, i) => i)
  for (const dtype of ['float32', 'float64', 'int64', 'int32', 'complex64'] as const)
    expect(
      torch
        .tensor(numbers, { dtype })
        .sub(torch.arange(70_001, { dtype: 'float64' }))
        .abs()
        .sum()
        .item(),
    ).toBe(0)
  expect(torch.tensor([numbers, numbers], { dtype: 'float16' }).select(0, 1).narrow(0, 2000, 3).tolist()).toEqual([2000, 2001, 2002])
  expect(
    torch
      .tensor(numbers.map((i) => ({ real: i, imag: -i })))
      .imag.to('float64')
      .sum()
      .item(),
  ).toBe(-2450035000)
  expect(() => torch.tensor([...numbers, 300], { dtype: 'uint8' })).toThrow(/256 does not fit uint8/)
  expect(() => torch.tensor([...numbers, [1]] as number[])).toThrow(/nested arrays must be even/)
})

test('an array that changes while it is read is an error', () => {
  const fickle = [1, 2, 3]
  let reads = 0
  Object.defineProperty(fickle, 1, { get: () => (reads++ > 0 ? [4] : 2) })
  expect(() => torch.tensor(fickle)).toThrow(/nested arrays must be even/)
})
