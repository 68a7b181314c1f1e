import * as torch from '../../torch'
import type { Tensor } from '../../torch'
import * as color from './color'

/** Numbers in [0, 1) from libtorch's default generator, so that one seed reproduces them. */
export function uniform(count: number): number[] {
  return torch.rand([count], { dtype: 'float64' }).tolist() as number[]
}

/** Anything that turns images [N, C, H, W] into images of the same shape. */
export type ImageTransform = (images: Tensor) => Tensor

/** Applies `inner` to the whole batch with probability `p`. */
export class RandomApply extends torch.nn.Module {
  readonly inner: torch.nn.Module | ImageTransform

  constructor(
    inner: torch.nn.Module | ImageTransform,
    readonly p: number,
  ) {
    super()
    this.inner = inner
  }

  override forward(images: Tensor): Tensor {
    if (uniform(1)[0]! > this.p) return images
    return typeof this.inner === 'function' ? this.inner(images) : this.inner.call(images)
  }
}

/** Replaces, with probability `p` each, the images of a batch by what `change` makes of all of them. */
function replaceSome(images: Tensor, p: number, change: ImageTransform): Tensor {
  const chosen = uniform(images.shape[0]!).map((draw) => draw < p)
  if (!chosen.includes(true)) return images
  const mask = torch.tensor(chosen, { device: images.device }).reshape([-1, 1, 1, 1])
  return torch.where(mask, change(images), images)
}

/** Grey images, with probability `p` each. */
export class RandomGrayscale extends torch.nn.Module {
  constructor(readonly p: number) {
    super()
  }

  override forward(images: Tensor): Tensor {
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

/** In the order that `JitterFactors.order` counts in; the neutral factor changes nothing. */
const JITTER_STEPS = [
  { name: 'brightness', neutral: 1, adjust: color.adjustBrightness },
  { name: 'contrast', neutral: 1, adjust: color.adjustContrast },
  { name: 'saturation', neutral: 1, adjust: color.adjustSaturation },
  { name: 'hue', neutral: 0, adjust: color.adjustHue },
] as const

/** Applies a colour jitter with given factors: clamped to 0…1 before and after, steps that would change nothing left out. */
export function colorJitter(images: Tensor, factors: JitterFactors): Tensor {
  const step = (all: Tensor, index: number): Tensor => {
    const { name, neutral, adjust } = JITTER_STEPS[index]!
    return factors[name].ne(neutral).any().item() ? adjust(all, factors[name]) : all
  }
  return color.clampUnit(factors.order.reduce(step, color.clampUnit(images)))
}

/** Random brightness, contrast, saturation and hue: factors per image, one order of the steps per batch. */
export class ColorJitter extends torch.nn.Module {
  constructor(
    readonly brightness: number,
    readonly contrast: number,
    readonly saturation: number,
    readonly hue: number,
  ) {
    super()
  }

  draw(count: number): JitterFactors {
    const around = (spread: number) => torch.rand([count]).mul(1 + spread - Math.max(0, 1 - spread)).add(Math.max(0, 1 - spread))
    return {
      brightness: around(this.brightness),
      contrast: around(this.contrast),
      saturation: around(this.saturation),
      hue: torch.rand([count]).mul(2 * this.hue).sub(this.hue),
      order: torch.randperm(4).tolist() as number[],
    }
  }

  override forward(images: Tensor): Tensor {
    return colorJitter(images, this.draw(images.shape[0]!))
  }
}

/** A Gaussian blur with a kernel of odd size, reflecting at the borders. */
export function gaussianBlur(images: Tensor, size: number, sigma: number): Tensor {
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

export class GaussianBlur extends torch.nn.Module {
  constructor(
    readonly size: number,
    readonly sigma: number,
  ) {
    super()
  }

  override forward(images: Tensor): Tensor {
    return gaussianBlur(images, this.size, this.sigma)
  }
}

/** kornia keeps the ranges of its draws as buffers of a module; so does this one, under the same names. */
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

/** Solarizes, with probability `p` each: an addition first, then values from a threshold on are inverted. */
export class RandomSolarize extends torch.nn.Module {
  readonly p: number

  constructor(options: { p?: number; thresholds?: readonly [number, number]; additions?: readonly [number, number] } = {}) {
    super()
    this.p = options.p ?? 0.5
    this.registerModule('_param_generator', new SolarizeRanges(options.thresholds ?? [0.4, 0.6], options.additions ?? [-0.1, 0.1]) as torch.nn.AnyModule)
  }

  override forward(images: Tensor): Tensor {
    const ranges = this.getSubmodule('_param_generator') as unknown as SolarizeRanges
    const count = images.shape[0]!
    const draw = (range: Tensor) => {
      const [low, high] = range.tolist() as [number, number]
      return torch.rand([count]).mul(high - low).add(low)
    }
    return replaceSome(images, this.p, (all) => color.solarize(color.clampUnit(all), draw(ranges.thresholds), draw(ranges.additions)))
  }
}

/** Subtracts each channel's mean and divides by its deviation; both are float32 numbers whatever the images are, as in kornia. */
export class Normalize extends torch.nn.Module {
  constructor(
    readonly mean: readonly number[],
    readonly std: readonly number[],
  ) {
    super()
  }

  override forward(images: Tensor): Tensor {
    const channel = (values: readonly number[]) => torch.tensor(values, { dtype: 'float32' }).to({ dtype: images.dtype, device: images.device }).reshape([1, -1, 1, 1])
    return images.sub(channel(this.mean)).div(channel(this.std))
  }
}

export const IMAGENET_MEAN = [0.485, 0.456, 0.406] as const
export const IMAGENET_STD = [0.229, 0.224, 0.225] as const
