import { beforeEach, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { expectWith } from '../support/expect'
import { skipIf } from '../support/skip'
import { copyOf, gradientsOf, overlapping, smallImages, smallLearner } from './small'

const isAvailable = torch.cuda.isAvailable()

beforeEach(() => {
  torch.manualSeed(31)
})

skipIf(!isAvailable, 'libtorch sees no CUDA device').describe('a learner on the GPU', () => {
  test.each([
    ['PixPro', {}],
    ['PixContrast, every image its own crop', { usePixpro: false, cropPer: 'sample', contrast: 'pixel', distance: 'bin' }],
  ] as const)('trains as on the CPU, to 1e-4: %s', (_, options) => {
    const here = smallLearner({ ppmNumLayers: 2, ...options })
    const there = smallLearner({ ppmNumLayers: 2, ...options })
    there.loadStateDict(here.stateDict())
    there.to('cuda')
    const perSample = 'cropPer' in options
    const views = perSample ? ([Array(3).fill(overlapping[0]), Array(3).fill(overlapping[1])] as never) : overlapping
    const learners = [here, there] as const
    const optimizers = learners.map((learner) => new torch.optim.SGD(learner.parameters(), { lr: 0.05, momentum: 0.9 }))
    for (let step = 0; step < 5; step++) {
      const images = smallImages()
      const [one, two] = learners.map((learner, i) => {
        const [loss, pairs] = learner.forward(images.to(i === 0 ? 'cpu' : 'cuda'), { returnPositivePairs: true, views })
        optimizers[i]!.zeroGrad()
        loss.backward()
        optimizers[i]!.step()
        learner.updateMovingAverage()
        return { loss, pairs }
      }) as [{ loss: torch.Tensor; pairs: number }, { loss: torch.Tensor; pairs: number }]
      expect(two.loss.device).toBe('cuda:0')
      expect(two.pairs).toBe(one.pairs)
      expectWith(two.loss.cpu(), `loss of step ${step}`).toBeAllclose(one.loss, { rtol: 1e-4, atol: 1e-5 })
    }
    expect(Object.values(gradientsOf(there)).every((grad) => grad.isCuda)).toBe(true)
    const expected = copyOf(here.stateDict())
    for (const [name, value] of Object.entries(there.stateDict())) {
      expectWith(value.cpu(), name).toBeAllclose(expected[name]!, { rtol: 1e-3, atol: 1e-4 })
    }
  })

  test('draws its default augmentations there, and says where images must be', () => {
    const learner = smallLearner({ augmentFn: undefined }).to('cuda')
    expect(Number.isFinite(learner.forward(smallImages().to('cuda')).item())).toBe(true)
    expect(() => learner.forward(smallImages())).toThrow(
      /expected images on cuda:0, where the learner is, but they are on cpu: call images.to\('cuda:0'\)/,
    )
  })
})

skipIf(isAvailable, 'libtorch sees a CUDA device').test('without CUDA, learner.to says how to get it, and the learner stays whole', () => {
  const learner = smallLearner()
  expect(() => learner.to('cuda')).toThrow(/CUDA is not available: libtorch .*\nTo get one: .*pixelcl setup/)
  learner.forward(smallImages(), { views: overlapping }).backward()
})
