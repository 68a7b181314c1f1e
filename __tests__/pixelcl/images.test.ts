import { beforeEach, describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { ArgumentError } from '../../src/pixelcl'
import { expectWith } from '../support/expect'
import { copyOf, gradientsOf, overlapping, smallImages, smallLearner, warningsOf } from './small'

beforeEach(() => {
  torch.manualSeed(13)
})

describe('images that cannot be', () => {
  const learner = smallLearner()

  test.each<[string, () => unknown, RegExp]>([
    ['three dimensions', () => torch.rand([3, 32, 32]), /expected images \[N, 3, H, W\] but received \[3, 32, 32\]: call unsqueeze\(0\)/],
    ['two dimensions', () => torch.rand([32, 32]), /expected images \[N, 3, H, W\] but received \[32, 32\]/],
    ['one channel', () => torch.rand([2, 1, 32, 32]), /with 3 channels.*received \[2, 1, 32, 32\]: call expand\(\[-1, 3, -1, -1\]\)/],
    ['channels last', () => torch.rand([2, 32, 32, 3]), /with 3 channels.*call permute\(\[0, 3, 1, 2\]\)/],
    ['bytes', () => torch.zeros([2, 3, 32, 32], { dtype: 'uint8' }), /of float32.*received uint8: call images.to\('float32'\).div\(255\)/],
    ['doubles', () => torch.rand([2, 3, 32, 32], { dtype: 'float64' }), /of float32.*received float64: call images.to\('float32'\)$/],
    ['another device', () => torch.rand([2, 3, 32, 32], { device: 'meta' }), /on cpu, where the learner is, but they are on meta/],
    ['no image', () => torch.rand([0, 3, 32, 32]), /the batch of images is empty/],
    [
      'one image',
      () => torch.rand([1, 3, 32, 32]),
      /two or more images in training but received 1: give a larger batch, or call learner.eval\(\)/,
    ],
    ['images of one pixel', () => torch.rand([2, 3, 1, 1]), /images of 1 × 1 are too small/],
    ['an array', () => [[1]], /takes a Tensor of images \[N, 3, H, W\] but received \[\[1\]\]/],
    ['nothing', () => undefined, /takes a Tensor of images \[N, 3, H, W\] but received undefined/],
  ])('%s', (_, make, message) => {
    const call = () => learner.forward(make() as torch.Tensor)
    expect(call).toThrow(message)
    expect(call).toThrow(ArgumentError)
  })

  test('one image is enough in eval mode, and in training without the instance loss', () => {
    const one = smallImages(1)
    expect(smallLearner().eval().forward(one, { views: overlapping }).item()).toEqual(expect.any(Number))
    expect(smallLearner({ instanceWeight: 0 }).forward(one, { views: overlapping }).item()).toEqual(expect.any(Number))
  })
})

describe('values that are no numbers', () => {
  test.each([NaN, Infinity, -Infinity])('%d is reported before anything runs: weights, buffers, target and generator stay', (value) => {
    const learner = smallLearner()
    const before = copyOf(learner.stateDict())
    const images = smallImages()
    images.indexPut_([1, 2, 3, 4], value)
    const state = torch.getRngState()
    expect(() => learner.forward(images)).toThrow(/the images hold (NaN|infinite values): the weights were not changed/)
    expect(torch.getRngState()).toEqualTensor(state)
    for (const [name, tensor] of Object.entries(learner.stateDict())) expectWith(tensor, name).toEqualTensor(before[name]!)
    expect(gradientsOf(learner)).toEqual({})
  })

  test.each(['float64', 'bfloat16', 'float16'] as const)('are seen in %s too', (dtype) => {
    const learner = smallLearner().to(dtype)
    const images = smallImages(2, 'float32').to(dtype)
    images.indexPut_([0, 0, 0, 0], NaN)
    expect(() => learner.forward(images)).toThrow(/hold NaN/)
  })
})

test('images outside 0…1 warn once a learner', async () => {
  const learner = smallLearner()
  const forward = (images: torch.Tensor) => warningsOf(() => learner.forward(images, { views: overlapping }))
  expect(await forward(smallImages())).toEqual([])
  const [warning, ...more] = await forward(smallImages().mul(255))
  expect(warning!.code).toBe('PIXELCL_IMAGE_RANGE')
  expect(warning!.message).toMatch(/images have values from [\d.]+ to 25\d[\d.]*, but values in 0…1 are expected: divide bytes by 255/)
  expect(more).toEqual([])
  expect(await forward(smallImages().sub(0.5))).toEqual([])
  expect(await warningsOf(() => smallLearner().forward(smallImages().sub(0.5), { views: overlapping }))).toHaveLength(1)
})

test('images are never written into, and may be of any size that the layers take', () => {
  const learner = smallLearner({ augmentFn: undefined })
  for (const shape of [
    [2, 3, 32, 32],
    [3, 3, 17, 40],
    [2, 3, 5, 4],
  ]) {
    const images = torch.rand(shape)
    const before = images.clone()
    const [loss, pairs] = learner.forward(images, { returnPositivePairs: true })
    loss.backward()
    expect(images).toEqualTensor(before)
    expect([Number.isFinite(loss.item()), Number.isInteger(pairs)]).toEqual([true, true])
  }
  const channelsLast = smallImages().contiguous('channelsLast')
  expect(learner.forward(channelsLast, { views: overlapping }).shape).toEqual([])
})
