import { ArgumentError } from '../../native'
import { noGrad } from '../autograd'
import { describe } from '../call/describe'
import { expectTensor } from '../call/expected'
import { type Given, named } from '../call/named'
import type { Generator } from '../random'
import type { Tensor } from '../tensor/tensor'
import { expectNumber } from './checks'

export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu'

/** The factor by which a nonlinearity changes the scale of what passes it; `param` is leakyRelu's slope, 0.01 if not given. */
export function calculateGain(nonlinearity: Nonlinearity, ...given: Given<{ param: number }, ['param']>): number {
  const { param = 0.01 } = named<{ param: number }>('calculateGain', ['param'], given)
  expectNumber('calculateGain()', 'param', param)
  switch (nonlinearity) {
    case 'tanh':
      return 5 / 3
    case 'relu':
      return Math.sqrt(2)
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + param ** 2))
    case 'selu':
      return 3 / 4
    case 'linear':
    case 'sigmoid':
      return 1
    default:
      throw new ArgumentError(`unknown nonlinearity '${String(nonlinearity)}': expected linear, sigmoid, tanh, relu, leakyRelu or selu`)
  }
}

function fans(call: string, tensor: Tensor): { fanIn: number; fanOut: number } {
  expectTensor(call, tensor, 'tensor')
  const [outputs, inputs, ...kernel] = tensor.shape
  if (outputs === undefined || inputs === undefined)
    throw new ArgumentError(`${call}(): fan in and fan out need a tensor of two or more dimensions, but this has ${tensor.dim()}`)
  const field = kernel.reduce((product, size) => product * size, 1)
  return { fanIn: inputs * field, fanOut: outputs * field }
}

export function calculateFanIn(tensor: Tensor): number {
  return fans('calculateFanIn', tensor).fanIn
}

export interface RandomOptions {
  /** Where the numbers are drawn from. Default: the device's own generator. */
  generator?: Generator
}

export interface KaimingOptions extends RandomOptions {
  /** The slope of leakyRelu below 0. Default 0. */
  a?: number
  /** Whether the variance is kept forward, 'fanIn', or backward, 'fanOut'. Default 'fanIn'. */
  mode?: 'fanIn' | 'fanOut'
  /** Default 'leakyRelu'. */
  nonlinearity?: Nonlinearity
}

export interface UniformOptions extends RandomOptions {
  /** The lower bound. Default 0. */
  a?: number
  /** The upper bound. Default 1. */
  b?: number
}

export interface NormalOptions extends RandomOptions {
  /** Default 0. */
  mean?: number
  /** Default 1. */
  std?: number
}

export interface XavierOptions extends RandomOptions {
  /** A factor of the scale. Default 1. */
  gain?: number
}

type Fill = number | bigint | boolean

const KAIMING = ['a', 'mode', 'nonlinearity', 'generator'] as const
const UNIFORM = ['a', 'b', 'generator'] as const
const NORMAL = ['mean', 'std', 'generator'] as const
const XAVIER = ['gain', 'generator'] as const

/** The deviation that keeps the variance through a network of this nonlinearity; 0 where there is nothing to fill. */
function kaimingDeviation(call: string, tensor: Tensor, options: KaimingOptions): number {
  const { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' } = options
  expectTensor(call, tensor, 'tensor')
  expectNumber(`${call}()`, 'a', a)
  if (mode !== 'fanIn' && mode !== 'fanOut') throw new ArgumentError(`unknown mode '${String(mode)}': expected fanIn or fanOut`)
  const gain = calculateGain(nonlinearity, a)
  return tensor.numel() === 0 ? 0 : gain / Math.sqrt(fans(call, tensor)[mode])
}

function xavierDeviation(call: string, tensor: Tensor, { gain = 1 }: XavierOptions): number {
  expectNumber(`${call}()`, 'gain', gain)
  const { fanIn, fanOut } = fans(call, tensor)
  return gain * Math.sqrt(2 / (fanIn + fanOut))
}

function fillUniform(call: string, tensor: Tensor, low: number, high: number, generator: Generator | null = null): Tensor {
  expectTensor(call, tensor, 'tensor')
  expectNumber(`${call}()`, 'a', low)
  expectNumber(`${call}()`, 'b', high)
  return noGrad(() => tensor.uniform_(low, high, { generator }))
}

function fillNormal(call: string, tensor: Tensor, mean: number, std: number, generator: Generator | null = null): Tensor {
  expectTensor(call, tensor, 'tensor')
  expectNumber(`${call}()`, 'mean', mean)
  expectNumber(`${call}()`, 'std', std)
  return noGrad(() => tensor.normal_(mean, std, { generator }))
}

/** Uniform numbers of this deviation. */
function fillEvenly(call: string, tensor: Tensor, deviation: number, generator?: Generator): Tensor {
  const bound = Math.sqrt(3) * deviation
  return fillUniform(call, tensor, -bound, bound, generator)
}

/**
 * Fills with uniform numbers whose scale keeps the variance through a ReLU network.
 *
 * @throws ArgumentError for fewer than two dimensions and for wrong options.
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_uniform_
 * @example
 * torch.nn.init.kaimingUniform_(torch.empty([4, 2]), 0, 'fanOut', 'relu').abs().max().item() <= Math.sqrt(6 / 4) // true
 */
export function kaimingUniform_(tensor: Tensor, ...given: Given<KaimingOptions, typeof KAIMING>): Tensor {
  const options = named<KaimingOptions>('kaimingUniform_', KAIMING, given)
  const deviation = kaimingDeviation('kaimingUniform_', tensor, options)
  return tensor.numel() === 0 ? tensor : fillEvenly('kaimingUniform_', tensor, deviation, options.generator)
}

/**
 * Fills with normal numbers whose scale keeps the variance through a ReLU network.
 *
 * @throws ArgumentError for fewer than two dimensions and for wrong options.
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_normal_
 * @example
 * torch.nn.init.kaimingNormal_(torch.empty([4, 2]), { mode: 'fanOut', nonlinearity: 'relu' }).shape // [4, 2]
 */
export function kaimingNormal_(tensor: Tensor, ...given: Given<KaimingOptions, typeof KAIMING>): Tensor {
  const options = named<KaimingOptions>('kaimingNormal_', KAIMING, given)
  const std = kaimingDeviation('kaimingNormal_', tensor, options)
  return tensor.numel() === 0 ? tensor : fillNormal('kaimingNormal_', tensor, 0, std, options.generator)
}

/** Fills with numbers from `a`, 0 if not given, to `b`, 1 if not given. */
export function uniform_(tensor: Tensor, ...given: Given<UniformOptions, typeof UNIFORM>): Tensor {
  const { a = 0, b = 1, generator } = named<UniformOptions>('uniform_', UNIFORM, given)
  return fillUniform('uniform_', tensor, a, b, generator)
}

/** Fills with normal numbers of this mean, 0 if not given, and deviation, 1 if not given. */
export function normal_(tensor: Tensor, ...given: Given<NormalOptions, typeof NORMAL>): Tensor {
  const { mean = 0, std = 1, generator } = named<NormalOptions>('normal_', NORMAL, given)
  return fillNormal('normal_', tensor, mean, std, generator)
}

export function constant_(tensor: Tensor, ...given: Given<{ val: Fill }, ['val']>): Tensor {
  expectTensor('constant_', tensor, 'tensor')
  const { val } = named<{ val: Fill }>('constant_', ['val'], given)
  if (typeof val !== 'number' && typeof val !== 'bigint' && typeof val !== 'boolean')
    throw new ArgumentError(`constant_(): val must be a number but is ${describe(val)}`)
  return noGrad(() => tensor.fill_(val))
}

export function zeros_(tensor: Tensor): Tensor {
  expectTensor('zeros_', tensor, 'tensor')
  return noGrad(() => tensor.zero_())
}

export function ones_(tensor: Tensor): Tensor {
  expectTensor('ones_', tensor, 'tensor')
  return noGrad(() => tensor.fill_(1))
}

/** Fills with uniform numbers whose scale keeps the variance forward and backward, times `gain`. */
export function xavierUniform_(tensor: Tensor, ...given: Given<XavierOptions, typeof XAVIER>): Tensor {
  const options = named<XavierOptions>('xavierUniform_', XAVIER, given)
  return fillEvenly('xavierUniform_', tensor, xavierDeviation('xavierUniform_', tensor, options), options.generator)
}

/** Fills with normal numbers whose scale keeps the variance forward and backward, times `gain`. */
export function xavierNormal_(tensor: Tensor, ...given: Given<XavierOptions, typeof XAVIER>): Tensor {
  const options = named<XavierOptions>('xavierNormal_', XAVIER, given)
  const std = xavierDeviation('xavierNormal_', tensor, options)
  return fillNormal('xavierNormal_', tensor, 0, std, options.generator)
}
