import { describe, expect, test } from '@jest/globals'
import { measuredWithin, type Effort } from '../../src/training/measuring'

describe('measuring takes', () => {
  const effort: Effort = { images: 1000, seen: 0, others: 64, viewShare: 0.25 }
  const within = (change: Partial<Effort>) => measuredWithin({ ...effort, ...change })
  /** Passes of both measurements: each image passes once whole, and as two pairs of views. */
  const passes = (images: number, { others, viewShare }: Effort) => 2 * (others + images * (1 + 4 * viewShare))

  test('at most a tenth of the passes of a training, in which two views of an image cost four each', () => {
    for (const [seen, viewShare, most] of [
      [4_000, 0.25, 800],
      [4_000, 0.36, 1152],
      [1_200, 1, 960],
      [1, 1, 640],
    ] as const) {
      const images = within({ seen, viewShare })
      expect(passes(images, { ...effort, viewShare })).toBeLessThanOrEqual(most)
      expect(passes(images + 1, { ...effort, viewShare })).toBeGreaterThan(most)
    }
  })

  test('at most 256 images, however long the run, and no more than there are', () => {
    expect(within({ seen: 1e6 })).toBe(256)
    expect(within({ seen: 1e6, images: 40 })).toBe(40)
  })

  test('the 32 images of the recipe even in the shortest run, with views as large as images and masks of 96 others', () => {
    expect(within({ seen: 2, viewShare: 1, others: 160 })).toBe(32)
    expect(within({ seen: 2, viewShare: 1, others: 160, images: 32 })).toBe(32)
  })

  test('at least 16 images, however many others pass', () => {
    expect(within({ others: 1000 })).toBe(16)
    expect(within({ others: 1000, images: 3 })).toBe(3)
  })
})
