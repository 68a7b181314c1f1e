import { taken } from '../../call/arguments'
import { ArgumentError } from '../../../native'
import * as torch from '../../generated/functions'
import * as generated from '../../generated/nn-functions'
import type { Given } from '../../call/named'
import type { Int } from '../../dtype'
import type { Tensor } from '../../tensor'
import { type PerDimension, repeated } from './support'

interface InputKernel {
  readonly input: Tensor
  readonly kernelSize: PerDimension
}

const INPUT_KERNEL = ['input', 'kernelSize'] as const

export interface MaxPoolOptions {
  /** Default: the kernel's size. */
  stride?: PerDimension
  padding?: PerDimension
  dilation?: PerDimension
  /** Rounds the output's size up. */
  ceilMode?: boolean
  /** Gives the indices of the maxima too: `[output, indices]`. */
  returnIndices?: boolean
}

const MAX_POOL = ['stride', 'padding', 'dilation', 'ceilMode', 'returnIndices'] as const
type GivenMaxPool = Given<MaxPoolOptions, typeof MAX_POOL>
type WithIndices = [output: Tensor, indices: Tensor]
type WithIndicesOption<Options> = Options & { readonly returnIndices: true }
type MaxPoolKernel = (
  input: Tensor,
  kernelSize: PerDimension,
  stride: readonly Int[],
  padding: PerDimension,
  dilation: PerDimension,
  ceilMode: boolean,
) => Tensor | WithIndices

function maxPool(
  call: string,
  spatial: number,
  given: readonly unknown[],
  plain: MaxPoolKernel,
  indexed: MaxPoolKernel,
): Tensor | WithIndices {
  const {
    input,
    kernelSize,
    stride,
    padding = 0,
    dilation = 1,
    ceilMode = false,
    returnIndices = false,
  } = taken<InputKernel, MaxPoolOptions>(call, INPUT_KERNEL, MAX_POOL, given)
  return (returnIndices ? indexed : plain)(
    input,
    kernelSize,
    stride === undefined ? [] : repeated(stride, spatial),
    padding,
    dilation,
    ceilMode,
  )
}

/**
 * The largest values of windows of [N, C, L].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
 */
export function maxPool1d(input: Tensor, kernelSize: PerDimension, options: WithIndicesOption<MaxPoolOptions>): WithIndices
export function maxPool1d(input: Tensor, kernelSize: PerDimension, ...given: GivenMaxPool): Tensor
export function maxPool1d(...given: unknown[]): Tensor | WithIndices {
  return maxPool('maxPool1d', 1, given, torch.maxPool1d as MaxPoolKernel, torch.maxPool1dWithIndices as MaxPoolKernel)
}

/**
 * The largest values of windows of [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
 * @example
 * torch.nn.functional.maxPool2d(torch.ones([1, 1, 4, 4]), 2).shape // [1, 1, 2, 2]
 */
export function maxPool2d(input: Tensor, kernelSize: PerDimension, options: WithIndicesOption<MaxPoolOptions>): WithIndices
export function maxPool2d(input: Tensor, kernelSize: PerDimension, ...given: GivenMaxPool): Tensor
export function maxPool2d(...given: unknown[]): Tensor | WithIndices {
  return maxPool('maxPool2d', 2, given, torch.maxPool2d as MaxPoolKernel, generated.maxPool2dWithIndices as MaxPoolKernel)
}

/**
 * The largest values of windows of [N, C, D, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html
 */
export function maxPool3d(input: Tensor, kernelSize: PerDimension, options: WithIndicesOption<MaxPoolOptions>): WithIndices
export function maxPool3d(input: Tensor, kernelSize: PerDimension, ...given: GivenMaxPool): Tensor
export function maxPool3d(...given: unknown[]): Tensor | WithIndices {
  return maxPool('maxPool3d', 3, given, torch.maxPool3d as MaxPoolKernel, generated.maxPool3dWithIndices as MaxPoolKernel)
}

/** One size for all spatial dimensions or one for each, null keeping the input's. */
export type AdaptiveSize = Int | readonly (Int | null)[]

/** Sizes per dimension, null replaced by the input's own. */
function sizesOf(input: Tensor, size: AdaptiveSize, spatial: number): number[] {
  if (!Array.isArray(size)) return Array.from({ length: spatial }, () => Number(size))
  const { shape } = input
  return (size as readonly (Int | null)[]).map((value, i) => (value === null ? shape[shape.length - size.length + i]! : Number(value)))
}

interface InputSize {
  readonly input: Tensor
  readonly outputSize: AdaptiveSize
}

const INPUT_SIZE = ['input', 'outputSize'] as const

/** Means over windows so laid that [N, C, H, W] becomes [N, C, ...outputSize]. */
export function adaptiveAvgPool2d(input: Tensor, outputSize: AdaptiveSize): Tensor
export function adaptiveAvgPool2d(...given: unknown[]): Tensor {
  const { input, outputSize } = taken<InputSize>('adaptiveAvgPool2d', INPUT_SIZE, [], given)
  return generated.adaptiveAvgPool2d(input, sizesOf(input, outputSize, 2))
}

/** Means over windows so laid that [N, C, D, H, W] becomes [N, C, ...outputSize]. */
export function adaptiveAvgPool3d(input: Tensor, outputSize: AdaptiveSize): Tensor
export function adaptiveAvgPool3d(...given: unknown[]): Tensor {
  const { input, outputSize } = taken<InputSize>('adaptiveAvgPool3d', INPUT_SIZE, [], given)
  return generated.adaptiveAvgPool3d(input, sizesOf(input, outputSize, 3))
}

export interface ReturnIndicesOptions {
  /** Gives the indices of the maxima too: `[output, indices]`. */
  returnIndices?: boolean
}

const RETURN_INDICES = ['returnIndices'] as const
type GivenReturnIndices = Given<ReturnIndicesOptions, typeof RETURN_INDICES>
type AdaptiveMaxKernel = (input: Tensor, outputSize: readonly Int[]) => [Tensor, Tensor]

function adaptiveMaxPool(call: string, spatial: number, given: readonly unknown[], kernel: AdaptiveMaxKernel): Tensor | WithIndices {
  const { input, outputSize, returnIndices = false } = taken<InputSize, ReturnIndicesOptions>(call, INPUT_SIZE, RETURN_INDICES, given)
  const both = kernel(input, sizesOf(input, outputSize, spatial))
  return returnIndices ? both : both[0]
}

/** Maxima over windows so laid that [N, C, L] becomes [N, C, outputSize]. */
export function adaptiveMaxPool1d(input: Tensor, outputSize: AdaptiveSize, options: WithIndicesOption<ReturnIndicesOptions>): WithIndices
export function adaptiveMaxPool1d(input: Tensor, outputSize: AdaptiveSize, ...given: GivenReturnIndices): Tensor
export function adaptiveMaxPool1d(...given: unknown[]): Tensor | WithIndices {
  return adaptiveMaxPool('adaptiveMaxPool1d', 1, given, torch.adaptiveMaxPool1d as AdaptiveMaxKernel)
}

/** Maxima over windows so laid that [N, C, H, W] becomes [N, C, ...outputSize]. */
export function adaptiveMaxPool2d(input: Tensor, outputSize: AdaptiveSize, options: WithIndicesOption<ReturnIndicesOptions>): WithIndices
export function adaptiveMaxPool2d(input: Tensor, outputSize: AdaptiveSize, ...given: GivenReturnIndices): Tensor
export function adaptiveMaxPool2d(...given: unknown[]): Tensor | WithIndices {
  return adaptiveMaxPool('adaptiveMaxPool2d', 2, given, generated.adaptiveMaxPool2d as AdaptiveMaxKernel)
}

/** Maxima over windows so laid that [N, C, D, H, W] becomes [N, C, ...outputSize]. */
export function adaptiveMaxPool3d(input: Tensor, outputSize: AdaptiveSize, options: WithIndicesOption<ReturnIndicesOptions>): WithIndices
export function adaptiveMaxPool3d(input: Tensor, outputSize: AdaptiveSize, ...given: GivenReturnIndices): Tensor
export function adaptiveMaxPool3d(...given: unknown[]): Tensor | WithIndices {
  return adaptiveMaxPool('adaptiveMaxPool3d', 3, given, generated.adaptiveMaxPool3d as AdaptiveMaxKernel)
}

export interface FractionalPoolOptions extends ReturnIndicesOptions {
  /** The output's spatial size; or `outputRatio`. */
  outputSize?: PerDimension
  /** The output's spatial size as a share of the input's, in 0 … 1. */
  outputRatio?: number | readonly number[]
  /** Where the windows lie, [N, C, spatial dimensions] in 0 … 1; default: drawn. */
  randomSamples?: Tensor
}

const FRACTIONAL = ['outputSize', 'outputRatio', 'returnIndices', 'randomSamples'] as const
type GivenFractional = Given<FractionalPoolOptions, typeof FRACTIONAL>
type FractionalKernel = (input: Tensor, kernelSize: PerDimension, outputSize: PerDimension, samples: Tensor) => [Tensor, Tensor]

function fractionalMaxPool(spatial: number, given: readonly unknown[], kernel: FractionalKernel): Tensor | WithIndices {
  const call = `fractionalMaxPool${spatial}d`
  const {
    input,
    kernelSize,
    outputSize,
    outputRatio,
    returnIndices = false,
    randomSamples,
  } = taken<InputKernel, FractionalPoolOptions>(call, INPUT_KERNEL, FRACTIONAL, given)
  if ((outputSize === undefined) === (outputRatio === undefined))
    throw new ArgumentError(`${call}() takes either outputSize or outputRatio`)
  const { shape } = input
  const channelAt = shape.length - spatial - 1
  const ratios =
    outputRatio === undefined ? [] : typeof outputRatio === 'number' ? Array.from({ length: spatial }, () => outputRatio) : outputRatio
  const size = outputSize ?? ratios.map((ratio, i) => Math.trunc(shape[channelAt + 1 + i]! * ratio))
  const batch = channelAt === 0 ? 1 : shape[0]!
  const samples = randomSamples ?? torch.rand([batch, shape[channelAt]!, spatial], { dtype: input.dtype, device: input.device })
  const both = kernel(input, kernelSize, size, samples)
  return returnIndices ? both : both[0]
}

/**
 * Maxima over windows of random size, for [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html
 */
export function fractionalMaxPool2d(input: Tensor, kernelSize: PerDimension, options: WithIndicesOption<FractionalPoolOptions>): WithIndices
export function fractionalMaxPool2d(input: Tensor, kernelSize: PerDimension, ...given: GivenFractional): Tensor
export function fractionalMaxPool2d(...given: unknown[]): Tensor | WithIndices {
  return fractionalMaxPool(2, given, generated.fractionalMaxPool2d as FractionalKernel)
}

/**
 * Maxima over windows of random size, for [N, C, D, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool3d.html
 */
export function fractionalMaxPool3d(input: Tensor, kernelSize: PerDimension, options: WithIndicesOption<FractionalPoolOptions>): WithIndices
export function fractionalMaxPool3d(input: Tensor, kernelSize: PerDimension, ...given: GivenFractional): Tensor
export function fractionalMaxPool3d(...given: unknown[]): Tensor | WithIndices {
  return fractionalMaxPool(3, given, generated.fractionalMaxPool3d as FractionalKernel)
}

export interface MaxUnpoolOptions {
  /** Default: the kernel's size. */
  stride?: PerDimension
  padding?: PerDimension
  /** The output's spatial (or whole) size where several inputs give the same pooled one. */
  outputSize?: readonly Int[]
}

const UNPOOL = ['stride', 'padding', 'outputSize'] as const
type GivenUnpool = Given<MaxUnpoolOptions, typeof UNPOOL>

interface Pooled extends InputKernel {
  readonly indices: Tensor
}

const POOLED = ['input', 'indices', 'kernelSize'] as const

interface Unpooling extends Pooled {
  readonly size: number[]
  readonly stride: number[]
  readonly padding: number[]
}

function unpooling(call: string, spatial: number, given: readonly unknown[]): Unpooling {
  const options = taken<Pooled, MaxUnpoolOptions>(call, POOLED, UNPOOL, given)
  const { input, indices, kernelSize } = options
  const kernel = repeated(kernelSize, spatial)
  const stride = options.stride === undefined ? kernel : repeated(options.stride, spatial)
  const padding = repeated(options.padding ?? 0, spatial)
  const usual = kernel.map((size, i) => (input.shape.at(i - spatial)! - 1) * stride[i]! + size - 2 * padding[i]!)
  const wanted = options.outputSize?.map(Number)
  const size = wanted === undefined ? usual : wanted.slice(wanted.length === spatial + 2 ? 2 : 0)
  if (size.length !== spatial)
    throw new ArgumentError(`${call}(): outputSize needs ${spatial} or ${spatial + 2} numbers but has ${wanted!.length}`)
  size.forEach((value, i) => {
    if (Math.abs(value - usual[i]!) >= stride[i]!) {
      throw new ArgumentError(
        `${call}(): outputSize [${size.join(', ')}] must lie between ${usual[i]! - stride[i]!} and ${usual[i]! + stride[i]!} in dimension ${i}`,
      )
    }
  })
  return { input, indices, kernelSize, size, stride, padding }
}

/** Puts the maxima of `maxPool1d` back to where they were, zeros elsewhere. */
export function maxUnpool1d(input: Tensor, indices: Tensor, kernelSize: PerDimension, ...given: GivenUnpool): Tensor
export function maxUnpool1d(...given: unknown[]): Tensor {
  const { input, indices, size } = unpooling('maxUnpool1d', 1, given)
  return generated.maxUnpool2d(input.unsqueeze(-1), indices.unsqueeze(-1), [...size, 1]).squeeze(-1)
}

/** Puts the maxima of `maxPool2d` back to where they were, zeros elsewhere. */
export function maxUnpool2d(input: Tensor, indices: Tensor, kernelSize: PerDimension, ...given: GivenUnpool): Tensor
export function maxUnpool2d(...given: unknown[]): Tensor {
  const { input, indices, size } = unpooling('maxUnpool2d', 2, given)
  return generated.maxUnpool2d(input, indices, size)
}

/** Puts the maxima of `maxPool3d` back to where they were, zeros elsewhere. */
export function maxUnpool3d(input: Tensor, indices: Tensor, kernelSize: PerDimension, ...given: GivenUnpool): Tensor
export function maxUnpool3d(...given: unknown[]): Tensor {
  const { input, indices, size, stride, padding } = unpooling('maxUnpool3d', 3, given)
  return generated.maxUnpool3d(input, indices, size, stride, padding)
}

export interface LpPoolOptions {
  /** Default: the kernel's size. */
  stride?: PerDimension
  ceilMode?: boolean
}

const LP_POOL = ['stride', 'ceilMode'] as const
type GivenLpPool = Given<LpPoolOptions, typeof LP_POOL>
type AvgKernel = (input: Tensor, kernelSize: PerDimension, stride: readonly Int[], padding: Int, ceilMode: boolean) => Tensor

interface Powers extends InputKernel {
  readonly normType: number
}

const POWERS = ['input', 'normType', 'kernelSize'] as const

function lpPool(spatial: number, given: readonly unknown[], kernel: AvgKernel): Tensor {
  const call = `lpPool${spatial}d`
  const { input, normType, kernelSize, stride, ceilMode = false } = taken<Powers, LpPoolOptions>(call, POWERS, LP_POOL, given)
  const mean = kernel(input.pow(normType), kernelSize, stride === undefined ? [] : repeated(stride, spatial), 0, ceilMode)
  const count = repeated(kernelSize, spatial).reduce((product, size) => product * size, 1)
  return mean
    .sign()
    .mul(mean.abs().relu())
    .mul(count)
    .pow(1 / normType)
}

/** The p-norms of windows of [N, C, L]. */
export function lpPool1d(input: Tensor, normType: number, kernelSize: PerDimension, ...given: GivenLpPool): Tensor
export function lpPool1d(...given: unknown[]): Tensor {
  return lpPool(1, given, torch.avgPool1d as AvgKernel)
}

/** The p-norms of windows of [N, C, H, W]. */
export function lpPool2d(input: Tensor, normType: number, kernelSize: PerDimension, ...given: GivenLpPool): Tensor
export function lpPool2d(...given: unknown[]): Tensor {
  return lpPool(2, given, generated.avgPool2d as AvgKernel)
}

/** The p-norms of windows of [N, C, D, H, W]. */
export function lpPool3d(input: Tensor, normType: number, kernelSize: PerDimension, ...given: GivenLpPool): Tensor
export function lpPool3d(...given: unknown[]): Tensor {
  return lpPool(3, given, generated.avgPool3d as AvgKernel)
}
