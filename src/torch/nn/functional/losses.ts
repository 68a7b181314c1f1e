import { expectIndices, taken } from '../../call/arguments'
import { ArgumentError } from '../../../native'
import * as torch from '../../generated/functions'
import * as generated from '../../generated/nn-functions'
import { noGrad } from '../../autograd'
import { isTensor } from '../../base'
import type { Given } from '../../call/named'
import type { Int } from '../../dtype'
import type { Tensor } from '../../tensor'
import { type Reduction, reductionOf } from './support'
import { INPUT_TARGET, type InputTarget, reduced, type ReductionOptions, WEIGHT_REDUCTION, type WeightedOptions } from './reduction'

export * from './margin-losses'
export type { ReductionOptions, WeightedOptions } from './reduction'

const REDUCTION_WEIGHT = ['reduction', 'weight'] as const

/** The square of the difference; with `weight` its weighted mean. */
export function mseLoss(input: Tensor, target: Tensor, ...given: Given<WeightedOptions, typeof REDUCTION_WEIGHT>): Tensor
export function mseLoss(...given: unknown[]): Tensor {
  const { input, target, reduction, weight } = taken<InputTarget, WeightedOptions>('mseLoss', INPUT_TARGET, REDUCTION_WEIGHT, given)
  if (weight === undefined) return generated.mseLoss(...broadcast(input, target), reductionOf(reduction))
  return weighted(generated.mseLoss(...broadcast(input, target), 0), weight, reduction)
}

/** The absolute difference; with `weight` its weighted mean. */
export function l1Loss(input: Tensor, target: Tensor, ...given: Given<WeightedOptions, typeof REDUCTION_WEIGHT>): Tensor
export function l1Loss(...given: unknown[]): Tensor {
  const { input, target, reduction, weight } = taken<InputTarget, WeightedOptions>('l1Loss', INPUT_TARGET, REDUCTION_WEIGHT, given)
  if (weight === undefined) return generated.l1Loss(...broadcast(input, target), reductionOf(reduction))
  return weighted(generated.l1Loss(...broadcast(input, target), 0), weight, reduction)
}

function broadcast(input: Tensor, target: Tensor): [Tensor, Tensor] {
  return torch.broadcastTensors([input, target]) as [Tensor, Tensor]
}

function weighted(loss: Tensor, weight: Tensor, reduction: Reduction | undefined): Tensor {
  const product = loss.mul(weight)
  const code = reductionOf(reduction)
  return code === 0 ? product : code === 2 ? product.sum() : product.sum().div(weight.expandAs(loss).sum())
}

export interface SmoothL1Options extends ReductionOptions {
  /** Where the square turns into the absolute difference; default: 1. */
  beta?: number
}

const SMOOTH_L1 = ['reduction', 'beta'] as const

/** Squares of small differences, absolute values of large ones. */
export function smoothL1Loss(input: Tensor, target: Tensor, ...given: Given<SmoothL1Options, typeof SMOOTH_L1>): Tensor
export function smoothL1Loss(...given: unknown[]): Tensor {
  const { input, target, reduction, beta = 1 } = taken<InputTarget, SmoothL1Options>('smoothL1Loss', INPUT_TARGET, SMOOTH_L1, given)
  const [a, b] = broadcast(input, target)
  return beta === 0 ? generated.l1Loss(a, b, reductionOf(reduction)) : generated.smoothL1Loss(a, b, reductionOf(reduction), beta)
}

export interface HuberOptions extends WeightedOptions {
  /** Where the square turns into the absolute difference; default: 1. */
  delta?: number
}

const HUBER = ['reduction', 'delta', 'weight'] as const

/** Half the square of small differences, `delta · (|d| − delta / 2)` of large ones. */
export function huberLoss(input: Tensor, target: Tensor, ...given: Given<HuberOptions, typeof HUBER>): Tensor
export function huberLoss(...given: unknown[]): Tensor {
  const { input, target, reduction, delta = 1, weight } = taken<InputTarget, HuberOptions>('huberLoss', INPUT_TARGET, HUBER, given)
  if (weight === undefined) return generated.huberLoss(...broadcast(input, target), reductionOf(reduction), delta)
  return weighted(generated.huberLoss(...broadcast(input, target), 0, delta), weight, reduction)
}

export interface NllOptions extends WeightedOptions {
  /** The class left out of loss and gradient; default: −100. */
  ignoreIndex?: number
}

export interface CrossEntropyOptions extends NllOptions {
  /** The share of the target spread over all classes; default: 0. */
  labelSmoothing?: number
}

const NLL = ['weight', 'ignoreIndex', 'reduction'] as const
const CROSS_ENTROPY = ['weight', 'ignoreIndex', 'reduction', 'labelSmoothing'] as const

/**
 * The cross entropy between logits [N, C, …] and classes [N, …] or probabilities [N, C, …].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
 * @example
 * torch.nn.functional.crossEntropy(torch.zeros([1, 2]), torch.tensor([1n])).item() // 0.6931471824645996
 */
export function crossEntropy(input: Tensor, target: Tensor, ...given: Given<CrossEntropyOptions, typeof CROSS_ENTROPY>): Tensor
export function crossEntropy(...given: unknown[]): Tensor {
  const {
    input,
    target,
    weight = null,
    ignoreIndex = -100,
    reduction,
    labelSmoothing = 0,
  } = taken<InputTarget, CrossEntropyOptions>('crossEntropy', INPUT_TARGET, CROSS_ENTROPY, given)
  if (target.shape.join() !== input.shape.join()) expectIndices('crossEntropy', 'target', target)
  return generated.crossEntropyLoss(input, target, weight, reductionOf(reduction), ignoreIndex, labelSmoothing)
}

/** The negative of each target class's log-probability in [N, C, …]. */
export function nllLoss(input: Tensor, target: Tensor, ...given: Given<NllOptions, typeof NLL>): Tensor
export function nllLoss(...given: unknown[]): Tensor {
  const {
    input,
    target,
    weight = null,
    ignoreIndex = -100,
    reduction,
  } = taken<InputTarget, NllOptions>('nllLoss', INPUT_TARGET, NLL, given)
  expectIndices('nllLoss', 'target', target)
  return generated.nllLossNd(input, target, weight, reductionOf(reduction), ignoreIndex)
}

interface LinearInputTarget extends InputTarget {
  readonly linearWeight: Tensor
}

export interface LinearCrossEntropyOptions extends CrossEntropyOptions {
  linearBias?: Tensor
}

const LINEAR_CROSS_ENTROPY = ['linearBias', 'weight', 'reduction', 'ignoreIndex', 'labelSmoothing'] as const

/** The cross entropy of a linear layer's logits; the layer's weight is [C, …, features]. */
export function linearCrossEntropy(input: Tensor, linearWeight: Tensor, target: Tensor, options?: LinearCrossEntropyOptions): Tensor
export function linearCrossEntropy(...given: unknown[]): Tensor {
  const {
    input,
    linearWeight,
    target,
    linearBias = null,
    ...rest
  } = taken<LinearInputTarget, LinearCrossEntropyOptions>(
    'linearCrossEntropy',
    ['input', 'linearWeight', 'target'],
    [],
    given,
    LINEAR_CROSS_ENTROPY,
  )
  const [classes, ...between] = linearWeight.shape.slice(0, -1)
  const logits = generated.linear(
    input,
    linearWeight.reshape([-1, linearWeight.shape.at(-1)!]),
    linearBias === null ? null : linearBias.reshape([-1]),
  )
  return crossEntropy(logits.reshape([...input.shape.slice(0, -1), classes!, ...between]), target, rest)
}

/** The cross entropy between probabilities and targets in 0 … 1. */
export function binaryCrossEntropy(input: Tensor, target: Tensor, ...given: Given<WeightedOptions, typeof WEIGHT_REDUCTION>): Tensor
export function binaryCrossEntropy(...given: unknown[]): Tensor {
  const { input, target, weight, reduction } = taken<InputTarget, WeightedOptions>(
    'binaryCrossEntropy',
    INPUT_TARGET,
    WEIGHT_REDUCTION,
    given,
  )
  if (input.shape.join() !== target.shape.join()) {
    throw new ArgumentError(
      `binaryCrossEntropy(): the target's shape [${target.shape.join(', ')}] differs from the input's [${input.shape.join(', ')}]`,
    )
  }
  return generated.binaryCrossEntropy(input, target, weight === undefined ? null : broadcast(weight, target)[0], reductionOf(reduction))
}

export interface BinaryCrossEntropyWithLogitsOptions extends WeightedOptions {
  /** A factor for positive targets, for each class. */
  posWeight?: Tensor
}

const BCE_LOGITS = ['weight', 'reduction', 'posWeight'] as const

/** The cross entropy between the sigmoid of logits and targets in 0 … 1. */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  ...given: Given<BinaryCrossEntropyWithLogitsOptions, typeof BCE_LOGITS>
): Tensor
export function binaryCrossEntropyWithLogits(...given: unknown[]): Tensor {
  const {
    input,
    target,
    weight = null,
    reduction,
    posWeight = null,
  } = taken<InputTarget, BinaryCrossEntropyWithLogitsOptions>('binaryCrossEntropyWithLogits', INPUT_TARGET, BCE_LOGITS, given)
  return torch.binaryCrossEntropyWithLogits(input, target, weight, posWeight, reductionOf(reduction))
}

export interface KlDivOptions {
  /** Default: the mean over all elements; 'batchmean' divides the sum by the batch's size, as the divergence is defined. */
  reduction?: Reduction | 'batchmean'
  /** The target is given as logarithms. */
  logTarget?: boolean
}

const KL_DIV = ['reduction', 'logTarget'] as const

/** The Kullback–Leibler divergence of log-probabilities from the target's probabilities. */
export function klDiv(input: Tensor, target: Tensor, ...given: Given<KlDivOptions, typeof KL_DIV>): Tensor
export function klDiv(...given: unknown[]): Tensor {
  const { input, target, reduction = 'mean', logTarget = false } = taken<InputTarget, KlDivOptions>('klDiv', INPUT_TARGET, KL_DIV, given)
  if (reduction !== 'batchmean') return torch.klDiv(input, target, reductionOf(reduction), { logTarget })
  const sum = torch.klDiv(input, target, reductionOf('sum'), { logTarget })
  return input.dim() === 0 ? sum : sum.div(input.shape[0]!)
}

export interface PoissonNllOptions extends ReductionOptions {
  /** The input is the rate's logarithm; default: true. */
  logInput?: boolean
  /** Adds Stirling's approximation of the constant term. */
  full?: boolean
  /** Default: 1e-8. */
  eps?: number
}

const POISSON = ['logInput', 'full', 'eps', 'reduction'] as const

/** The negative log-likelihood of counts under a Poisson distribution. */
export function poissonNllLoss(input: Tensor, target: Tensor, ...given: Given<PoissonNllOptions, typeof POISSON>): Tensor
export function poissonNllLoss(...given: unknown[]): Tensor {
  const {
    input,
    target,
    logInput = true,
    full = false,
    eps = 1e-8,
    reduction,
  } = taken<InputTarget, PoissonNllOptions>('poissonNllLoss', INPUT_TARGET, POISSON, given)
  return torch.poissonNllLoss(input, target, logInput, full, eps, reductionOf(reduction))
}

export interface GaussianNllOptions extends ReductionOptions {
  /** Adds the constant term. */
  full?: boolean
  /** The smallest variance; default: 1e-6. */
  eps?: number
}

const GAUSSIAN = ['full', 'eps', 'reduction'] as const

/**
 * The negative log-likelihood of targets under Gaussians of mean `input` and variance `variance`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html
 */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  variance: Tensor | number,
  ...given: Given<GaussianNllOptions, typeof GAUSSIAN>
): Tensor
export function gaussianNllLoss(...given: unknown[]): Tensor {
  const {
    input,
    target,
    variance,
    full = false,
    eps = 1e-6,
    reduction,
  } = taken<{ input: Tensor; target: Tensor; variance: Tensor | number }, GaussianNllOptions>(
    'gaussianNllLoss',
    ['input', 'target', 'variance'],
    GAUSSIAN,
    given,
  )
  let spread = isTensor(variance) ? variance : torch.onesLike(input).mul(variance)
  if (spread.lt(0).any().item<boolean>()) throw new ArgumentError('gaussianNllLoss(): a variance is negative')
  if (spread.dim() === input.dim() - 1) spread = spread.unsqueeze(-1)
  const differing = spread.shape.filter((size, i) => size !== input.shape[i])
  if (spread.dim() !== input.dim() || differing.length > 1 || differing.some((size) => size !== 1)) {
    throw new ArgumentError(
      `gaussianNllLoss(): the variance [${spread.shape.join(', ')}] does not fit the input [${input.shape.join(', ')}]`,
    )
  }
  // The cut must not stop the gradient, so it happens outside of the graph, on a copy.
  spread = spread.clone()
  noGrad(() => spread.clamp_(eps))
  const loss = spread.log().add(input.sub(target).pow(2).div(spread)).mul(0.5)
  return reduced(full ? loss.add(0.5 * Math.log(2 * Math.PI)) : loss, reduction)
}

export interface CtcOptions extends ReductionOptions {
  /** The blank label; default: 0. */
  blank?: Int
  /** Zeroes infinite losses and their gradients. */
  zeroInfinity?: boolean
}

const CTC = ['blank', 'reduction', 'zeroInfinity'] as const

/**
 * The connectionist temporal classification loss of log-probabilities [T, N, C].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Tensor | readonly Int[],
  targetLengths: Tensor | readonly Int[],
  ...given: Given<CtcOptions, typeof CTC>
): Tensor
export function ctcLoss(...given: unknown[]): Tensor {
  const {
    logProbs,
    targets,
    inputLengths,
    targetLengths,
    blank = 0,
    reduction,
    zeroInfinity = false,
  } = taken<
    { logProbs: Tensor; targets: Tensor; inputLengths: Tensor | readonly Int[]; targetLengths: Tensor | readonly Int[] },
    CtcOptions
  >('ctcLoss', ['logProbs', 'targets', 'inputLengths', 'targetLengths'], CTC, given)
  return torch.ctcLoss(logProbs, targets, inputLengths as Tensor, targetLengths as Tensor, blank, reductionOf(reduction), zeroInfinity)
}
