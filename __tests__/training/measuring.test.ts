import { describe, expect, test } from '@jest/globals'
import { measuredWithin, type Effort } from '../../src/training/measuring'

describe('measuring takes', () => {
  const effort: Effort = { images: 1000, run: null, each: 0.1, others: 64, viewShare: 0.25 }
  const within = (change: Partial<Effort>) => measuredWithin({ ...effort, ...change })
  /** Seconds of both measurements: each image passes once whole, and as two pairs of views. */
  const seconds = (images: number, { each, others, viewShare }: Effort) => 2 * each * (others + images * (1 + 4 * viewShare))

  test('at most a minute of a short run, and a tenth of a long one', () => {
    for (const [run, most] of [
      [null, 60],
      [200, 60],
      [900, 90],
      [1100, 110],
    ] as const) {
      // prettier-ignore
      const images = within({ run })
      expect(seconds(images, effort)).toBeLessThanOrEqual(most)
      expect(seconds(images + 1, effort)).toBeGreaterThan(most)
    }
  })

  test('at most 256 images, however long the run, and no more than there are', () => {
    expect(within({ run: 1e6 })).toBe(256)
    expect(within({ run: 1e6, images: 40 })).toBe(40)
    expect(within({ each: 1e-4 })).toBe(256)
  })

  test('at least 16, however long they take', () => {
    expect(within({ each: 30 })).toBe(16)
    expect(within({ each: 30, images: 3 })).toBe(3)
  })
})
