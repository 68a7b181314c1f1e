import { beforeEach, describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { expectWith } from '../support/expect'
import { apart, copyOf, gradientsOf, overlapping, smallImages, smallLearner } from './small'

beforeEach(() => {
  torch.manualSeed(9)
})

describe('where no pixel of one view matches one of the other', () => {
  test('the loss is the instance loss alone, and the count 0', () => {
    const learner = smallLearner({ alpha: 100 })
    const other = smallLearner({ usePixpro: false, alpha: -5 })
    other.loadStateDict(Object.fromEntries(Object.entries(learner.stateDict()).filter(([name]) => !name.startsWith('propagate_pixels'))))
    const images = smallImages()
    const [loss, pairs] = learner.forward(images, { returnPositivePairs: true, views: apart })
    expect(pairs).toBe(0)
    expect(loss).toEqualTensor(other.forward(images, { views: apart }))
    expect(loss.item()).toBeGreaterThan(0)
  })

  test('it is weighed as ever', () => {
    const learner = smallLearner({ instanceWeight: 0.25 })
    const whole = smallLearner()
    whole.loadStateDict(learner.stateDict())
    const images = smallImages()
    expect(learner.forward(images, { views: apart })).toBeAllclose(whole.forward(images, { views: apart }).mul(0.25))
  })

  test('pixel projector and PPM get no gradient, so Adam leaves them, and the batch norm of the PPM does not advance', () => {
    const learner = smallLearner({ ppmNumLayers: 2 })
    const optimizer = new torch.optim.Adam(learner.parameters(), { lr: 0.1 })
    // Moments from a step with pairs would move what has a gradient of zero.
    learner.forward(smallImages(), { views: overlapping }).backward()
    optimizer.step()
    optimizer.zeroGrad()
    const before = copyOf(learner.stateDict())

    learner.forward(smallImages(), { views: apart }).backward()
    const grads = Object.keys(gradientsOf(learner))
    expect(grads.filter((name) => /pixel_projector|propagate_pixels/.test(name))).toEqual([])
    expect(grads).toEqual(
      expect.arrayContaining([
        'online_encoder.net.stem.0.weight',
        'online_encoder.instance_projector.net.0.weight',
        'online_predictor.net.0.weight',
      ]),
    )
    optimizer.step()
    const after = learner.stateDict()
    const still = Object.keys(after).filter((name) => /^propagate_pixels|^online_encoder.pixel_projector.*(weight|bias)$/.test(name))
    expect(still).toContain('propagate_pixels.transform_net.1.running_mean')
    for (const name of still) expectWith(after[name], name).toEqualTensor(before[name]!)
    expect(after['online_encoder.net.stem.0.weight']).not.toBeAllclose(before['online_encoder.net.stem.0.weight']!)
  })

  test('with instanceWeight 0 the loss is a zero on which backward works and moves nothing', () => {
    const learner = smallLearner({ instanceWeight: 0 })
    const optimizer = new torch.optim.Adam(learner.parameters(), { lr: 0.1 })
    learner.forward(smallImages(), { views: overlapping }).backward()
    optimizer.step()
    optimizer.zeroGrad()
    const before = copyOf(Object.fromEntries(learner.namedParameters()))
    const [loss, pairs] = learner.forward(smallImages(), { returnPositivePairs: true, views: apart })
    expect([loss.item(), pairs, loss.dtype, loss.shape]).toEqual([0, 0, 'float32', []])
    loss.backward()
    expect(gradientsOf(learner)).toEqual({})
    optimizer.step()
    for (const [name, parameter] of learner.namedParameters()) expectWith(parameter.detach(), name).toEqualTensor(before[name]!.detach())
  })

  test('with a crop for every image only those without pairs are left out', () => {
    const learner = smallLearner({ cropPer: 'sample', instanceWeight: 0 }).eval()
    const images = smallImages(2)
    const views = [
      [overlapping[0], apart[0]],
      [overlapping[1], apart[1]],
    ] as const
    const [both, pairs] = learner.forward(images, { returnPositivePairs: true, views })
    const [one, pairsOfOne] = learner.forward(images.narrow(0, 0, 1), {
      returnPositivePairs: true,
      views: [[overlapping[0]], [overlapping[1]]],
    })
    expect(pairs).toBe(pairsOfOne)
    expect(both).toBeAllclose(one)
  })
})
