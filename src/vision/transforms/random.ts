import * as torch from '../../torch'
import type { Tensor } from '../../torch'
import { checkBatch, checkBetween, checkProbability, checkRange } from './check'
import * as color from './color'

/** Numbers in [0, 1) from libtorch's default generator, so that one seed reproduces them. */
export function uniform(count: number): number[] {
  return torch.rand([count], { dtype: 'float64' }).tolist() as number[]
}

/** A function from images [N, C, H, W] to images of the same shape. */
export type ImageTransform = (images: Tensor) => Tensor

/** @internal Applies a transform that is a module or a function. */
export function applyTransform(transform: torch.nn.Module | ImageTransform, images: Tensor): Tensor {
  return typeof transform === 'function' ? transform(images) : transform.call(images)
}

/**
 * Applies `inner`, a module or a function of images, to the whole batch with probability `p`.
 *
 * @example
 * new transforms.RandomApply((images) => images.mul(0), 1).call(torch.ones([1, 1, 1, 1])).item() // 0
 */
export class RandomApply extends torch.nn.Module {
  readonly inner: torch.nn.Module | ImageTransform

  constructor(
    inner: torch.nn.Module | ImageTransform,
    readonly p: number,
  ) {
    super()
    if (typeof inner !== 'function' && !(inner instanceof torch.nn.Module)) {
      throw new torch.ArgumentError('RandomApply takes a module or a function of images')
    }
    checkProbability('RandomApply', p)
    this.inner = inner
  }

  override forward(images: Tensor): Tensor {
    if (uniform(1)[0]! > this.p) return images
    return applyTransform(this.inner, images)
  }
}

/** Replaces each image of a batch, with probability `p`, by its counterpart in `change(images)`. */
function replaceSome(images: Tensor, p: number, change: ImageTransform): Tensor {
  const chosen = uniform(images.shape[0]!).map((draw) => draw < p)
  if (!chosen.includes(true)) return images
  const mask = torch.tensor(chosen, { device: images.device }).reshape([-1, 1, 1, 1])
  return torch.where(mask, change(images), images)
}

/**
 * Turns each image grey with probability `p`, keeping three channels.
 *
 * @example
 * new transforms.RandomGrayscale(0.2).call(torch.rand([4, 3, 8, 8])).shape // [4, 3, 8, 8]
 */
export class RandomGrayscale extends torch.nn.Module {
  constructor(readonly p: number) {
    super()
    checkProbability('RandomGrayscale', p)
  }

  override forward(images: Tensor): Tensor {
    checkBatch('RandomGrayscale', images, { colour: true })
    return replaceSome(images, this.p, (all) => color.rgbToGrayscale(all).expandAs(all))
  }
}

/** The factors of one colour jitter: one per image [N], and the order of its four steps. */
export interface JitterFactors {
  readonly brightness: Tensor
  readonly contrast: Tensor
  readonly saturation: Tensor
  /** In whole turns. */
  readonly hue: Tensor
  /** Indices into brightness, contrast, saturation, hue. */
  readonly order: readonly number[]
}

/** In the order of the indices in `JitterFactors.order`; the neutral factor changes nothing. */
const JITTER_STEPS = [
  { name: 'brightness', neutral: 1, adjust: color.adjustBrightness },
  { name: 'contrast', neutral: 1, adjust: color.adjustContrast },
  { name: 'saturation', neutral: 1, adjust: color.adjustSaturation },
  { name: 'hue', neutral: 0, adjust: color.adjustHue },
] as const

/** Applies a colour jitter with given factors; clamps to 0…1 before and after, and skips steps that would change nothing. */
export function colorJitter(images: Tensor, factors: JitterFactors): Tensor {
  checkBatch('colorJitter()', images, { colour: true })
  const step = (all: Tensor, index: number): Tensor => {
    const { name, neutral, adjust } = JITTER_STEPS[index]!
    return factors[name].ne(neutral).any().item() ? adjust(all, factors[name]) : all
  }
  return color.clampUnit(factors.order.reduce(step, color.clampUnit(images)))
}

/**
 * Random brightness, contrast, saturation and hue: factors per image, one order of the steps per batch.
 *
 * Factors lie in 1 ± the spread given, the hue's turn in ± the share of a whole turn (at most 0.5); images are RGB in 0…1.
 *
 * @example
 * new transforms.ColorJitter(0.8, 0.8, 0.8, 0.2).call(torch.rand([4, 3, 8, 8])).shape // [4, 3, 8, 8]
 */
export class ColorJitter extends torch.nn.Module {
  constructor(
    readonly brightness: number,
    readonly contrast: number,
    readonly saturation: number,
    readonly hue: number,
  ) {
    super()
    for (const name of ['brightness', 'contrast', 'saturation'] as const) checkBetween('ColorJitter', name, this[name], 0)
    checkBetween('ColorJitter', 'hue', hue, 0, 0.5)
  }

  /** Factors for `count` images. */
  draw(count: number): JitterFactors {
    const around = (spread: number) =>
      torch
        .rand([count])
        .mul(1 + spread - Math.max(0, 1 - spread))
        .add(Math.max(0, 1 - spread))
    return {
      brightness: around(this.brightness),
      contrast: around(this.contrast),
      saturation: around(this.saturation),
      hue: torch
        .rand([count])
        .mul(2 * this.hue)
        .sub(this.hue),
      order: torch.randperm(4).tolist() as number[],
    }
  }

  override forward(images: Tensor): Tensor {
    checkBatch('ColorJitter', images, { colour: true })
    return colorJitter(images, this.draw(images.shape[0]!))
  }
}

/**
 * A Gaussian blur with a kernel of odd size, in pixels, reflecting at the borders.
 *
 * @throws ArgumentError for an even size, a sigma of 0 or below, and images no larger than half the kernel.
 * @example
 * transforms.gaussianBlur(torch.rand([1, 3, 8, 8]), 3, 1.5).shape // [1, 3, 8, 8]
 */
export function gaussianBlur(images: Tensor, size: number, sigma: number): Tensor {
  checkBatch('gaussianBlur()', images)
  checkKernel('gaussianBlur()', size, sigma)
  const middle = Math.floor(size / 2)
  const weights = Array.from({ length: size }, (_, i) => Math.exp(-((i - middle) ** 2) / (2 * sigma ** 2)))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const channels = images.shape[1]!
  const kernel = torch.tensor(
    weights.map((weight) => weight / total),
    { dtype: images.dtype, device: images.device },
  )
  const horizontal = kernel.reshape([1, 1, 1, size]).expand([channels, 1, 1, size])
  const vertical = kernel.reshape([1, 1, size, 1]).expand([channels, 1, size, 1])
  const F = torch.nn.functional
  const rows = torch.conv2d(F.pad(images, [middle, middle, 0, 0], { mode: 'reflect' }), horizontal, null, [1, 1], [0, 0], [1, 1], channels)
  return torch.conv2d(F.pad(rows, [0, 0, middle, middle], { mode: 'reflect' }), vertical, null, [1, 1], [0, 0], [1, 1], channels)
}

function checkKernel(call: string, size: number, sigma: number): void {
  if (!Number.isSafeInteger(size) || size < 1 || size % 2 === 0)
    throw new torch.ArgumentError(`${call}: the kernel's size must be odd but is ${size}`)
  if (!(Number.isFinite(sigma) && sigma > 0)) throw new torch.ArgumentError(`${call}: sigma must be above 0 but is ${sigma}`)
}

/** Blurs all images with `gaussianBlur`. */
export class GaussianBlur extends torch.nn.Module {
  constructor(
    readonly size: number,
    readonly sigma: number,
  ) {
    super()
    checkKernel('GaussianBlur', size, sigma)
  }

  override forward(images: Tensor): Tensor {
    return gaussianBlur(images, this.size, this.sigma)
  }
}

/** Holds the ranges of the random draws as buffers, under kornia's names. */
class SolarizeRanges extends torch.nn.Module<[], void> {
  declare thresholds: Tensor
  declare additions: Tensor

  constructor(thresholds: readonly [number, number], additions: readonly [number, number]) {
    super()
    this.registerBuffer('thresholds', torch.tensor(thresholds))
    this.registerBuffer('additions', torch.tensor(additions))
  }

  override forward(): void {}
}

/**
 * Solarizes each image with probability `p`: adds a value, then inverts values from a threshold on.
 *
 * @param options - `p` 0.5, `thresholds` [0.4, 0.6] and `additions` [−0.1, 0.1] where left out.
 * @example
 * new transforms.RandomSolarize({ p: 0.5 }).call(torch.rand([4, 3, 8, 8])).shape // [4, 3, 8, 8]
 */
export class RandomSolarize extends torch.nn.Module {
  readonly p: number

  constructor(options: { p?: number; thresholds?: readonly [number, number]; additions?: readonly [number, number] } = {}) {
    super()
    const { thresholds = [0.4, 0.6], additions = [-0.1, 0.1] } = options
    this.p = options.p ?? 0.5
    checkProbability('RandomSolarize', this.p)
    checkRange('RandomSolarize', 'thresholds', thresholds)
    checkRange('RandomSolarize', 'additions', additions)
    this.registerModule('_param_generator', new SolarizeRanges(thresholds, additions) as torch.nn.AnyModule)
  }

  override forward(images: Tensor): Tensor {
    checkBatch('RandomSolarize', images)
    const ranges = this.getSubmodule('_param_generator') as unknown as SolarizeRanges
    const count = images.shape[0]!
    const draw = (range: Tensor) => {
      const [low, high] = range.tolist() as [number, number]
      return torch
        .rand([count])
        .mul(high - low)
        .add(low)
    }
    return replaceSome(images, this.p, (all) => color.solarize(color.clampUnit(all), draw(ranges.thresholds), draw(ranges.additions)))
  }
}

/**
 * Subtracts each channel's mean and divides by its standard deviation; as in kornia, both are rounded to float32 for any dtype of the images.
 *
 * @throws ArgumentError for lists of different lengths, a deviation of 0, and images with another number of channels.
 * @example
 * new transforms.Normalize(transforms.IMAGENET_MEAN, transforms.IMAGENET_STD).call(torch.rand([4, 3, 8, 8])).shape // [4, 3, 8, 8]
 */
export class Normalize extends torch.nn.Module {
  constructor(
    readonly mean: readonly number[],
    readonly std: readonly number[],
  ) {
    super()
    const isNumbers = (list: unknown) => Array.isArray(list) && list.length > 0 && list.every(Number.isFinite)
    if (!isNumbers(mean) || !isNumbers(std) || mean.length !== std.length)
      throw new torch.ArgumentError('Normalize takes a mean and a deviation of each channel')
    if (std.includes(0)) throw new torch.ArgumentError('Normalize: a deviation must not be 0')
  }

  override forward(images: Tensor): Tensor {
    checkBatch('Normalize', images)
    const [channels, wanted] = [images.shape[1], this.mean.length]
    if (wanted !== 1 && channels !== wanted)
      throw new torch.ArgumentError(`Normalize has means of ${wanted} channels, but the images have ${channels}`)
    const channel = (values: readonly number[]) =>
      torch.tensor(values, { dtype: 'float32' }).to({ dtype: images.dtype, device: images.device }).reshape([1, -1, 1, 1])
    return images.sub(channel(this.mean)).div(channel(this.std))
  }
}

/** The mean of each channel of ImageNet's images in 0…1. */
export const IMAGENET_MEAN = [0.485, 0.456, 0.406] as const
/** Their standard deviations. */
export const IMAGENET_STD = [0.229, 0.224, 0.225] as const

/** @internal Mean and deviation for images of so many channels: ImageNet's for three, the mean of its three for any other. */
export function statisticsFor(channels: number): { mean: readonly number[]; std: readonly number[] } {
  if (channels === 3) return { mean: IMAGENET_MEAN, std: IMAGENET_STD }
  const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const repeated = (values: readonly number[]) => new Array<number>(channels).fill(average(values))
  return { mean: repeated(IMAGENET_MEAN), std: repeated(IMAGENET_STD) }
}

/** @internal Images [N, C, H, W] with so many channels: RGB becomes grey, grey three equal channels; others stay as they are. */
export function withChannels(images: Tensor, channels: number): Tensor {
  const count = images.shape[1]
  if (channels === 1 && count === 3) return color.rgbToGrayscale(images)
  return channels === 3 && count === 1 ? images.expand([-1, 3, -1, -1]) : images
}

/** @internal `withChannels` as a module. */
export class Channels extends torch.nn.Module {
  constructor(readonly channels: number) {
    super()
  }

  override forward(images: Tensor): Tensor {
    return withChannels(images, this.channels)
  }
}
