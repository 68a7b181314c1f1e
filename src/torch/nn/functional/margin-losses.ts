import { taken } from '../../call/arguments'
import { ArgumentError } from '../../../native'
import * as torch from '../../generated/functions'
import * as generated from '../../generated/nn-functions'
import type { Given } from '../../call/named'
import { describe } from '../../call/describe'
import type { Tensor } from '../../tensor'
import { reductionOf } from './support'
import { INPUT_TARGET, type InputTarget, reduced, type ReductionOptions, WEIGHT_REDUCTION, type WeightedOptions } from './reduction'

export interface MarginOptions extends ReductionOptions {
  margin?: number
}

const MARGIN = ['margin', 'reduction'] as const

interface PairTarget {
  readonly input1: Tensor
  readonly input2: Tensor
  readonly target: Tensor
}

const PAIR_TARGET = ['input1', 'input2', 'target'] as const

function pairLoss(call: string, kernel: typeof torch.marginRankingLoss, given: readonly unknown[]): Tensor {
  const { input1, input2, target, margin = 0, reduction } = taken<PairTarget, MarginOptions>(call, PAIR_TARGET, MARGIN, given)
  return kernel(input1, input2, target, margin, reductionOf(reduction))
}

/** `max(0, −target · (input1 − input2) + margin)`. */
export function marginRankingLoss(input1: Tensor, input2: Tensor, target: Tensor, ...given: Given<MarginOptions, typeof MARGIN>): Tensor
export function marginRankingLoss(...given: unknown[]): Tensor {
  return pairLoss('marginRankingLoss', torch.marginRankingLoss, given)
}

/** The input where the target is 1, `max(0, margin − input)` where it is −1. */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, ...given: Given<MarginOptions, typeof MARGIN>): Tensor
export function hingeEmbeddingLoss(...given: unknown[]): Tensor {
  const { input, target, margin = 1, reduction } = taken<InputTarget, MarginOptions>('hingeEmbeddingLoss', INPUT_TARGET, MARGIN, given)
  return torch.hingeEmbeddingLoss(input, target, margin, reductionOf(reduction))
}

/** `1 − cos` of pairs where the target is 1, `max(0, cos − margin)` where it is −1. */
export function cosineEmbeddingLoss(input1: Tensor, input2: Tensor, target: Tensor, ...given: Given<MarginOptions, typeof MARGIN>): Tensor
export function cosineEmbeddingLoss(...given: unknown[]): Tensor {
  return pairLoss('cosineEmbeddingLoss', torch.cosineEmbeddingLoss, given)
}

export interface MultiMarginOptions extends WeightedOptions {
  /** 1 or 2; default: 1. */
  p?: number
  /** Default: 1. */
  margin?: number
}

const MULTI_MARGIN = ['p', 'margin', 'weight', 'reduction'] as const

/** How far other classes' scores come within `margin` of the target class's, to the power `p`. */
export function multiMarginLoss(input: Tensor, target: Tensor, ...given: Given<MultiMarginOptions, typeof MULTI_MARGIN>): Tensor
export function multiMarginLoss(...given: unknown[]): Tensor {
  const {
    input,
    target,
    p = 1,
    margin = 1,
    weight = null,
    reduction,
  } = taken<InputTarget, MultiMarginOptions>('multiMarginLoss', INPUT_TARGET, MULTI_MARGIN, given)
  return generated.multiMarginLoss(input, target, p, margin, weight, reductionOf(reduction))
}

const ONLY_REDUCTION = ['reduction'] as const

/** The margin loss of several target classes per sample, −1 ending each list. */
export function multilabelMarginLoss(input: Tensor, target: Tensor, ...given: Given<ReductionOptions, typeof ONLY_REDUCTION>): Tensor
export function multilabelMarginLoss(...given: unknown[]): Tensor {
  const { input, target, reduction } = taken<InputTarget, ReductionOptions>('multilabelMarginLoss', INPUT_TARGET, ONLY_REDUCTION, given)
  return generated.multilabelMarginLoss(input, target, reductionOf(reduction))
}

/** `log(1 + exp(−target · input))`. */
export function softMarginLoss(input: Tensor, target: Tensor, ...given: Given<ReductionOptions, typeof ONLY_REDUCTION>): Tensor
export function softMarginLoss(...given: unknown[]): Tensor {
  const { input, target, reduction } = taken<InputTarget, ReductionOptions>('softMarginLoss', INPUT_TARGET, ONLY_REDUCTION, given)
  return generated.softMarginLoss(input, target, reductionOf(reduction))
}

/** The mean over classes of the binary cross entropy of logits. */
export function multilabelSoftMarginLoss(input: Tensor, target: Tensor, ...given: Given<WeightedOptions, typeof WEIGHT_REDUCTION>): Tensor
export function multilabelSoftMarginLoss(...given: unknown[]): Tensor {
  const { input, target, weight, reduction } = taken<InputTarget, WeightedOptions>(
    'multilabelSoftMarginLoss',
    INPUT_TARGET,
    WEIGHT_REDUCTION,
    given,
  )
  const positive = target.mul(generated.logSigmoid(input))
  const negative = torch.rsub(target, 1).mul(generated.logSigmoid(input.neg()))
  const loss = positive.add(negative).neg()
  // The mean would round once where Python rounds the sum and the quotient.
  return reduced((weight === undefined ? loss : loss.mul(weight)).sum([-1]).div(input.size(-1)), reduction)
}

export interface TripletMarginOptions extends ReductionOptions {
  /** Default: 1. */
  margin?: number
  /** The norm's order; default: 2. */
  p?: number
  /** Default: 1e-6. */
  eps?: number
  /** Takes the nearer of anchor and positive as the negative's partner. */
  swap?: boolean
}

const TRIPLET = ['margin', 'p', 'eps', 'swap', 'reduction'] as const

interface Triplet {
  readonly anchor: Tensor
  readonly positive: Tensor
  readonly negative: Tensor
}

const TRIPLET_TENSORS = ['anchor', 'positive', 'negative'] as const

/** `max(0, |anchor − positive| − |anchor − negative| + margin)`. */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  ...given: Given<TripletMarginOptions, typeof TRIPLET>
): Tensor
export function tripletMarginLoss(...given: unknown[]): Tensor {
  const {
    anchor,
    positive,
    negative,
    margin = 1,
    p = 2,
    eps = 1e-6,
    swap = false,
    reduction,
  } = taken<Triplet, TripletMarginOptions>('tripletMarginLoss', TRIPLET_TENSORS, TRIPLET, given)
  if (margin <= 0) throw new ArgumentError(`tripletMarginLoss(): the margin must be positive but is ${margin}`)
  return torch.tripletMarginLoss(anchor, positive, negative, margin, p, eps, swap, reductionOf(reduction))
}

export interface TripletMarginWithDistanceOptions extends ReductionOptions {
  /** The distances of two batches, one for each pair; default: `pairwiseDistance`. */
  distanceFunction?: (one: Tensor, other: Tensor) => Tensor
  /** Default: 1. */
  margin?: number
  /** Takes the nearer of anchor and positive as the negative's partner. */
  swap?: boolean
}

const TRIPLET_WITH_DISTANCE = ['distanceFunction', 'margin', 'swap', 'reduction'] as const

/** The triplet loss of a distance of one's own. */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options?: TripletMarginWithDistanceOptions,
): Tensor
export function tripletMarginWithDistanceLoss(...given: unknown[]): Tensor {
  const call = 'tripletMarginWithDistanceLoss'
  const {
    anchor,
    positive,
    negative,
    distanceFunction = torch.pairwiseDistance,
    margin = 1,
    swap = false,
    reduction,
  } = taken<Triplet, TripletMarginWithDistanceOptions>(call, TRIPLET_TENSORS, [], given, TRIPLET_WITH_DISTANCE)
  if (margin <= 0) throw new ArgumentError(`${call}(): the margin must be positive but is ${margin}`)
  if (positive.dim() !== anchor.dim() || negative.dim() !== anchor.dim()) {
    const came = [anchor, positive, negative].map(({ shape }) => `[${shape.join(', ')}]`).join(', ')
    throw new ArgumentError(`${call}(): anchor, positive and negative must have as many dimensions as each other but are ${came}`)
  }
  if (typeof distanceFunction !== 'function') {
    throw new ArgumentError(`${call}(): distanceFunction must be a function of two tensors but is ${describe(distanceFunction)}`)
  }
  const away = distanceFunction(anchor, negative)
  const partner = swap ? torch.minimum(away, distanceFunction(positive, negative)) : away
  return reduced(distanceFunction(anchor, positive).sub(partner).add(margin).clampMin(0), reduction)
}
