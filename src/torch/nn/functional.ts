import { ArgumentError } from '../../native'
import * as torch from '../generated/functions'
import * as generated from '../generated/nnFunctions'
import { ops as allOperators } from '../ops'
import type { Tensor } from '../tensor'

export * from '../generated/nnFunctions'
export {
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  relu_,
  selu,
  celu,
  prelu,
  pixelShuffle,
  pixelUnshuffle,
  cosineSimilarity,
  pairwiseDistance,
  layerNorm,
  groupNorm,
  bilinear,
  affineGridGenerator,
  avgPool1d,
  adaptiveAvgPool1d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  hardshrink,
  threshold,
  tanh,
  sigmoid,
  channelShuffle,
} from '../generated/functions'

/** The larger of each element and 0. */
export function relu(input: Tensor, options: { inplace?: boolean } = {}): Tensor {
  return options.inplace === true ? torch.relu_(input) : torch.relu(input)
}

export function softmax(input: Tensor, dim: number): Tensor {
  return torch.softmax(input, dim)
}

export function logSoftmax(input: Tensor, dim: number): Tensor {
  return torch.logSoftmax(input, dim)
}

/** Zeroes elements with probability `p` while training, scaling the others up. */
export function dropout(input: Tensor, p = 0.5, training = true): Tensor {
  return torch.dropout(input, p, training)
}

export interface BatchNormOptions {
  weight?: Tensor | null
  bias?: Tensor | null
  training?: boolean
  momentum?: number
  eps?: number
}

/**
 * Normalises every channel by its batch's statistics while training, else by the running ones.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
 */
export function batchNorm(input: Tensor, runningMean: Tensor | null, runningVar: Tensor | null, options: BatchNormOptions = {}): Tensor {
  const { weight = null, bias = null, training = false, momentum = 0.1, eps = 1e-5 } = options
  const { shape } = input
  const perChannel = shape.reduce((product, size, i) => (i === 1 ? product : product * size), 1)
  if (training && perChannel === 1) {
    throw new ArgumentError(`batch norm in training needs more than one value per channel, but the input is [${shape.join(', ')}]: give a larger batch, or call eval()`)
  }
  return torch.batchNorm(input, weight, bias, runningMean, runningVar, training, momentum, eps, true)
}

/**
 * Divides by the p-norm along a dimension, or by `eps` where the norm is smaller.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
 */
export function normalize(input: Tensor, options: { p?: number; dim?: number; eps?: number } = {}): Tensor {
  const { p = 2, dim = 1, eps = 1e-12 } = options
  const denominator = input.norm(p, [dim], true).clampMin(eps).expandAs(input)
  return input.div(denominator)
}

export type InterpolateMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'area'

export interface InterpolateOptions {
  /** The output's spatial size; or `scaleFactor`. */
  size?: number | readonly number[]
  scaleFactor?: number | readonly number[]
  mode?: InterpolateMode
  alignCorners?: boolean
  recomputeScaleFactor?: boolean
  antialias?: boolean
}

/**
 * Resizes the spatial dimensions of [N, C, …].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 * @example
 * torch.nn.functional.interpolate(torch.ones([1, 3, 4, 4]), { size: [8, 8], mode: 'bilinear' }).shape // [1, 3, 8, 8]
 */
export function interpolate(input: Tensor, options: InterpolateOptions): Tensor {
  const { mode = 'nearest', antialias = false } = options
  const spatial = input.dim() - 2
  if (spatial < 1 || spatial > 3) throw new ArgumentError(`interpolate() takes [N, C, …] with 1 to 3 spatial dimensions but received ${input.dim()} dimensions`)
  if ((options.size === undefined) === (options.scaleFactor === undefined)) throw new ArgumentError('interpolate() takes either size or scaleFactor')
  const isLinear = ['linear', 'bilinear', 'bicubic', 'trilinear'].includes(mode)
  if (options.alignCorners !== undefined && !isLinear) throw new ArgumentError(`alignCorners serves linear modes, not '${mode}'`)
  const repeat = (value: number | readonly number[]): number[] => (typeof value === 'number' ? Array.from({ length: spatial }, () => value) : [...value])
  let size = options.size === undefined ? null : repeat(options.size)
  let scales = options.scaleFactor === undefined ? null : repeat(options.scaleFactor)
  if (scales !== null && (options.recomputeScaleFactor === true || mode === 'area')) {
    size = scales.map((scale, i) => Math.floor(input.shape[i + 2]! * scale))
    scales = null
  }
  const alignCorners = options.alignCorners ?? false
  const key = `${mode}-${spatial}`
  switch (key) {
    case 'nearest-1':
      return generated.upsampleNearest1d(input, size, scales)
    case 'nearest-2':
      return generated.upsampleNearest2d(input, size, scales)
    case 'nearest-3':
      return generated.upsampleNearest3d(input, size, scales)
    case 'linear-1':
      return generated.upsampleLinear1d(input, size, alignCorners, scales)
    case 'bilinear-2':
      if (antialias) return ops('_upsample_bilinear2d_aa', input, size, alignCorners, scales)
      return generated.upsampleBilinear2d(input, size, alignCorners, scales)
    case 'bicubic-2':
      if (antialias) return ops('_upsample_bicubic2d_aa', input, size, alignCorners, scales)
      return generated.upsampleBicubic2d(input, size, alignCorners, scales)
    case 'trilinear-3':
      return generated.upsampleTrilinear3d(input, size, alignCorners, scales)
    case 'area-1':
      return torch.adaptiveAvgPool1d(input, size!)
    case 'area-2':
      return generated.adaptiveAvgPool2d(input, size!)
    case 'area-3':
      return generated.adaptiveAvgPool3d(input, size!)
    default:
      if (mode === 'nearest-exact') return ops(`_upsample_nearest_exact${spatial}d`, input, size, scales)
      throw new ArgumentError(`mode '${mode}' does not fit ${spatial} spatial dimensions: use nearest, area, or linear (1), bilinear or bicubic (2), trilinear (3)`)
  }
}

/** An upsampling that Python reaches through a private operator. */
function ops(name: string, ...args: unknown[]): Tensor {
  return allOperators['aten']![name]!['vec']!(...args) as Tensor
}

export type Reduction = 'none' | 'mean' | 'sum'

const REDUCTIONS: Readonly<Record<Reduction, number>> = { none: 0, mean: 1, sum: 2 }

function reductionOf(reduction: Reduction = 'mean'): number {
  const code = REDUCTIONS[reduction]
  if (code === undefined) throw new ArgumentError(`unknown reduction '${String(reduction)}': expected none, mean or sum`)
  return code
}

export function mseLoss(input: Tensor, target: Tensor, options: { reduction?: Reduction } = {}): Tensor {
  return generated.mseLoss(input, target, reductionOf(options.reduction))
}

export function l1Loss(input: Tensor, target: Tensor, options: { reduction?: Reduction } = {}): Tensor {
  return generated.l1Loss(input, target, reductionOf(options.reduction))
}

export function smoothL1Loss(input: Tensor, target: Tensor, options: { reduction?: Reduction; beta?: number } = {}): Tensor {
  return generated.smoothL1Loss(input, target, reductionOf(options.reduction), options.beta ?? 1)
}

export interface CrossEntropyOptions {
  weight?: Tensor | null
  /** The class left out of loss and gradient. */
  ignoreIndex?: number
  reduction?: Reduction
  labelSmoothing?: number
}

/** The cross entropy between logits [N, C, …] and classes [N, …] or probabilities [N, C, …]. */
export function crossEntropy(input: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { weight = null, ignoreIndex = -100, reduction, labelSmoothing = 0 } = options
  return generated.crossEntropyLoss(input, target, weight, reductionOf(reduction), ignoreIndex, labelSmoothing)
}

export function nllLoss(input: Tensor, target: Tensor, options: Omit<CrossEntropyOptions, 'labelSmoothing'> = {}): Tensor {
  const { weight = null, ignoreIndex = -100, reduction } = options
  return generated.nllLossNd(input, target, weight, reductionOf(reduction), ignoreIndex)
}

export function binaryCrossEntropyWithLogits(input: Tensor, target: Tensor, options: { weight?: Tensor | null; posWeight?: Tensor | null; reduction?: Reduction } = {}): Tensor {
  return torch.binaryCrossEntropyWithLogits(input, target, options.weight ?? null, options.posWeight ?? null, reductionOf(options.reduction))
}

/** Pads the last dimensions: `[left, right, top, bottom, …]`. */
export function pad(input: Tensor, padding: readonly number[], options: { mode?: 'constant' | 'reflect' | 'replicate' | 'circular'; value?: number } = {}): Tensor {
  return generated.pad(input, padding, options.mode ?? 'constant', options.value ?? null)
}

/** Classes as rows of zeros with a one; `numClasses` −1 takes the largest class plus one. */
export function oneHot(input: Tensor, numClasses = -1): Tensor {
  return generated.oneHot(input, numClasses)
}

export function embedding(input: Tensor, weight: Tensor): Tensor {
  return torch.embedding(weight, input)
}
