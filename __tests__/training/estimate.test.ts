import { beforeEach, describe, expect, test } from '@jest/globals'
import { PixelCL } from '../../src/pixelcl'
import * as torch from '../../src/torch'
import type { Loader } from '../../src/training'
import { secondsOfTraining } from '../../src/training/estimate'
import { loopOptions } from '../../src/training/options'
import { Small } from '../pixelcl/small'
import { endless } from './support'

describe('the estimate of a training', () => {
  let learner: PixelCL
  let taken: number[]
  beforeEach(() => {
    torch.manualSeed(1)
    learner = new PixelCL(new Small(), { imageSize: 32, hiddenLayerPixel: 'body' })
    taken = []
  })

  /** Batches that take `wait` milliseconds each. */
  const slow = (wait: number) => (batchSize: number) =>
    endless(async () => {
      taken.push(batchSize)
      await new Promise((resolve) => setTimeout(resolve, wait))
      return torch.rand([batchSize, 3, 32, 32])
    })
  const estimate = (steps: number, batchSize: number, loader: (batchSize: number) => Loader<torch.Tensor>) =>
    secondsOfTraining(learner, { loop: loopOptions.parse({ schedule: { steps } }), batchSize, viewSize: [32, 32], loader })

  test('changes neither weights nor statistics nor the generator', async () => {
    const before = Object.entries(learner.stateDict()).map(([name, value]) => [name, value.clone()] as const)
    const generator = torch.getRngState()
    expect(await estimate(100_000, 4, slow(0))).toBeGreaterThan(0)
    expect(taken.length).toBeGreaterThan(1)
    expect(torch.getRngState()).toEqualTensor(generator)
    for (const [name, value] of before) expect(learner.stateDict()[name]).toEqualTensor(value)
    expect(learner.parameters().every(({ grad }) => grad === null)).toBe(true)
  })

  test('takes no step of a training that is over in seconds or has few', async () => {
    expect(await estimate(2, 2, slow(0))).toBeLessThan(5)
    expect(taken).toEqual([])
  })

  test('counts the time in which the training waits for images, and takes its batches', async () => {
    const seconds = await estimate(100_000, 4, slow(300))
    expect(seconds / 100_000).toBeGreaterThan(0.28)
    expect(new Set(taken)).toEqual(new Set([4]))
    expect(taken.length).toBeLessThanOrEqual(7)
  })
})
