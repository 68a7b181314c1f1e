import { ArgumentError } from '../../../native'
import { noGrad } from '../../autograd'
import { hasSymbol, recordLastDimension } from '../../call/recording'
import { symbolOf } from '../../call/resolve'
import { misfit } from '../../call/errors'
import * as torch from '../../generated/functions'
import type * as declared from '../../generated/declared/nn-functional-signatures'
import * as generated from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'
import { expectIndices } from './indices'
import { reduced, type Reduction, reductionOf, shapeOf } from './support'

/** The square of the difference; with `weight` its weighted mean. */
export function mseLoss({ input, target, reduction, weight }: declared.MseLossArguments): Tensor {
  const [a, b] = broadcast(input, target)
  if (weight === null) return generated.mseLoss(a, b, reductionOf(reduction))
  return weighted(generated.mseLoss(a, b, 0), weight, reduction)
}

/** The absolute difference; with `weight` its weighted mean. */
export function l1Loss({ input, target, reduction, weight }: declared.L1LossArguments): Tensor {
  const [a, b] = broadcast(input, target)
  if (weight === null) return generated.l1Loss(a, b, reductionOf(reduction))
  return weighted(generated.l1Loss(a, b, 0), weight, reduction)
}

function broadcast(input: Tensor, target: Tensor): readonly [Tensor, Tensor] {
  const [a, b] = torch.broadcastTensors([input, target])
  return [a!, b!]
}

function weighted(loss: Tensor, weight: Tensor, reduction: Reduction): Tensor {
  const product = loss.mul(weight)
  return reduction === 'mean' ? product.sum().div(weight.expandAs(loss).sum()) : reduced(product, reduction)
}

/** Squares of differences below `beta`, absolute values of larger ones. */
export function smoothL1Loss({ input, target, reduction, beta }: declared.SmoothL1LossArguments): Tensor {
  const [a, b] = broadcast(input, target)
  return beta === 0 ? generated.l1Loss(a, b, reductionOf(reduction)) : generated.smoothL1Loss(a, b, reductionOf(reduction), beta)
}

/** Half the square of differences below `delta`, `delta · (|d| − delta / 2)` of larger ones; with `weight` its weighted mean. */
export function huberLoss({ input, target, reduction, delta, weight }: declared.HuberLossArguments): Tensor {
  const [a, b] = broadcast(input, target)
  if (weight === null) return generated.huberLoss(a, b, reductionOf(reduction), delta)
  return weighted(generated.huberLoss(a, b, 0, delta), weight, reduction)
}

/**
 * The cross entropy between logits [N, C, …] and classes [N, …] or probabilities [N, C, …].
 *
 * `weight` [C] scales each class, `ignoreIndex` is a class excluded from loss and gradient, `labelSmoothing` the share of the target that is
 * distributed over all classes.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
 * @example
 * torch.nn.functional.crossEntropy(torch.zeros([1, 2]), torch.tensor([1n])).item() // 0.6931471824645996
 */
export function crossEntropy(args: declared.CrossEntropyArguments): Tensor {
  const { input, target, weight, ignoreIndex, reduction, labelSmoothing } = args
  if (!hasSymbol([input, target]) && shapeOf(target) !== shapeOf(input)) expectIndices('crossEntropy', 'target', target)
  return generated.crossEntropyLoss(input, target, weight, reductionOf(reduction), ignoreIndex, labelSmoothing)
}

/** The negative of each target class's log-probability in [N, C, …]; `ignoreIndex` is a class excluded from loss and gradient. */
export function nllLoss({ input, target, weight, ignoreIndex, reduction }: declared.NllLossArguments): Tensor {
  expectIndices('nllLoss', 'target', target)
  return generated.nllLossNd(input, target, weight, reductionOf(reduction), ignoreIndex)
}

/** The cross entropy of the logits of a linear layer whose weight is [C, …, features]. */
export function linearCrossEntropy(args: declared.LinearCrossEntropyArguments): Tensor {
  const { input, linearWeight, target, linearBias, ignoreIndex, ...rest } = args
  const [classes, ...between] = linearWeight.shape.slice(0, -1)
  const logits = generated.linear(input, linearWeight.reshape([-1, linearWeight.shape.at(-1)!]), linearBias?.reshape([-1]) ?? null)
  const shaped = logits.reshape([...input.shape.slice(0, -1), classes!, ...between])
  return crossEntropy({ input: shaped, target, ignoreIndex: ignoreIndex ?? -100, ...rest })
}

/**
 * The cross entropy between probabilities and targets in 0 … 1.
 *
 * @throws ArgumentError where the shapes of input and target differ.
 */
export function binaryCrossEntropy({ input, target, weight, reduction }: declared.BinaryCrossEntropyArguments): Tensor {
  if (!hasSymbol([input, target]) && shapeOf(target) !== shapeOf(input))
    throw misfit('binaryCrossEntropy', 'target', `a Tensor of the input's shape ${shapeOf(input)}`, target)
  const factors = weight === null ? null : broadcast(weight, target)[0]
  return generated.binaryCrossEntropy(input, target, factors, reductionOf(reduction))
}

/**
 * The cross entropy between the sigmoid of logits and targets in 0 … 1; `posWeight` scales the positive targets of each class.
 *
 * @throws ArgumentError where the shapes of input and target differ.
 */
export function binaryCrossEntropyWithLogits(args: declared.BinaryCrossEntropyWithLogitsArguments): Tensor {
  const { input, target, weight, reduction, posWeight } = args
  if (!hasSymbol([input, target]) && shapeOf(target) !== shapeOf(input))
    throw misfit('binaryCrossEntropyWithLogits', 'target', `a Tensor of the input's shape ${shapeOf(input)}`, target)
  return torch.binaryCrossEntropyWithLogits(input, target, weight, posWeight, reductionOf(reduction))
}

/**
 * The Kullback–Leibler divergence between log-probabilities and the target's probabilities.
 *
 * 'mean' divides by the number of elements; 'batchmean' divides the sum by the batch size, which is the mathematical definition.
 */
export function klDiv({ input, target, reduction, logTarget }: declared.KlDivArguments): Tensor {
  if (reduction !== 'batchmean') return torch.klDiv(input, target, reductionOf(reduction), { logTarget })
  const sum = torch.klDiv(input, target, reductionOf('sum'), { logTarget })
  return input.dim() === 0 ? sum : sum.div(input.shape[0]!)
}

/**
 * The negative log-likelihood of counts under a Poisson distribution with `input` as the rate or its logarithm.
 *
 * `full` adds Stirling's approximation of the constant term.
 */
export function poissonNllLoss({ input, target, logInput, full, eps, reduction }: declared.PoissonNllLossArguments): Tensor {
  return torch.poissonNllLoss(input, target, logInput, full, eps, reductionOf(reduction))
}

/** Checks a variance and gives it the input's number of dimensions. */
function fittingVariance(variance: Tensor, input: Tensor): Tensor {
  if (variance.lt(0).any().item<boolean>()) throw new ArgumentError('gaussianNllLoss(): variance: expected no negative numbers')
  const fitting = variance.dim() === input.dim() - 1 ? variance.unsqueeze(-1) : variance
  const differing = fitting.shape.filter((size, i) => size !== input.shape[i])
  if (fitting.dim() !== input.dim() || differing.length > 1 || differing.some((size) => size !== 1))
    throw misfit('gaussianNllLoss', 'variance', `a shape that fits the input's ${shapeOf(input)}`, fitting)
  return fitting
}

/**
 * The negative log-likelihood of targets under Gaussians of mean `input` and variance `variance`, which is at least `eps`.
 *
 * `full` adds the constant term.
 *
 * @throws ArgumentError for negative variances and for a shape that does not fit the input's.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html
 */
export function gaussianNllLoss({ input, target, variance, full, eps, reduction }: declared.GaussianNllLossArguments): Tensor {
  const given = typeof variance === 'object' ? variance : torch.onesLike(input).mul(variance as number)
  let spread = hasSymbol([input, given]) ? recordLastDimension(given, input, symbolOf) : fittingVariance(given, input)
  // Clamp a copy outside the graph, so that the gradient passes unchanged.
  spread = spread.clone()
  noGrad(() => spread.clamp_(eps ?? 1e-6))
  const loss = spread.log().add(input.sub(target).pow(2).div(spread)).mul(0.5)
  return reduced(full === true ? loss.add(0.5 * Math.log(2 * Math.PI)) : loss, reduction)
}

/**
 * The connectionist temporal classification loss of log-probabilities [T, N, C].
 *
 * `blank` is the blank label; `zeroInfinity` zeroes infinite losses and their gradients.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html
 */
export function ctcLoss(args: declared.CtcLossArguments): Tensor {
  const { logProbs, targets, inputLengths, targetLengths, blank, reduction, zeroInfinity } = args
  return torch.ctcLoss(logProbs, targets, inputLengths as Tensor, targetLengths as Tensor, blank, reductionOf(reduction), zeroInfinity)
}
