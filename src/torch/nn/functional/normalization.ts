import { taken } from '../../call/arguments'
import { ArgumentError } from '../../../native'
import * as torch from '../../generated/functions'
import * as generated from '../../generated/nn-functions'
import type { Given } from '../../call/named'
import type { Int } from '../../dtype'
import type { Tensor } from '../../tensor'

function refuseSingleValue(call: string, shape: readonly number[], values: number): void {
  if (values === 1) {
    throw new ArgumentError(
      `${call} in training needs more than one value per channel, but the input is [${shape.join(', ')}]: give a larger batch, or call eval()`,
    )
  }
}

const product = (sizes: readonly number[]): number => sizes.reduce((result, size) => result * size, 1)

export interface AffineOptions {
  weight?: Tensor
  bias?: Tensor
  /** Added to the variance; default: 1e-5. */
  eps?: number
}

export interface BatchNormOptions extends AffineOptions {
  /** Normalises by the batch's statistics and updates the running ones. */
  training?: boolean
  /** The batch's share in the updated running statistics; default: 0.1. */
  momentum?: number
}

interface RunningStatistics {
  runningMean?: Tensor
  runningVar?: Tensor
}

const RUNNING = ['runningMean', 'runningVar'] as const
const BATCH_NORM = ['weight', 'bias', 'training', 'momentum', 'eps'] as const

/**
 * Normalises every channel of [N, C, …] by its batch's statistics while training, else by the running ones.
 *
 * @throws ArgumentError while training where a channel has one value only.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
 */
export function batchNorm(
  input: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  ...given: Given<BatchNormOptions, typeof BATCH_NORM>
): Tensor
export function batchNorm(...given: unknown[]): Tensor {
  const {
    input,
    runningMean = null,
    runningVar = null,
    weight = null,
    bias = null,
    training = false,
    momentum = 0.1,
    eps = 1e-5,
  } = taken<{ input: Tensor }, RunningStatistics & BatchNormOptions>('batchNorm', ['input'], [...RUNNING, ...BATCH_NORM], given)
  if (training) {
    const { shape } = input
    refuseSingleValue('batch norm', shape, shape[0]! * product(shape.slice(2)))
  }
  return torch.batchNorm(input, weight, bias, runningMean, runningVar, training, momentum, eps, true)
}

export interface InstanceNormOptions extends AffineOptions, RunningStatistics {
  /** Normalises by each sample's own statistics; default: true. */
  useInputStats?: boolean
  /** Default: 0.1. */
  momentum?: number
}

const INSTANCE_NORM = ['runningMean', 'runningVar', 'weight', 'bias', 'useInputStats', 'momentum', 'eps'] as const

/**
 * Normalises every channel of every sample of [N, C, …].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
 */
export function instanceNorm(input: Tensor, ...given: Given<InstanceNormOptions, typeof INSTANCE_NORM>): Tensor
export function instanceNorm(...given: unknown[]): Tensor {
  const {
    input,
    runningMean = null,
    runningVar = null,
    weight = null,
    bias = null,
    useInputStats = true,
    momentum = 0.1,
    eps = 1e-5,
  } = taken<{ input: Tensor }, InstanceNormOptions>('instanceNorm', ['input'], INSTANCE_NORM, given)
  if (useInputStats) {
    const { shape } = input
    refuseSingleValue('instance norm', shape, product(shape.slice(2)))
  }
  return torch.instanceNorm(input, weight, bias, runningMean, runningVar, useInputStats, momentum, eps, true)
}

interface InputShape {
  readonly input: Tensor
  readonly normalizedShape: readonly Int[]
}

const INPUT_SHAPE = ['input', 'normalizedShape'] as const
const LAYER_NORM = ['weight', 'bias', 'eps'] as const

/** Normalises over the last dimensions, whose sizes are `normalizedShape`. */
export function layerNorm(input: Tensor, normalizedShape: readonly Int[], ...given: Given<AffineOptions, typeof LAYER_NORM>): Tensor
export function layerNorm(...given: unknown[]): Tensor {
  const {
    input,
    normalizedShape,
    weight = null,
    bias = null,
    eps = 1e-5,
  } = taken<InputShape, AffineOptions>('layerNorm', INPUT_SHAPE, LAYER_NORM, given)
  return torch.layerNorm(input, normalizedShape, weight, bias, eps, true)
}

const RMS_NORM = ['weight', 'eps'] as const

/** Divides by the root mean square over the last dimensions, whose sizes are `normalizedShape`. */
export function rmsNorm(
  input: Tensor,
  normalizedShape: readonly Int[],
  ...given: Given<Omit<AffineOptions, 'bias'>, typeof RMS_NORM>
): Tensor
export function rmsNorm(...given: unknown[]): Tensor {
  const {
    input,
    normalizedShape,
    weight = null,
    eps = null,
  } = taken<InputShape, Omit<AffineOptions, 'bias'>>('rmsNorm', INPUT_SHAPE, RMS_NORM, given)
  return torch.rmsNorm(input, normalizedShape, weight, eps)
}

/** Normalises over groups of channels of [N, C, …]. */
export function groupNorm(input: Tensor, numGroups: number, ...given: Given<AffineOptions, typeof LAYER_NORM>): Tensor
export function groupNorm(...given: unknown[]): Tensor {
  const {
    input,
    numGroups,
    weight = null,
    bias = null,
    eps = 1e-5,
  } = taken<{ input: Tensor; numGroups: number }, AffineOptions>('groupNorm', ['input', 'numGroups'], LAYER_NORM, given)
  const { shape } = input
  if (shape.length < 2) throw new ArgumentError(`groupNorm() takes [N, C, …] but received ${shape.length} dimensions`)
  refuseSingleValue('group norm', shape, Math.floor((shape[0]! * shape[1]!) / numGroups) * product(shape.slice(2)))
  return torch.groupNorm(input, numGroups, weight, bias, eps, true)
}

export interface LocalResponseNormOptions {
  /** Default: 1e-4. */
  alpha?: number
  /** Default: 0.75. */
  beta?: number
  /** Default: 1. */
  k?: number
}

const LOCAL_RESPONSE = ['alpha', 'beta', 'k'] as const

/**
 * Divides by a power of the mean square over `size` neighbouring channels of [N, C, …].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html
 */
export function localResponseNorm(input: Tensor, size: number, ...given: Given<LocalResponseNormOptions, typeof LOCAL_RESPONSE>): Tensor
export function localResponseNorm(...given: unknown[]): Tensor {
  const {
    input,
    size,
    alpha = 1e-4,
    beta = 0.75,
    k = 1,
  } = taken<{ input: Tensor; size: number }, LocalResponseNormOptions>('localResponseNorm', ['input', 'size'], LOCAL_RESPONSE, given)
  const { shape } = input
  if (shape.length < 3)
    throw new ArgumentError(`localResponseNorm() takes [N, C, …] with at least 3 dimensions but received ${shape.length}`)
  if (input.numel() === 0) return input
  const before = Math.floor(size / 2)
  const after = Math.floor((size - 1) / 2)
  const square = input.mul(input)
  const mean =
    shape.length === 3
      ? generated.avgPool2d(generated.pad(square.unsqueeze(1), [0, 0, before, after]), [size, 1], 1).squeeze(1)
      : generated
          .avgPool3d(generated.pad(square.view([shape[0]!, 1, shape[1]!, shape[2]!, -1]), [0, 0, 0, 0, before, after]), [size, 1, 1], 1)
          .squeeze(1)
          .view(shape)
  return input.div(mean.mul(alpha).add(k).pow(beta))
}

export interface NormalizeOptions {
  /** The norm's order; default: 2. */
  p?: number
  /** Default: 1. */
  dim?: Int | readonly Int[]
  /** The smallest divisor; default: 1e-12. */
  eps?: number
}

const NORMALIZE = ['p', 'dim', 'eps'] as const

/**
 * Divides by the p-norm along a dimension, or by `eps` where the norm is smaller.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
 */
export function normalize(input: Tensor, ...given: Given<NormalizeOptions, typeof NORMALIZE>): Tensor
export function normalize(...given: unknown[]): Tensor {
  const { input, p = 2, dim = 1, eps = 1e-12 } = taken<{ input: Tensor }, NormalizeOptions>('normalize', ['input'], NORMALIZE, given)
  const denominator = input
    .norm(p, Array.isArray(dim) ? (dim as readonly Int[]) : [dim as Int], true)
    .clampMin(eps)
    .expandAs(input)
  return input.div(denominator)
}
