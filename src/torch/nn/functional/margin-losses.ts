import { ArgumentError } from '../../../native'
import { misfit } from '../../call/errors'
import { hasSymbol } from '../../call/recording'
import * as torch from '../../generated/functions'
import type * as declared from '../../generated/declared/nn-functional-signatures'
import * as generated from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'
import { reduced, reductionOf, shapeOf } from './support'

/**
 * `max(0, −target · (input1 − input2) + margin)`.
 *
 * @throws ArgumentError if the three tensors differ in their number of dimensions.
 */
export function marginRankingLoss({ input1, input2, target, margin, reduction }: declared.MarginRankingLossArguments): Tensor {
  if (!hasSymbol([input1, input2, target]) && (input1.dim() !== input2.dim() || input1.dim() !== target.dim())) {
    const came = [input1, input2, target].map(shapeOf).join(', ')
    throw new ArgumentError(`marginRankingLoss(): expected tensors with as many dimensions as each other but received ${came}`)
  }
  return torch.marginRankingLoss(input1, input2, target, margin, reductionOf(reduction))
}

/** The input where the target is 1, `max(0, margin − input)` where it is −1. */
export function hingeEmbeddingLoss({ input, target, margin, reduction }: declared.HingeEmbeddingLossArguments): Tensor {
  return torch.hingeEmbeddingLoss(input, target, margin, reductionOf(reduction))
}

/** `1 − cos` of pairs where the target is 1, `max(0, cos − margin)` where it is −1. */
export function cosineEmbeddingLoss({ input1, input2, target, margin, reduction }: declared.CosineEmbeddingLossArguments): Tensor {
  return torch.cosineEmbeddingLoss(input1, input2, target, margin, reductionOf(reduction))
}

/** The sum over other classes of `max(0, margin − target score + score)^p`, divided by the number of classes. */
export function multiMarginLoss({ input, target, p, margin, weight, reduction }: declared.MultiMarginLossArguments): Tensor {
  return generated.multiMarginLoss(input, target, p, margin, weight, reductionOf(reduction))
}

/** The margin loss for several target classes per sample; −1 ends each list. */
export function multilabelMarginLoss({ input, target, reduction }: declared.MultilabelMarginLossArguments): Tensor {
  return generated.multilabelMarginLoss(input, target, reductionOf(reduction))
}

/** `log(1 + exp(−target · input))`. */
export function softMarginLoss({ input, target, reduction }: declared.SoftMarginLossArguments): Tensor {
  return generated.softMarginLoss(input, target, reductionOf(reduction))
}

/** The mean over classes, the input's last dimension, of the binary cross entropy with logits. */
export function multilabelSoftMarginLoss({ input, target, weight, reduction }: declared.MultilabelSoftMarginLossArguments): Tensor {
  const positive = target.mul(generated.logSigmoid(input))
  const negative = torch.rsub(target, 1).mul(generated.logSigmoid(input.neg()))
  const loss = positive.add(negative).neg()
  const factored = weight === null ? loss : loss.mul(weight)
  if (hasSymbol([input])) return reduced(factored.mean([-1]), reduction)
  // The input's last dimension, as in Python, even if the broadcast loss has more.
  const classes = input.dim() - 1
  // Not `mean`, because Python rounds the sum and the quotient separately.
  return reduced(factored.sum([classes]).div(input.size(classes)), reduction)
}

/**
 * `max(0, |anchor − positive| − |anchor − negative| + margin)`; `swap` measures the negative's distance from the nearer of anchor and positive.
 *
 * @throws ArgumentError where `margin` is not positive.
 */
export function tripletMarginLoss(args: declared.TripletMarginLossArguments): Tensor {
  const { anchor, positive, negative, margin, p, eps, swap, reduction } = args
  if (margin <= 0) throw misfit('tripletMarginLoss', 'margin', 'a positive number', margin)
  return torch.tripletMarginLoss(anchor, positive, negative, margin, p, eps, swap, reductionOf(reduction))
}

/**
 * The triplet loss with a custom distance, a function of two batches that returns one number per pair; default `pairwiseDistance`.
 *
 * @throws ArgumentError if `margin` is not positive or the three tensors differ in their number of dimensions.
 */
export function tripletMarginWithDistanceLoss(args: declared.TripletMarginWithDistanceLossArguments): Tensor {
  const { anchor, positive, negative, margin, swap, reduction } = args
  const call = 'tripletMarginWithDistanceLoss'
  const distance: (one: Tensor, other: Tensor) => Tensor = args.distanceFunction ?? torch.pairwiseDistance
  if (margin <= 0) throw misfit(call, 'margin', 'a positive number', margin)
  if (!hasSymbol([anchor, positive, negative]) && (positive.dim() !== anchor.dim() || negative.dim() !== anchor.dim())) {
    const came = [anchor, positive, negative].map(shapeOf).join(', ')
    throw new ArgumentError(`${call}(): expected anchor, positive and negative with as many dimensions as each other but received ${came}`)
  }
  const away = distance(anchor, negative)
  const partner = swap ? torch.minimum(away, distance(positive, negative)) : away
  return reduced(distance(anchor, positive).sub(partner).add(margin).clampMin(0), reduction)
}
