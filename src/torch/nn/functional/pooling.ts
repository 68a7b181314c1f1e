import { ArgumentError } from '../../../native'
import * as torch from '../../generated/functions'
import type * as declared from '../../generated/declared/nn-functional-signatures'
import * as generated from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'
import { repeated } from './support'

type WithIndices = readonly [output: Tensor, indices: Tensor]
type MaxPoolArguments = declared.MaxPool1dArguments
type MaxPoolKernel = (
  input: Tensor,
  kernelSize: number | readonly number[],
  stride: readonly number[],
  padding: number | readonly number[],
  dilation: number | readonly number[],
  ceilMode: boolean,
) => Tensor | WithIndices

function maxPool(spatial: number, args: MaxPoolArguments, plain: MaxPoolKernel, indexed: MaxPoolKernel): Tensor | WithIndices {
  const { input, kernelSize, stride, padding, dilation, ceilMode, returnIndices } = args
  const steps = stride === null ? [] : repeated(stride, spatial)
  return (returnIndices ? indexed : plain)(input, kernelSize, steps, padding, dilation, ceilMode)
}

/**
 * The largest values of windows of [N, C, L]; `stride` defaults to the window's size, and `ceilMode` rounds the output's size up.
 *
 * With `returnIndices` the result is `[output, indices]`, as `maxUnpool1d` takes them.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
 */
export function maxPool1d(args: declared.MaxPool1dArguments): Tensor | WithIndices {
  return maxPool(1, args, torch.maxPool1d as MaxPoolKernel, torch.maxPool1dWithIndices as MaxPoolKernel)
}

/**
 * The largest values of windows of [N, C, H, W]; `stride` defaults to the window's size, and `ceilMode` rounds the output's size up.
 *
 * With `returnIndices` the result is `[output, indices]`, as `maxUnpool2d` takes them.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
 * @example
 * torch.nn.functional.maxPool2d(torch.ones([1, 1, 4, 4]), 2).shape // [1, 1, 2, 2]
 */
export function maxPool2d(args: declared.MaxPool2dArguments): Tensor | WithIndices {
  return maxPool(2, args, torch.maxPool2d as MaxPoolKernel, generated.maxPool2dWithIndices as MaxPoolKernel)
}

/**
 * The largest values of windows of [N, C, D, H, W]; `stride` defaults to the window's size, and `ceilMode` rounds the output's size up.
 *
 * With `returnIndices` the result is `[output, indices]`, as `maxUnpool3d` takes them.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html
 */
export function maxPool3d(args: declared.MaxPool3dArguments): Tensor | WithIndices {
  return maxPool(3, args, torch.maxPool3d as MaxPoolKernel, generated.maxPool3dWithIndices as MaxPoolKernel)
}

/** The output's size in each spatial dimension, with null replaced by the input's size. */
function sizesOf(input: Tensor, size: number | readonly (number | null)[], spatial: number): readonly number[] {
  if (typeof size === 'number') return new Array<number>(spatial).fill(size)
  if (!size.includes(null)) return size as readonly number[]
  const { shape } = input
  return size.map((value, i) => value ?? shape[shape.length - size.length + i]!)
}

/** Means over windows chosen so that [N, C, H, W] becomes [N, C, ...outputSize]; null in `outputSize` keeps the input's size. */
export function adaptiveAvgPool2d({ input, outputSize }: declared.AdaptiveAvgPool2dArguments): Tensor {
  return generated.adaptiveAvgPool2d(input, sizesOf(input, outputSize, 2))
}

/** Means over windows chosen so that [N, C, D, H, W] becomes [N, C, ...outputSize]; null in `outputSize` keeps the input's size. */
export function adaptiveAvgPool3d({ input, outputSize }: declared.AdaptiveAvgPool3dArguments): Tensor {
  return generated.adaptiveAvgPool3d(input, sizesOf(input, outputSize, 3))
}

type AdaptiveMaxArguments = declared.AdaptiveMaxPool2dArguments
type AdaptiveMaxKernel = (input: Tensor, outputSize: readonly number[]) => WithIndices

function adaptiveMaxPool(spatial: number, args: AdaptiveMaxArguments, kernel: AdaptiveMaxKernel): Tensor | WithIndices {
  const both = kernel(args.input, sizesOf(args.input, args.outputSize, spatial))
  return args.returnIndices ? both : both[0]
}

/** Maxima over windows chosen so that [N, C, L] becomes [N, C, outputSize]; with `returnIndices` `[output, indices]`. */
export function adaptiveMaxPool1d(args: declared.AdaptiveMaxPool1dArguments): Tensor | WithIndices {
  return adaptiveMaxPool(1, args, torch.adaptiveMaxPool1d)
}

/** Maxima over windows chosen so that [N, C, H, W] becomes [N, C, ...outputSize]; with `returnIndices` `[output, indices]`. */
export function adaptiveMaxPool2d(args: declared.AdaptiveMaxPool2dArguments): Tensor | WithIndices {
  return adaptiveMaxPool(2, args, generated.adaptiveMaxPool2d)
}

/** Maxima over windows chosen so that [N, C, D, H, W] becomes [N, C, ...outputSize]; with `returnIndices` `[output, indices]`. */
export function adaptiveMaxPool3d(args: declared.AdaptiveMaxPool3dArguments): Tensor | WithIndices {
  return adaptiveMaxPool(3, args, generated.adaptiveMaxPool3d)
}

type FractionalArguments = declared.FractionalMaxPool2dArguments
type FractionalKernel = (
  input: Tensor,
  kernelSize: number | readonly number[],
  outputSize: number | readonly number[],
  samples: Tensor,
) => WithIndices

function fractionalMaxPool(spatial: number, args: FractionalArguments, kernel: FractionalKernel): Tensor | WithIndices {
  const { input, kernelSize, outputSize, outputRatio, returnIndices, randomSamples } = args
  if ((outputSize === null) === (outputRatio === null))
    throw new ArgumentError(`fractionalMaxPool${spatial}d(): expected either outputSize or outputRatio`)
  const { shape } = input
  const channelAt = shape.length - spatial - 1
  const ratios = outputRatio === null ? [] : repeated(outputRatio, spatial)
  const size = outputSize ?? ratios.map((ratio, i) => Math.trunc(shape[channelAt + 1 + i]! * ratio))
  const batch = channelAt === 0 ? 1 : shape[0]!
  const samples = randomSamples ?? torch.rand([batch, shape[channelAt]!, spatial], { dtype: input.dtype, device: input.device })
  const both = kernel(input, kernelSize, size, samples)
  return returnIndices ? both : both[0]
}

/**
 * Maxima over windows of random size, for [N, C, H, W]; with `returnIndices` `[output, indices]`.
 *
 * The output's spatial size is `outputSize`, or the share `outputRatio` of the input's. `randomSamples` [N, C, 2] in 0 … 1 places the
 * windows; by default they are random.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html
 */
export function fractionalMaxPool2d(args: declared.FractionalMaxPool2dArguments): Tensor | WithIndices {
  return fractionalMaxPool(2, args, generated.fractionalMaxPool2d)
}

/**
 * Maxima over windows of random size, for [N, C, D, H, W]; with `returnIndices` `[output, indices]`.
 *
 * The output's spatial size is `outputSize`, or the share `outputRatio` of the input's. `randomSamples` [N, C, 3] in 0 … 1 places the
 * windows; by default they are random.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool3d.html
 */
export function fractionalMaxPool3d(args: declared.FractionalMaxPool3dArguments): Tensor | WithIndices {
  return fractionalMaxPool(3, args, generated.fractionalMaxPool3d)
}

interface Unpooling {
  readonly size: readonly number[]
  readonly stride: readonly number[]
  readonly padding: readonly number[]
}

function unpooling(spatial: number, args: declared.MaxUnpool1dArguments): Unpooling {
  const call = `maxUnpool${spatial}d`
  const { input, outputSize } = args
  const kernel = repeated(args.kernelSize, spatial)
  const stride = args.stride === null ? kernel : repeated(args.stride, spatial)
  const padding = repeated(args.padding, spatial)
  const usual = kernel.map((size, i) => (input.shape.at(i - spatial)! - 1) * stride[i]! + size - 2 * padding[i]!)
  const wanted = outputSize === null ? usual : typeof outputSize === 'number' ? [outputSize] : outputSize
  const size = wanted.length === spatial + 2 ? wanted.slice(2) : wanted
  if (size.length !== spatial)
    throw new ArgumentError(`${call}(): outputSize: expected ${spatial} or ${spatial + 2} numbers but received ${wanted.length}`)
  size.forEach((value, i) => {
    const [least, most] = [usual[i]! - stride[i]!, usual[i]! + stride[i]!]
    if (value <= least || value >= most)
      throw new ArgumentError(
        `${call}(): outputSize: expected more than ${least} and less than ${most} in dimension ${i} but received [${size.join(', ')}]`,
      )
  })
  return { size, stride, padding }
}

/**
 * Puts the maxima of `maxPool1d` back at their positions, zeros elsewhere.
 *
 * `outputSize`, the spatial or the whole shape, distinguishes inputs that pooling maps to the same size.
 */
export function maxUnpool1d(args: declared.MaxUnpool1dArguments): Tensor {
  const { size } = unpooling(1, args)
  return generated.maxUnpool2d(args.input.unsqueeze(-1), args.indices.unsqueeze(-1), [...size, 1]).squeeze(-1)
}

/**
 * Puts the maxima of `maxPool2d` back at their positions, zeros elsewhere.
 *
 * `outputSize`, the spatial or the whole shape, distinguishes inputs that pooling maps to the same size.
 */
export function maxUnpool2d(args: declared.MaxUnpool2dArguments): Tensor {
  return generated.maxUnpool2d(args.input, args.indices, unpooling(2, args).size)
}

/**
 * Puts the maxima of `maxPool3d` back at their positions, zeros elsewhere.
 *
 * `outputSize`, the spatial or the whole shape, distinguishes inputs that pooling maps to the same size.
 */
export function maxUnpool3d(args: declared.MaxUnpool3dArguments): Tensor {
  const { size, stride, padding } = unpooling(3, args)
  return generated.maxUnpool3d(args.input, args.indices, size, stride, padding)
}

type AvgKernel = (
  input: Tensor,
  kernelSize: number | readonly number[],
  stride: readonly number[],
  padding: number,
  ceilMode: boolean,
) => Tensor

function lpPool(spatial: number, args: declared.LpPool1dArguments, kernel: AvgKernel): Tensor {
  const { input, normType, kernelSize, stride, ceilMode } = args
  const mean = kernel(input.pow(normType), kernelSize, stride === null ? [] : repeated(stride, spatial), 0, ceilMode)
  const count = repeated(kernelSize, spatial).reduce((product, size) => product * size, 1)
  return mean
    .sign()
    .mul(mean.abs().relu())
    .mul(count)
    .pow(1 / normType)
}

/** The norms of order `normType` of windows of [N, C, L]; `stride` defaults to the window's size. */
export function lpPool1d(args: declared.LpPool1dArguments): Tensor {
  return lpPool(1, args, torch.avgPool1d as AvgKernel)
}

/** The norms of order `normType` of windows of [N, C, H, W]; `stride` defaults to the window's size. */
export function lpPool2d(args: declared.LpPool2dArguments): Tensor {
  return lpPool(2, args, generated.avgPool2d as AvgKernel)
}

/** The norms of order `normType` of windows of [N, C, D, H, W]; `stride` defaults to the window's size. */
export function lpPool3d(args: declared.LpPool3dArguments): Tensor {
  return lpPool(3, args, generated.avgPool3d as AvgKernel)
}
