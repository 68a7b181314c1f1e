import { taken } from '../../call/arguments'
import { expectTensor } from '../../call/expected'
import { ArgumentError } from '../../../native'
import * as torch from '../../generated/functions'
import * as generated from '../../generated/nn-functions'
import { type Given, named } from '../../call/named'
import type { DType } from '../../dtype'
import type { Tensor } from '../../tensor'

export interface InplaceOptions {
  /** Writes the result into the input. */
  inplace?: boolean
}

const INPLACE = ['inplace'] as const

function inplaceOf(call: string, given: readonly unknown[]): boolean {
  return given.length > 0 && named<InplaceOptions>(call, INPLACE, given).inplace === true
}

/** The larger of each element and 0. */
export function relu(input: Tensor, ...given: Given<InplaceOptions, typeof INPLACE>): Tensor {
  return inplaceOf('relu', given) ? torch.relu_(input) : torch.relu(input)
}

/** Each element cut to 0 … 6. */
export function relu6(input: Tensor, ...given: Given<InplaceOptions, typeof INPLACE>): Tensor {
  return inplaceOf('relu6', given) ? generated.relu6_(input) : generated.relu6(input)
}

/** Scaled exponential linear units. */
export function selu(input: Tensor, ...given: Given<InplaceOptions, typeof INPLACE>): Tensor {
  return inplaceOf('selu', given) ? torch.selu_(input) : torch.selu(input)
}

/** `x · sigmoid(x)`. */
export function silu(input: Tensor, ...given: Given<InplaceOptions, typeof INPLACE>): Tensor {
  return inplaceOf('silu', given) ? generated.silu_(input) : generated.silu(input)
}

/** `x · tanh(softplus(x))`. */
export function mish(input: Tensor, ...given: Given<InplaceOptions, typeof INPLACE>): Tensor {
  return inplaceOf('mish', given) ? generated.mish_(input) : generated.mish(input)
}

/** `x · relu6(x + 3) / 6`. */
export function hardswish(input: Tensor, ...given: Given<InplaceOptions, typeof INPLACE>): Tensor {
  return inplaceOf('hardswish', given) ? generated.hardswish_(input) : generated.hardswish(input)
}

/** `relu6(x + 3) / 6`. */
export function hardsigmoid(input: Tensor, ...given: Given<InplaceOptions, typeof INPLACE>): Tensor {
  return inplaceOf('hardsigmoid', given) ? generated.hardsigmoid_(input) : generated.hardsigmoid(input)
}

export interface AlphaOptions extends InplaceOptions {
  /** Default: 1. */
  alpha?: number
}

const ALPHA = ['alpha', 'inplace'] as const

/** `x` where it is positive, else `alpha · (exp(x) − 1)`. */
export function elu(input: Tensor, ...given: Given<AlphaOptions, typeof ALPHA>): Tensor {
  const { alpha = 1, inplace } = named<AlphaOptions>('elu', ALPHA, given)
  return inplace === true ? generated.elu_(input, alpha) : generated.elu(input, alpha)
}

/** `max(0, x) + min(0, alpha · (exp(x / alpha) − 1))`. */
export function celu(input: Tensor, ...given: Given<AlphaOptions, typeof ALPHA>): Tensor {
  const { alpha = 1, inplace } = named<AlphaOptions>('celu', ALPHA, given)
  return inplace === true ? torch.celu_(input, alpha) : torch.celu(input, alpha)
}

export interface LeakyReluOptions extends InplaceOptions {
  /** Default: 0.01. */
  negativeSlope?: number
}

const LEAKY = ['negativeSlope', 'inplace'] as const

/** `x` where it is positive, else `negativeSlope · x`. */
export function leakyRelu(input: Tensor, ...given: Given<LeakyReluOptions, typeof LEAKY>): Tensor {
  const { negativeSlope = 0.01, inplace } = named<LeakyReluOptions>('leakyRelu', LEAKY, given)
  return inplace === true ? generated.leakyRelu_(input, negativeSlope) : generated.leakyRelu(input, negativeSlope)
}

export interface HardtanhOptions extends InplaceOptions {
  /** Default: −1. */
  minVal?: number
  /** Default: 1. */
  maxVal?: number
}

const HARDTANH = ['minVal', 'maxVal', 'inplace'] as const

/** Each element cut to `minVal` … `maxVal`. */
export function hardtanh(input: Tensor, ...given: Given<HardtanhOptions, typeof HARDTANH>): Tensor {
  const { minVal = -1, maxVal = 1, inplace } = named<HardtanhOptions>('hardtanh', HARDTANH, given)
  return inplace === true ? generated.hardtanh_(input, minVal, maxVal) : generated.hardtanh(input, minVal, maxVal)
}

/** `x` where it exceeds `threshold`, else `value`. */
export function threshold(input: Tensor, threshold: number, value: number, ...given: Given<InplaceOptions, typeof INPLACE>): Tensor
export function threshold(...given: unknown[]): Tensor {
  const {
    input,
    threshold: least,
    value,
    inplace,
  } = taken<{ input: Tensor; threshold: number; value: number }, InplaceOptions>(
    'threshold',
    ['input', 'threshold', 'value'],
    INPLACE,
    given,
  )
  return inplace === true ? torch.threshold_(input, least, value) : torch.threshold(input, least, value)
}

export interface RreluOptions extends InplaceOptions {
  /** Default: 1/8. */
  lower?: number
  /** Default: 1/3. */
  upper?: number
  /** While training the slopes are drawn, else they are the bounds' mean. Default: false. */
  training?: boolean
}

const RRELU = ['lower', 'upper', 'training', 'inplace'] as const

/** Leaky relu whose slope is drawn per element from `lower` … `upper`. */
export function rrelu(input: Tensor, ...given: Given<RreluOptions, typeof RRELU>): Tensor {
  const { lower = 1 / 8, upper = 1 / 3, training = false, inplace } = named<RreluOptions>('rrelu', RRELU, given)
  return inplace === true ? torch.rrelu_(input, lower, upper, training) : torch.rrelu(input, lower, upper, training)
}

/** `log(sigmoid(x))`. */
export function logsigmoid(input: Tensor): Tensor {
  expectTensor('logsigmoid', input)
  return generated.logSigmoid(input)
}

/** `x − tanh(x)`. */
export function tanhshrink(input: Tensor): Tensor {
  expectTensor('tanhshrink', input)
  return input.sub(input.tanh())
}

/** `x / (1 + |x|)`. */
export function softsign(input: Tensor): Tensor {
  expectTensor('softsign', input)
  return input.div(input.abs().add(1))
}

export interface SoftmaxOptions {
  /** The dimension whose elements sum to one. */
  dim?: number
  /** Computes in this type. */
  dtype?: DType
}

const SOFTMAX = ['dim', 'dtype'] as const
type GivenSoftmax = Given<SoftmaxOptions, typeof SOFTMAX>

function softmaxArguments(call: string, given: readonly unknown[]): [input: Tensor, dim: number, dtype: DType | null] {
  const { input, dim, dtype = null } = taken<{ input: Tensor }, SoftmaxOptions>(call, ['input'], SOFTMAX, given)
  if (dim === undefined) throw new ArgumentError(`${call}() needs to know the dimension: ${call}(x, 1) or ${call}(x, { dim: 1 })`)
  return [input, dim, dtype]
}

/** Exponentials along `dim`, divided by their sum. */
export function softmax(input: Tensor, ...given: GivenSoftmax): Tensor
export function softmax(...given: unknown[]): Tensor {
  return torch.softmax(...softmaxArguments('softmax', given))
}

/** Softmax of the negated input. */
export function softmin(input: Tensor, ...given: GivenSoftmax): Tensor
export function softmin(...given: unknown[]): Tensor {
  const [input, dim, dtype] = softmaxArguments('softmin', given)
  return torch.softmax(input.neg(), dim, dtype)
}

/** The logarithm of softmax, computed at once. */
export function logSoftmax(input: Tensor, ...given: GivenSoftmax): Tensor
export function logSoftmax(...given: unknown[]): Tensor {
  return torch.logSoftmax(...softmaxArguments('logSoftmax', given))
}

export interface GumbelSoftmaxOptions {
  /** Temperature; default: 1. */
  tau?: number
  /** Gives one-hot rows whose gradient is the soft sample's. */
  hard?: boolean
  /** Default: −1. */
  dim?: number
}

const GUMBEL = ['tau', 'hard', 'dim'] as const

/**
 * A sample of the relaxed categorical distribution.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html
 */
export function gumbelSoftmax(logits: Tensor, ...given: Given<GumbelSoftmaxOptions, typeof GUMBEL>): Tensor
export function gumbelSoftmax(...given: unknown[]): Tensor {
  const {
    logits,
    tau = 1,
    hard = false,
    dim = -1,
  } = taken<{ logits: Tensor }, GumbelSoftmaxOptions>('gumbelSoftmax', ['logits'], GUMBEL, given)
  const gumbels = torch.emptyLike(logits, { memoryFormat: 'contiguousFormat' }).exponential_().log().neg()
  const soft = torch.softmax(logits.add(gumbels).div(tau), dim)
  if (!hard) return soft
  const [, index] = soft.max(dim, true) as [Tensor, Tensor]
  const oneHot = torch.zerosLike(logits).scatter_(dim, index, torch.onesLike(index).to(logits.dtype))
  return oneHot.sub(soft.detach()).add(soft)
}
