import { beforeEach, describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { nn, type Tensor } from '../../src/torch'
import { defaultAugmentation, type AugmentationOptions, type PixelCL } from '../../src/pixelcl'
import {
  IMAGENET_MEAN,
  IMAGENET_STD,
  ColorJitter,
  GaussianBlur,
  Normalize,
  RandomApply,
  RandomGrayscale,
  RandomSolarize,
} from '../../src/vision/transforms'
import { expectWith } from '../support/expect'
import { overlapping, smallImages, smallLearner } from './small'

beforeEach(() => {
  torch.manualSeed(10)
})

class Scale extends nn.Module {
  readonly factor = new nn.Parameter(torch.tensor([0.5]))

  override forward(images: Tensor): Tensor {
    return images.mul(this.factor)
  }
}

describe('the default augmentations', () => {
  test("are the reference's, with its probabilities, one for both views", () => {
    const learner = smallLearner({ augmentFn: undefined })
    const layers = (learner.augment1 as nn.Sequential).children() as unknown as [
      RandomApply,
      RandomGrayscale,
      RandomApply,
      RandomSolarize,
      Normalize,
    ]
    expect(layers.map((layer) => layer.constructor)).toEqual([RandomApply, RandomGrayscale, RandomApply, RandomSolarize, Normalize])
    const [jitter, gray, blur, solarize, normalize] = layers
    expect([jitter.p, gray.p, blur.p, solarize.p]).toEqual([0.8, 0.2, 0.1, 0.5])
    expect(jitter.inner).toBeInstanceOf(ColorJitter)
    expect(blur.inner).toBeInstanceOf(GaussianBlur)
    const factors = (jitter.inner as ColorJitter).draw(2000)
    for (const [name, low, high] of [
      ['brightness', 0.2, 1.8],
      ['contrast', 0.2, 1.8],
      ['saturation', 0.2, 1.8],
      ['hue', -0.2, 0.2],
    ] as const) {
      expectWith(factors[name].min().item(), name).toBeCloseTo(low, 1)
      expectWith(factors[name].max().item(), name).toBeCloseTo(high, 1)
    }
    const white = normalize.call(torch.ones([1, 3, 1, 1]))
    expect(white.flatten()).toBeAllclose([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225])
    expect(learner.augment2).toBe(learner.augment1)
  })

  test('act on each view for itself, in eval mode too', () => {
    const seen: Tensor[] = []
    class Watched extends nn.Module {
      constructor(readonly inner: nn.Module) {
        super()
      }

      override forward(images: Tensor): Tensor {
        seen.push(this.inner.call(images))
        return seen.at(-1)!
      }
    }
    const standard = smallLearner({ augmentFn: undefined }).augment1 as nn.Module
    const learner = smallLearner({ augmentFn: new Watched(standard) }).eval()
    seen.length = 0
    const images = smallImages()
    const whole = { box: { y0: 0, y1: 32, x0: 0, x1: 32 }, hflip: false }
    const losses = Array.from({ length: 3 }, () => learner.forward(images, { views: [whole, whole] }).item())
    expect(seen).toHaveLength(6)
    for (const [i, one] of seen.entries()) for (const two of seen.slice(i + 1)) expect(one).not.toBeAllclose(two, { atol: 1e-3 })
    expect(new Set(losses).size).toBe(3)
    torch.manualSeed(2)
    const first = learner.forward(images).item()
    torch.manualSeed(2)
    expect(learner.forward(images).item()).toBe(first)
  })
})

describe('augmentations as strong as one asks for', () => {
  const only = (options: AugmentationOptions) =>
    defaultAugmentation({ probColorJitter: 0, probGrayscale: 0, probBlur: 0, probSolarize: 0, ...options })
  const images = torch.rand([64, 3, 8, 8])
  const normalised = new Normalize(IMAGENET_MEAN, IMAGENET_STD).call(images)
  /** Which of the images an augmentation changes. */
  const changed = (options: AugmentationOptions) => only(options).call(images).ne(normalised).flatten(1).any(1).sum().item<number>()

  test('none but the normalisation, where every probability is 0', () => {
    expect(only({}).call(images)).toEqualTensor(normalised)
  })

  test.each([
    ['probColorJitter', 1, 64, 64],
    ['probColorJitter', 0, 0, 0],
    ['probGrayscale', 1, 64, 64],
    ['probGrayscale', 0.5, 20, 44],
    ['probBlur', 1, 64, 64],
    ['probSolarize', 1, 64, 64],
    ['probSolarize', 0.5, 20, 44],
  ] as const)('%s %d changes as many images', (name, value, least, most) => {
    const count = changed({ [name]: value })
    expect(count).toBeGreaterThanOrEqual(least)
    expect(count).toBeLessThanOrEqual(most)
  })

  test('a jitter of brightness alone multiplies', () => {
    const dark = images.mul(0.4).add(0.1)
    const jittered = only({ probColorJitter: 1, colorJitter: [0.5, 0, 0, 0] }).call(dark)
    const [mean, std] = [IMAGENET_MEAN, IMAGENET_STD].map((values) => torch.tensor([...values]).view([1, 3, 1, 1])) as [Tensor, Tensor]
    const factors = jittered.mul(std).add(mean).div(dark).flatten(1)
    expect(factors.amax([1]).sub(factors.median(1)[0]).max().item()).toBeLessThan(1e-2)
    expect(factors.min().item()).toBeGreaterThan(0.49)
    expect(factors.max().item()).toBeLessThan(1.51)
  })

  test('keep the places that their state has in Python', () => {
    const learner = smallLearner({ augmentFn: defaultAugmentation({ probSolarize: 0 }) })
    const names = (from: PixelCL) => Object.keys(from.stateDict())
    expect(names(learner)).toEqual(names(smallLearner({ augmentFn: undefined })))
  })

  test('wrong strengths say what is expected', () => {
    expect(() => defaultAugmentation({ probSolarize: 2 })).toThrow(/probSolarize: expected a number of at most 1 but received 2/)
    expect(() => defaultAugmentation({ colorJitter: [0, 0, 0, 0.7] })).toThrow(
      /colorJitter\.3: expected a number of at most 0\.5 but received 0\.7/,
    )
    expect(() => defaultAugmentation({ solarize: 0 } as never)).toThrow(/unknown option 'solarize'.*probSolarize/)
  })
})

describe('a custom augmentation', () => {
  test('sees the view, after crop, resize and flip, and takes the place of the normalisation too', () => {
    const seen: Tensor[] = []
    const learner = smallLearner({
      augmentFn: (view) => {
        seen.push(view)
        return view
      },
    })
    seen.length = 0
    const images = smallImages()
    learner.forward(images, { views: overlapping })
    for (const [i, { box, hflip }] of overlapping.entries()) {
      const cropped = images.index(['...', torch.slice(box.y0, box.y1), torch.slice(box.x0, box.x1)])
      const view = nn.functional.interpolate(cropped, { size: [32, 32] })
      expectWith(seen[i], `view ${i}`).toEqualTensor(hflip ? view.flip([-1]) : view)
    }
  })

  test('is the first of both views, unless the second has its own', () => {
    const calls: string[] = []
    const named = (name: string) => (images: Tensor) => {
      calls.push(name)
      return images
    }
    smallLearner({ augmentFn: named('one') }).forward(smallImages(), { views: overlapping })
    expect(calls).toEqual(['one', 'one'])
    calls.length = 0
    smallLearner({ augmentFn: named('one'), augmentFn2: named('two') }).forward(smallImages(), { views: overlapping })
    expect(calls).toEqual(['one', 'two'])
    const learner = smallLearner({ augmentFn: undefined, augmentFn2: named('two') })
    expect(learner.augment1).toBeInstanceOf(nn.Sequential)
    expect(learner.augment2).toBeInstanceOf(Function)
  })

  test('is given to both encoders as one and the same tensor', () => {
    const learner = smallLearner({ augmentFn: (images) => images.add(torch.randn(images.shape)) })
    const inputs: unknown[] = []
    for (const encoder of [learner.onlineEncoder, learner.targetEncoder!]) {
      encoder.registerForwardPreHook((_, [images]) => void inputs.push(images))
    }
    learner.forward(smallImages(), { views: overlapping })
    expect(inputs).toHaveLength(4)
    expect(inputs[2]).toBe(inputs[0])
    expect(inputs[3]).toBe(inputs[1])
  })

  test("as a module stands in the state under 'augment1.' and 'augment2.', but once in the parameters, first", () => {
    const scale = new Scale()
    const learner = smallLearner({ augmentFn: scale })
    const names = Object.keys(learner.stateDict()).filter((name) => name.startsWith('augment'))
    expect(names).toEqual(['augment1.factor', 'augment2.factor'])
    expect(learner.parameters().filter((parameter) => parameter === scale.factor)).toHaveLength(1)
    expect([...learner.namedParameters()][0]![0]).toBe('augment1.factor')
    learner.forward(smallImages(), { views: overlapping }).backward()
    expect(scale.factor.grad!.abs().item()).toBeGreaterThan(0)
    const two = smallLearner({ augmentFn: new Scale(), augmentFn2: new Scale() })
    expect([...two.namedParameters()].map(([name]) => name).slice(0, 2)).toEqual(['augment1.factor', 'augment2.factor'])
  })

  test('must give a batch of images', () => {
    const wrong = (augmentFn: unknown) => () =>
      smallLearner({ augmentFn: augmentFn as (images: Tensor) => Tensor }).forward(smallImages(), { views: overlapping })
    expect(wrong((images: Tensor) => images.select(0, 0))).toThrow(
      /augmentFn must give a batch of images as it takes one, \[3, 3, 32, 32\], but gave \[3, 32, 32\]/,
    )
    expect(wrong((images: Tensor) => images.narrow(1, 0, 1))).toThrow(/\[3, 3, 32, 32\], but gave \[3, 1, 32, 32\]/)
    expect(wrong(() => undefined)).toThrow(/but gave undefined/)
    expect(wrong(5)).toThrow(/augmentFn: expected a function of images or a Module but received 5/)
  })

  test('that throws leaves the learner as it was', () => {
    let isBroken = true
    const learner = smallLearner({
      augmentFn: (images) => {
        if (isBroken) throw new RangeError('mine')
        return images
      },
    })
    expect(() => learner.forward(smallImages())).toThrow(RangeError)
    isBroken = false
    expect(torch.isGradEnabled()).toBe(true)
    learner.forward(smallImages(), { views: overlapping }).backward()
  })
})
