import { beforeAll, describe, expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import {
  IMAGENET_MEAN,
  IMAGENET_STD,
  Normalize,
  adjustHue,
  colorJitter,
  gaussianBlur,
  hsvToRgb,
  rgbToGrayscale,
  rgbToHsv,
  solarize,
} from '../../../src/vision/transforms'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'

/** Noise, and the pixels at which branches turn: black, white, grey, pure colours, values outside 0…1. */
function testImages(dtype: 'float32' | 'float64'): Tensor {
  torch.manualSeed(3)
  const images = torch.rand([4, 3, 16, 12], { dtype })
  images.narrow(2, 0, 1).fill_(0)
  images.narrow(2, 1, 1).fill_(1)
  images.narrow(2, 2, 1).fill_(0.5)
  const pure = images.select(2, 3)
  pure.fill_(0)
  for (const channel of [0, 1, 2])
    pure
      .select(1, channel)
      .narrow(1, channel * 4, 3)
      .fill_(1)
  return images
}

const orders = [
  [0, 1, 2, 3],
  [3, 2, 1, 0],
  [2, 0, 3, 1],
]

const factors = {
  brightness: torch.tensor([0.2, 0.9, 1.3, 1.8]),
  contrast: torch.tensor([1.8, 0.2, 1.1, 0.7]),
  saturation: torch.tensor([0.2, 1.8, 0.5, 1.4]),
  hue: torch.tensor([-0.2, 0.2, 0.01, -0.1]),
}
const thresholds = torch.tensor([0.4, 0.45, 0.55, 0.6])
const additions = torch.tensor([-0.1, 0, 0.05, 0.1])

type Answer = Record<'jitter' | 'outside', Tensor[]> &
  Record<'gray' | 'blur' | 'wideBlur' | 'solarized' | 'normalized' | 'hsv' | 'rgb' | 'hue', Tensor>

describe.each([
  ['float32', 2e-6],
  ['float64', 1e-12],
] as const)("in %s the augmentations with fixed parameters are kornia's", (dtype, atol) => {
  const images = testImages(dtype)
  let expected: Answer

  beforeAll(async () => {
    expected = await runPython<Answer>(
      `
      import math, kornia
      from kornia import augmentation as augs, filters
      images, f = inputs['images'], inputs['factors']
      ones = torch.ones(4)
      jitter = augs.ColorJitter(0.8, 0.8, 0.8, 0.2)
      def jittered(images, order):
          params = {name + '_factor': f[name] for name in f}
          return jitter(images, params=dict(params, order=torch.tensor(order), batch_prob=ones))
      solarize = augs.RandomSolarize(p=0.5)
      outputs = {
          'jitter': [jittered(images, order) for order in inputs['orders']],
          'outside': [jittered(images * 3 - 1, order) for order in inputs['orders']],
          'gray': augs.RandomGrayscale(p=0.2)(images, params={'batch_prob': ones}),
          'blur': filters.GaussianBlur2d((3, 3), (1.5, 1.5))(images),
          'wideBlur': filters.GaussianBlur2d((7, 7), (0.6, 0.6))(images),
          'solarized': solarize(images * 3 - 1, params={'thresholds': inputs['thresholds'], 'additions': inputs['additions'], 'batch_prob': ones}),
          'normalized': augs.Normalize(mean=torch.tensor([0.485, 0.456, 0.406]), std=torch.tensor([0.229, 0.224, 0.225]))(images),
          'hsv': kornia.color.rgb_to_hsv(images),
          'rgb': kornia.color.hsv_to_rgb(kornia.color.rgb_to_hsv(images)),
          'hue': kornia.enhance.adjust_hue(images, f['hue'] * 2 * math.pi),
      }
      `,
      { images, factors, orders, thresholds, additions },
    )
  })

  test('colour jitter, in three orders of its steps', () => {
    const outside = images.mul(3).sub(1)
    for (const [i, order] of orders.entries()) {
      expectWith(colorJitter(images, { ...factors, order }), `order ${order.join()}`).toBeAllclose(expected.jitter[i]!, { atol })
      expectWith(colorJitter(outside, { ...factors, order }), `order ${order.join()}, outside 0…1`).toBeAllclose(expected.outside[i]!, {
        atol,
      })
    }
  })

  test('grayscale', () => {
    expect(rgbToGrayscale(images).expandAs(images)).toBeAllclose(expected.gray, { atol })
  })

  test('blur', () => {
    expect(gaussianBlur(images, 3, 1.5)).toBeAllclose(expected.blur, { atol })
    expect(gaussianBlur(images, 7, 0.6)).toBeAllclose(expected.wideBlur, { atol })
  })

  test('solarize: the addition first, then the inversion from the threshold on', () => {
    const clamped = images.mul(3).sub(1).clamp(0, 1)
    expect(solarize(clamped, thresholds, additions)).toBeAllclose(expected.solarized, { atol })
  })

  test('normalisation', () => {
    expect(new Normalize(IMAGENET_MEAN, IMAGENET_STD).call(images)).toBeAllclose(expected.normalized, { atol: 4 * atol })
  })

  test('colour spaces', () => {
    expect(rgbToHsv(images)).toBeAllclose(expected.hsv, { atol: 4 * atol })
    expect(hsvToRgb(rgbToHsv(images))).toBeAllclose(expected.rgb, { atol: 4 * atol })
    expect(adjustHue(images, factors.hue)).toBeAllclose(expected.hue, { atol: 4 * atol })
  })
})
