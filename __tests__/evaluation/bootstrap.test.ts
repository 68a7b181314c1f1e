import { describe, expect, test } from '@jest/globals'
import { bootstrap } from '../../src/evaluation'
import { runPython } from '../support/python'

/** The weighted mean of values. */
const meanOf = (values: readonly number[]) => (weights: readonly number[]) =>
  weights.reduce((sum, weight, i) => sum + weight * values[i]!, 0) / values.length

describe('the interval of resampled images', () => {
  test('is that of the normal distribution for the mean of many', () => {
    const values = Array.from({ length: 400 }, (_, i) => Math.sin(i * i))
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const error = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) / 20
    const { low, high } = bootstrap(400, meanOf(values))!
    expect(Math.abs(low - (mean - 1.96 * error))).toBeLessThan(0.15 * error)
    expect(Math.abs(high - (mean + 1.96 * error))).toBeLessThan(0.15 * error)
  })

  test('holds the true mean in about 95 % of samples, also of eight images', async () => {
    const { samples } = await runPython<{ samples: number[][] }>(
      `import torch
torch.manual_seed(0)
outputs = {'samples': torch.randn(200, 8).tolist()}`,
      {},
    )
    const held = samples.filter((values) => {
      const { low, high } = bootstrap(8, meanOf(values))!
      return low <= 0 && high >= 0
    })
    expect(held.length / samples.length).toBeGreaterThan(0.91)
    expect(held.length / samples.length).toBeLessThan(0.99)
  })

  test('holds the value of a statistic that the drawings raise', () => {
    const square = (weights: readonly number[]) => meanOf([-3, -2, -1, 1, 2, 3])(weights) ** 2
    const { low, high } = bootstrap(6, square)!
    expect(low).toBeLessThan(0)
    expect(high).toBeGreaterThan(0)
  })

  test('is the same every time, a point where all are equal, and none of a single image or without values', () => {
    const statistic = meanOf([1, 2, 4, 8, 16])
    expect(bootstrap(5, statistic)).toEqual(bootstrap(5, statistic))
    expect(bootstrap(3, () => 0.5)).toEqual({ low: 0.5, high: 0.5 })
    expect(bootstrap(1, statistic)).toBeNull()
    expect(bootstrap(5, () => null)).toBeNull()
  })
})
