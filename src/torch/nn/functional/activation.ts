import { misfit } from '../../call/errors'
import * as torch from '../../generated/functions'
import type * as declared from '../../generated/declared/nn-functional-signatures'
import * as generated from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'

/** The larger of each element and 0. */
export function relu({ input, inplace }: declared.ReluArguments): Tensor {
  return inplace ? torch.relu_(input) : torch.relu(input)
}

/** Clamps each element to 0 … 6. */
export function relu6({ input, inplace }: declared.Relu6Arguments): Tensor {
  return inplace ? generated.relu6_(input) : generated.relu6(input)
}

/** Scaled exponential linear units. */
export function selu({ input, inplace }: declared.SeluArguments): Tensor {
  return inplace ? torch.selu_(input) : torch.selu(input)
}

/** `x · sigmoid(x)`. */
export function silu({ input, inplace }: declared.SiluArguments): Tensor {
  return inplace ? generated.silu_(input) : generated.silu(input)
}

/** `x · tanh(softplus(x))`. */
export function mish({ input, inplace }: declared.MishArguments): Tensor {
  return inplace ? generated.mish_(input) : generated.mish(input)
}

/** `x · relu6(x + 3) / 6`. */
export function hardswish({ input, inplace }: declared.HardswishArguments): Tensor {
  return inplace ? generated.hardswish_(input) : generated.hardswish(input)
}

/** `relu6(x + 3) / 6`. */
export function hardsigmoid({ input, inplace }: declared.HardsigmoidArguments): Tensor {
  return inplace ? generated.hardsigmoid_(input) : generated.hardsigmoid(input)
}

/** `x` where it is positive, else `alpha · (exp(x) − 1)`. */
export function elu({ input, alpha, inplace }: declared.EluArguments): Tensor {
  return inplace ? generated.elu_(input, alpha) : generated.elu(input, alpha)
}

/** `max(0, x) + min(0, alpha · (exp(x / alpha) − 1))`. */
export function celu({ input, alpha, inplace }: declared.CeluArguments): Tensor {
  return inplace ? torch.celu_(input, alpha) : torch.celu(input, alpha)
}

/** `x` where it is positive, else `negativeSlope · x`. */
export function leakyRelu({ input, negativeSlope, inplace }: declared.LeakyReluArguments): Tensor {
  return inplace ? generated.leakyRelu_(input, negativeSlope) : generated.leakyRelu(input, negativeSlope)
}

/**
 * Clamps each element to `minVal` … `maxVal`.
 *
 * @throws ArgumentError if `minVal` exceeds `maxVal`.
 */
export function hardtanh({ input, minVal, maxVal, inplace }: declared.HardtanhArguments): Tensor {
  if (minVal > maxVal) throw misfit('hardtanh', 'minVal', `a number up to maxVal, ${maxVal},`, minVal)
  return inplace ? generated.hardtanh_(input, minVal, maxVal) : generated.hardtanh(input, minVal, maxVal)
}

/** `x` where it exceeds `threshold`, else `value`. */
export function threshold({ input, threshold: least, value, inplace }: declared.ThresholdArguments): Tensor {
  return inplace ? torch.threshold_(input, least, value) : torch.threshold(input, least, value)
}

/** Leaky relu whose slope is drawn per element from `lower` … `upper` while training, and is their mean otherwise. */
export function rrelu({ input, lower, upper, training, inplace }: declared.RreluArguments): Tensor {
  return inplace ? torch.rrelu_(input, lower, upper, training) : torch.rrelu(input, lower, upper, training)
}

/** `x − tanh(x)`. */
export function tanhshrink({ input }: declared.TanhshrinkArguments): Tensor {
  return input.sub(input.tanh())
}

/** `x / (1 + |x|)`. */
export function softsign({ input }: declared.SoftsignArguments): Tensor {
  return input.div(input.abs().add(1))
}

/** Python's default dimension: 0 for tensors of 0, 1 or 3 dimensions, else 1. */
function softmaxDimension(input: Tensor, dim: number | null): number {
  return dim ?? ([0, 1, 3].includes(input.dim()) ? 0 : 1)
}

/** Exponentials along `dim`, divided by their sum. */
export function softmax({ input, dim, dtype }: declared.SoftmaxArguments): Tensor {
  return torch.softmax(input, softmaxDimension(input, dim), dtype)
}

/** Softmax of the negated input. */
export function softmin({ input, dim, dtype }: declared.SoftminArguments): Tensor {
  return torch.softmax(input.neg(), softmaxDimension(input, dim), dtype)
}

/** The logarithm of softmax, computed in one numerically stable step. */
export function logSoftmax({ input, dim, dtype }: declared.LogSoftmaxArguments): Tensor {
  return torch.logSoftmax(input, softmaxDimension(input, dim), dtype)
}

/**
 * A sample of the relaxed categorical distribution; with `hard` one-hot rows whose gradient is the soft sample's.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html
 */
export function gumbelSoftmax({ logits, tau, hard, dim }: declared.GumbelSoftmaxArguments): Tensor {
  const gumbels = torch.emptyLike(logits, { memoryFormat: 'contiguousFormat' }).exponential_().log().neg()
  const soft = torch.softmax(logits.add(gumbels).div(tau), dim)
  if (!hard) return soft
  const [, index] = soft.max(dim, true) as [Tensor, Tensor]
  const oneHot = torch.zerosLike(logits).scatter_(dim, index, torch.onesLike(index).to(logits.dtype))
  return oneHot.sub(soft.detach()).add(soft)
}
