import * as layers from '../../generated/declared/nn-layers'
import type { Tensor } from '../../tensor/tensor'
import * as F from '../functional'
import type { Module } from '../module'
import { PairwiseDistance } from './distance'
import { functionLayer } from './layer'

type Distance = (x1: Tensor, x2: Tensor) => Tensor

/** The triplet loss with a distance that may also be a module, as in Python. */
function tripletLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  distance: Distance | Module<[Tensor, Tensor]>,
  margin: number,
  swap: boolean,
  reduction: 'none' | 'mean' | 'sum',
): Tensor {
  const distanceFunction = typeof distance === 'function' ? distance : (x1: Tensor, x2: Tensor) => distance.call(x1, x2)
  return F.tripletMarginWithDistanceLoss(anchor, positive, negative, { distanceFunction, margin, swap, reduction })
}

/**
 * The mean (or sum) of the differences' magnitudes.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.L1Loss.html
 * @example
 * new torch.nn.L1Loss().call(torch.ones([2]), torch.zeros([2])).item() // 1
 */
export class L1Loss extends functionLayer(layers.L1Loss, F.l1Loss) {}

/**
 * The mean (or sum) of the differences' squares.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
 * @example
 * new torch.nn.MSELoss().call(torch.ones([2]), torch.zeros([2])).item() // 1
 */
export class MSELoss extends functionLayer(layers.MSELoss, F.mseLoss) {}

/**
 * Squares of differences below `beta`, magnitudes above.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html
 * @example
 * new torch.nn.SmoothL1Loss().call(torch.ones([2]), torch.zeros([2])).item() // 0.5
 */
export class SmoothL1Loss extends functionLayer(layers.SmoothL1Loss, F.smoothL1Loss) {}

/**
 * Squares of differences below `delta`, magnitudes times `delta` above.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html
 * @example
 * new torch.nn.HuberLoss().call(torch.ones([2]), torch.zeros([2])).item() // 0.5
 */
export class HuberLoss extends functionLayer(layers.HuberLoss, F.huberLoss) {}

/**
 * The cross entropy of logits [N, C, …] and classes [N, …] or probabilities [N, C, …]; `weight` [C].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
 * @example
 * new torch.nn.CrossEntropyLoss().call(torch.zeros([1, 1]), torch.tensor([0n])).item() // 0
 */
export class CrossEntropyLoss extends functionLayer(layers.CrossEntropyLoss, F.crossEntropy) {}

/**
 * The negative log likelihood of log probabilities [N, C, …] and classes [N, …]; `weight` [C].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
 * @example
 * new torch.nn.NLLLoss().call(torch.tensor([[-1, -2]]), torch.tensor([1n])).item() // 2
 */
export class NLLLoss extends functionLayer(layers.NLLLoss, F.nllLoss) {}

/**
 * The binary cross entropy of probabilities and targets in 0 … 1.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
 * @example
 * new torch.nn.BCELoss().call(torch.ones([2]), torch.ones([2])).item() // 0
 */
export class BCELoss extends functionLayer(layers.BCELoss, F.binaryCrossEntropy) {}

/**
 * The binary cross entropy of logits and targets in 0 … 1; `posWeight` weighs the positive ones.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
 * @example
 * new torch.nn.BCEWithLogitsLoss().call(torch.tensor([200]), torch.tensor([1])).item() // 0
 */
export class BCEWithLogitsLoss extends functionLayer(layers.BCEWithLogitsLoss, F.binaryCrossEntropyWithLogits) {}

/**
 * The Kullback-Leibler divergence of log probabilities and targets; `'batchmean'` is its mathematical mean.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
 * @example
 * new torch.nn.KLDivLoss({ reduction: 'batchmean' }).call(torch.zeros([2]), torch.ones([2])).item() // 0
 */
export class KLDivLoss extends functionLayer(layers.KLDivLoss, F.klDiv) {}

/**
 * The negative log likelihood of counts under a Poisson distribution.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html
 * @example
 * new torch.nn.PoissonNLLLoss().call(torch.zeros([2]), torch.ones([2])).item() // 1
 */
export class PoissonNLLLoss extends functionLayer(layers.PoissonNLLLoss, F.poissonNllLoss) {}

/**
 * The negative log likelihood of targets under a normal distribution of given mean and variance.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html
 * @example
 * new torch.nn.GaussianNLLLoss().call(torch.ones([2]), torch.zeros([2]), torch.ones([2])).item() // 0.5
 */
export class GaussianNLLLoss extends functionLayer(layers.GaussianNLLLoss, F.gaussianNllLoss) {}

/**
 * Connectionist temporal classification of log probabilities [T, N, C] and targets [N, S].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html
 * @example
 * new torch.nn.CTCLoss().call(torch.zeros([2, 1, 2]), torch.tensor([[1n]]), torch.tensor([2n]), torch.tensor([1n])).shape // []
 */
export class CTCLoss extends functionLayer(layers.CTCLoss, F.ctcLoss) {}

/**
 * `max(0, −target · (input1 − input2) + margin)`, with targets 1 or −1.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html
 * @example
 * new torch.nn.MarginRankingLoss().call(torch.ones([2]), torch.zeros([2]), torch.ones([2])).item() // 0
 */
export class MarginRankingLoss extends functionLayer(layers.MarginRankingLoss, F.marginRankingLoss) {}

/**
 * The input where the target is 1, `max(0, margin − input)` where it is −1.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html
 * @example
 * new torch.nn.HingeEmbeddingLoss().call(torch.ones([2]), torch.ones([2])).item() // 1
 */
export class HingeEmbeddingLoss extends functionLayer(layers.HingeEmbeddingLoss, F.hingeEmbeddingLoss) {}

/**
 * `1 − cos` where the target is 1, `max(0, cos − margin)` where it is −1.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html
 * @example
 * new torch.nn.CosineEmbeddingLoss().call(torch.tensor([[1, 0]]), torch.tensor([[0, 1]]), torch.tensor([1])).item() // 1
 */
export class CosineEmbeddingLoss extends functionLayer(layers.CosineEmbeddingLoss, F.cosineEmbeddingLoss) {}

/**
 * The hinge loss of scores [N, C] and classes [N]; `weight` [C].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html
 * @example
 * new torch.nn.MultiMarginLoss().call(torch.tensor([[2, 0]]), torch.tensor([0n])).item() // 0
 */
export class MultiMarginLoss extends functionLayer(layers.MultiMarginLoss, F.multiMarginLoss) {}

/**
 * The hinge loss of scores [N, C] and lists of classes [N, C], each ended by −1.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html
 * @example
 * new torch.nn.MultiLabelMarginLoss().call(torch.tensor([[2, 0]]), torch.tensor([[0n, -1n]])).item() // 0
 */
export class MultiLabelMarginLoss extends functionLayer(layers.MultiLabelMarginLoss, F.multilabelMarginLoss) {}

/**
 * The mean over classes of the binary cross entropy of logits [N, C]; `weight` [C].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html
 * @example
 * new torch.nn.MultiLabelSoftMarginLoss().call(torch.tensor([[200]]), torch.tensor([[1]])).item() // 0
 */
export class MultiLabelSoftMarginLoss extends functionLayer(layers.MultiLabelSoftMarginLoss, F.multilabelSoftMarginLoss) {}

/**
 * `log(1 + exp(−target · input))`, with targets 1 or −1.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html
 * @example
 * new torch.nn.SoftMarginLoss().call(torch.tensor([200]), torch.tensor([1])).item() // 0
 */
export class SoftMarginLoss extends functionLayer(layers.SoftMarginLoss, F.softMarginLoss) {}

/**
 * `max(0, d(anchor, positive) − d(anchor, negative) + margin)` with the p-norm as distance.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html
 * @example
 * new torch.nn.TripletMarginLoss().call(torch.zeros([1, 2]), torch.zeros([1, 2]), torch.zeros([1, 2])).item() // 1
 */
export class TripletMarginLoss extends functionLayer(layers.TripletMarginLoss, F.tripletMarginLoss) {}

/**
 * The triplet margin loss with a custom distance.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginWithDistanceLoss.html
 * @example
 * new torch.nn.TripletMarginWithDistanceLoss({ margin: 2 }).call(torch.zeros([1, 2]), torch.zeros([1, 2]), torch.zeros([1, 2])).item() // 2
 */
export class TripletMarginWithDistanceLoss extends functionLayer(layers.TripletMarginWithDistanceLoss, tripletLoss, {
  prepare: ({ distanceFunction }) => ({ distanceFunction: distanceFunction ?? new PairwiseDistance() }),
}) {}
