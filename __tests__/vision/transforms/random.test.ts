import { beforeEach, describe, expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import {
  ColorJitter,
  GaussianBlur,
  Normalize,
  RandomApply,
  RandomGrayscale,
  RandomSolarize,
  adjustHue,
  colorJitter,
  gaussianBlur,
} from '../../../src/vision/transforms'

beforeEach(() => {
  torch.manualSeed(11)
})

/** The share of `rounds` in which `happens`, and how far it may lie from its probability: four standard errors. */
function share(rounds: number, happens: () => boolean): number {
  let count = 0
  for (let i = 0; i < rounds; i++) if (happens()) count++
  return count / rounds
}

const allowed = (p: number, rounds: number) => 4 * Math.sqrt((p * (1 - p)) / rounds)

describe('RandomApply', () => {
  test.each([0, 0.1, 0.8, 1])('runs what it holds on the whole batch with probability %d', (p) => {
    const images = torch.zeros([2, 3, 2, 2])
    const module = new RandomApply((all: Tensor) => all.add(1), p)
    const frequency = share(2000, () => {
      const sum = module.call(images).sum().item()
      expect([0, 24]).toContain(sum)
      return sum === 24
    })
    expect(Math.abs(frequency - p)).toBeLessThanOrEqual(allowed(p, 2000))
  })
})

describe('per image', () => {
  const images = torch.rand([500, 3, 1, 1]).mul(0.3)
  const changed = (output: Tensor) => output.ne(images).flatten(1).any(1).to('float32')

  test('RandomGrayscale chooses each image with its own probability', () => {
    const outputs = Array.from({ length: 8 }, () => changed(new RandomGrayscale(0.2).call(images)))
    const shares = outputs.map((output) => output.mean().item())
    expect(Math.abs(shares.reduce((sum, value) => sum + value) / 8 - 0.2)).toBeLessThan(allowed(0.2, 4000))
    expect(new Set(shares).size).toBeGreaterThan(1)
  })

  test('RandomSolarize draws thresholds of 0.4…0.6 and additions of −0.1…0.1', () => {
    const flat = torch.full([4000, 3, 1, 1], 0.3)
    const output = new RandomSolarize({ p: 0.5 }).call(flat)
    const same = output.eq(flat).flatten(1).all(1).to('float32').mean().item()
    expect(Math.abs(same - 0.5)).toBeLessThan(allowed(0.5, 4000))
    const additions = output.sub(flat)
    expect(additions.min().item()).toBeLessThan(-0.09)
    expect(additions.min().item()).toBeGreaterThanOrEqual(-0.1001)
    expect(additions.max().item()).toBeGreaterThan(0.09)
    expect(additions.max().item()).toBeLessThanOrEqual(0.1001)

    const grey = torch.full([4000, 3, 1, 1], 0.5)
    const inverted = new RandomSolarize({ p: 1, additions: [0, 0] })
      .call(grey.mul(0.9))
      .gt(0.5)
      .flatten(1)
      .any(1)
      .to('float32')
      .mean()
      .item()
    // 0.45 is inverted where the threshold, uniform in 0.4…0.6, is at most 0.45: a quarter.
    expect(Math.abs(inverted - 0.25)).toBeLessThan(allowed(0.25, 4000))
  })
})

test("ColorJitter draws factors per image from kornia's ranges, and every order of its steps", () => {
  const jitter = new ColorJitter(0.8, 0.8, 0.8, 0.2)
  const drawn = jitter.draw(4000)
  for (const name of ['brightness', 'contrast', 'saturation'] as const) {
    expect(drawn[name].min().item()).toBeGreaterThanOrEqual(0.2 - 1e-6)
    expect(drawn[name].min().item()).toBeLessThan(0.21)
    expect(drawn[name].max().item()).toBeLessThanOrEqual(1.8 + 1e-6)
    expect(drawn[name].max().item()).toBeGreaterThan(1.79)
    expect(Math.abs(drawn[name].mean().item() - 1)).toBeLessThan((4 * 1.6) / Math.sqrt(12 * 4000))
  }
  expect(drawn.hue.min().item()).toBeLessThan(-0.195)
  expect(drawn.hue.max().item()).toBeGreaterThan(0.195)
  expect(drawn.hue.abs().max().item()).toBeLessThanOrEqual(0.2 + 1e-6)
  const orders = new Set(Array.from({ length: 400 }, () => jitter.draw(1).order.join()))
  expect(orders.size).toBe(24)
})

test('a step whose factors are all neutral is left out, as in kornia', () => {
  const images = torch.rand([2, 3, 4, 4])
  const ones = torch.ones([2])
  const output = colorJitter(images, { brightness: ones, contrast: ones, saturation: ones, hue: torch.zeros([2]), order: [0, 1, 2, 3] })
  expect(output).toEqualTensor(images)
})

test('one seed reproduces a whole augmentation', () => {
  const augmentation = new torch.nn.Sequential(
    new RandomApply(new ColorJitter(0.8, 0.8, 0.8, 0.2), 0.8),
    new RandomGrayscale(0.2),
    new RandomApply(new GaussianBlur(3, 1.5), 0.5),
    new RandomSolarize(),
  )
  const images = torch.rand([4, 3, 8, 8])
  const run = () => {
    torch.manualSeed(5)
    return augmentation.call(images)
  }
  expect(run()).toEqualTensor(run())
  expect(run()).not.toBeAllclose(augmentation.call(images))
})

test('the images given are never written into', () => {
  const images = torch.rand([2, 3, 6, 6])
  const before = images.clone()
  for (const module of [
    new ColorJitter(0.8, 0.8, 0.8, 0.2),
    new RandomGrayscale(1),
    new GaussianBlur(3, 1.5),
    new RandomSolarize({ p: 1 }),
    new Normalize([0.5, 0.5, 0.5], [0.2, 0.2, 0.2]),
  ]) {
    module.call(images)
    expect(images).toEqualTensor(before)
  }
})

describe('misuse', () => {
  const images = torch.rand([2, 3, 6, 6])

  test.each<[string, () => unknown, RegExp]>([
    ['a probability', () => new RandomApply((all: Tensor) => all, 1.2), /RandomApply: a probability lies in 0…1 but is 1\.2/],
    ['a thing that is no transform', () => new RandomApply(3 as never, 0.5), /RandomApply takes a module or a function of images/],
    ['a spread', () => new ColorJitter(-1, 0, 0, 0), /ColorJitter: brightness must be at least 0 but is -1/],
    ['a hue', () => new ColorJitter(0, 0, 0, 0.7), /ColorJitter: hue must be in 0…0\.5 but is 0\.7/],
    ['an even kernel', () => new GaussianBlur(4, 1), /GaussianBlur: the kernel's size must be odd but is 4/],
    ['a sigma', () => new GaussianBlur(3, 0), /GaussianBlur: sigma must be above 0 but is 0/],
    ['a range', () => new RandomSolarize({ thresholds: [0.6, 0.4] }), /RandomSolarize: thresholds must be two numbers, the smaller first/],
    ['other lengths', () => new Normalize([0.5], [0.5, 0.5]), /a mean and a deviation of each channel/],
    ['a deviation of 0', () => new Normalize([0.5], [0]), /a deviation must not be 0/],
    ['other channels', () => new Normalize([0, 0], [1, 1]).call(images), /Normalize has means of 2 channels, but the images have 3/],
    [
      'one image without a batch',
      () => new GaussianBlur(3, 1).call(images.select(0, 0)),
      /takes images \[N, C, H, W\] but received \[3, 6, 6\]: call unsqueeze\(0\)/,
    ],
    [
      'grey images',
      () => new ColorJitter(0.1, 0.1, 0.1, 0.1).call(images.narrow(1, 0, 1)),
      /ColorJitter takes images \[N, 3, H, W\] but received \[2, 1, 6, 6\]/,
    ],
    [
      'bytes',
      () => new RandomGrayscale(1).call(images.mul(255).to('uint8')),
      /but received uint8: call images\.to\('float32'\)\.div\(255\)/,
    ],
    ['no tensor', () => new RandomSolarize().call([1] as never), /RandomSolarize takes images \[N, C, H, W\] but received \[1\]/],
    [
      'too few factors',
      () => adjustHue(torch.rand([4, 3, 2, 2]), torch.tensor([0.1, 0.2])),
      /adjustHue\(\) takes one factor for each of 4 images, \[4\], but received Tensor float32 \[2\]/,
    ],
    ['a kernel larger than the images', () => gaussianBlur(torch.rand([1, 3, 2, 2]), 7, 1), /[Pp]adding size should be less than/],
  ])('%s', (_, body, message) => {
    expect(body).toThrow(message)
    expect(body).toThrow(torch.PixelclError)
  })
})
