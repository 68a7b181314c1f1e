import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'

const two = torch.tensor([1, 2])

/** A tensor as JavaScript's operators see it, which TypeScript lets stand beside tensors only. */
const number = (tensor: torch.Tensor): number => tensor as unknown as number

describe("a tensor of one element under JavaScript's operators", () => {
  test('compares by its number, not by its text', () => {
    expect(torch.tensor(10) < torch.tensor(9)).toBe(false)
    expect(torch.tensor(10) > torch.tensor([[9]])).toBe(true)
    expect(torch.tensor(-1) <= torch.tensor(-1)).toBe(true)
    expect(number(torch.tensor(2n ** 60n)) < 2 ** 61).toBe(true)
  })

  test('is converted to a number by operators', () => {
    expect(number(torch.tensor(3)) * 2).toBe(6)
    expect(number(torch.tensor(3)) + 1).toBe(4)
    expect(-number(torch.tensor(0.5, { dtype: 'float16' }))).toBe(-0.5)
    expect(Number(torch.tensor(7n))).toBe(7)
    expect(Number(torch.tensor(true))).toBe(1)
    expect(Math.min(number(torch.tensor(5)), 1)).toBe(1)
    expect(Number(torch.tensor(2, { requiresGrad: true }).mul(2))).toBe(4)
  })

  test('is converted to text in a string context', () => {
    expect(`${String(torch.tensor(2))} ${String(two)}`).toBe('tensor(2.) tensor([1., 2.])')
  })

  test('of more elements, of none and of complex numbers is refused, with what to call instead', () => {
    expect(() => two < two).toThrow(/one element, as x\.item\(\) gives it, but received one of shape \[2\].*x\.lt\(y\)/)
    expect(() => number(two) * 2).toThrow(/x\.mul\(y\)/)
    expect(() => Number(torch.ones([0]))).toThrow(/shape \[0\]/)
    expect(() => Number(torch.tensor({ real: 1, imag: 2 }))).toThrow(/complex number has no order.*x\.real/)
    expect(() => number(two) + 1).toThrow(torch.ArgumentError)
  })
})

describe('JSON.stringify', () => {
  test('writes the values', () => {
    const json = JSON.stringify({
      scalar: torch.tensor(1.5),
      matrix: torch.tensor([[1n, 2n], [3n, 4n]]), // prettier-ignore
      flags: torch.tensor([true, false]),
      complex: torch.tensor([{ real: 1, imag: -1 }]),
      none: torch.ones([0, 2]),
      special: torch.tensor([NaN, Infinity]),
      parameter: new torch.nn.Parameter(torch.ones([1])),
    })
    expect(JSON.parse(json)).toEqual({
      scalar: 1.5,
      matrix: [
        [1, 2],
        [3, 4],
      ],
      flags: [true, false],
      complex: [[1, -1]],
      none: [],
      special: [null, null],
      parameter: [1],
    })
  })

  test('refuses integers that JSON would round', () => {
    expect(() => JSON.stringify(torch.tensor([2n ** 53n]))).toThrow(/JSON has no exact number for 9007199254740992/)
  })
})
