import { constructed, inFamily, type DeclaredClass } from '../../call/declared'
import { misfit } from '../../call/errors'
import type { Device, DType, Int } from '../../tensor/dtype'
import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import { pad } from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'
import type { WeightedLayer } from './bases'
import { declares, expectMultiple, layer } from './layer'
import { drawWeights } from './linear'

type Sizes = readonly number[]

interface ConvolutionArguments {
  readonly inChannels: number
  readonly outChannels: number
  readonly kernelSize: Sizes
  readonly stride: Sizes
  readonly padding: Sizes | 'same' | 'valid'
  readonly dilation: Sizes
  readonly groups: number
  readonly bias: boolean
  readonly paddingMode: string
  readonly device: Device | null
  readonly dtype: DType | null
}

type ConvolutionBase = abstract new (
  ...given: unknown[]
) => WeightedLayer & Omit<ConvolutionArguments, 'bias' | 'device' | 'dtype'> & { readonly outputPadding?: Sizes }

/** Whether a list holds this number alone; also for a field that was set to something else, which the printed form then shows. */
const isAll = (sizes: unknown, value: number): boolean => Array.isArray(sizes) && sizes.every((size) => size === value)

/** The base class of convolutions and transposed convolutions: weights and printed form. */
function weighted<Arguments, Constructor>(
  signature: DeclaredClass<Arguments, Constructor>,
  isTransposed: boolean,
  prepare: (args: ConvolutionArguments) => void,
): ConvolutionBase {
  const base = layer(inFamily<ConvolutionArguments, ConvolutionBase>(signature), {
    prepare: (args) => {
      const { inChannels, outChannels, groups } = args
      expectMultiple(signature.name, { inChannels, outChannels }, { groups })
      prepare(args)
    },
    parameters: ({ inChannels, outChannels, kernelSize, groups, bias }) => ({
      weight: [...(isTransposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups]), ...kernelSize],
      bias: bias && [outChannels],
    }),
    reset: drawWeights,
  })
  abstract class Weighted extends base {
    override extraRepr(): string {
      const { padding, dilation, outputPadding, paddingMode } = this
      const parts = [this.shown(':inChannels :outChannels kernelSize stride')]
      if (typeof padding === 'string') parts.push(`padding=${padding}`)
      else if (!isAll(padding, 0)) parts.push(this.shown('padding'))
      if (!isAll(dilation, 1)) parts.push(this.shown('dilation'))
      if (outputPadding !== undefined && !isAll(outputPadding, 0)) parts.push(this.shown('outputPadding'))
      if (this.groups !== 1) parts.push(this.shown('groups'))
      if (this.bias === null) parts.push(this.shown('bias'))
      if (paddingMode !== 'zeros') parts.push(`padding_mode=${paddingMode}`)
      return parts.join(', ')
    }
  }
  return declares(Weighted)
}

/** The base of a convolution. */
function convolution<Arguments, Constructor>(
  signature: DeclaredClass<Arguments, Constructor>,
  operator: (
    input: Tensor,
    weight: Tensor,
    bias: Tensor | null,
    stride: readonly Int[],
    padding: readonly Int[],
    dilation: readonly Int[],
    groups: number,
  ) => Tensor,
): Constructor {
  const prepare = ({ padding, stride }: ConvolutionArguments): void => {
    if (padding === 'same' && stride.some((step) => step !== 1)) throw misfit(signature.name, 'stride', "1 with the padding 'same'", stride)
  }
  abstract class Convolution extends weighted(signature, false, prepare) {
    override forward(input: Tensor): Tensor {
      const { weight, bias, stride, padding, dilation, groups } = this
      if (this.paddingMode === 'zeros') return operator(input, weight, bias, stride, padding as Sizes, dilation, groups)
      const padded = pad(input, this.paddingSizes(), { mode: this.paddingMode })
      return operator(
        padded,
        weight,
        bias,
        stride,
        dilation.map(() => 0),
        dilation,
        groups,
      )
    }

    /** The padding before and after each dimension, the last dimension first; 'same' puts an odd remainder after. */
    private paddingSizes(): number[] {
      const { padding, dilation, kernelSize } = this
      return kernelSize
        .map((size, i) => {
          if (padding === 'valid') return [0, 0]
          if (padding !== 'same') return [padding[i]!, padding[i]!]
          const total = dilation[i]! * (size - 1)
          return [Math.floor(total / 2), Math.ceil(total / 2)]
        })
        .reverse()
        .flat()
    }
  }
  return constructed(signature, Convolution)
}

/** The base class of a transposed convolution; `outputSize` selects one of the sizes that the convolution maps to the input's size. */
function transposed<Arguments, Constructor>(
  signature: DeclaredClass<Arguments, Constructor>,
  operator: (
    input: Tensor,
    weight: Tensor,
    bias: Tensor | null,
    stride: readonly Int[],
    padding: readonly Int[],
    outputPadding: readonly Int[],
    groups: number,
    dilation: readonly Int[],
  ) => Tensor,
): Constructor {
  const prepare = ({ paddingMode }: ConvolutionArguments): void => {
    if (paddingMode !== 'zeros') throw misfit(signature.name, 'paddingMode', "'zeros'", paddingMode)
  }
  abstract class Transposed extends weighted(signature, true, prepare) {
    override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
      const { weight, bias, stride, padding, groups, dilation } = this
      const outputPadding = outputSize === null ? this.outputPadding! : this.outputPaddingFor(input, outputSize)
      return operator(input, weight, bias, stride, padding as Sizes, outputPadding, groups, dilation)
    }

    private outputPaddingFor(input: Tensor, outputSize: readonly number[]): number[] {
      const { stride, padding, kernelSize, dilation } = this
      const spatial = kernelSize.length
      const isBatched = input.dim() === spatial + 2
      const wanted = outputSize.slice(
        isBatched && outputSize.length === spatial + 2 ? 2 : !isBatched && outputSize.length === spatial + 1 ? 1 : 0,
      )
      if (wanted.length !== spatial)
        throw misfit(signature.name, 'outputSize', `an array of ${spatial} or ${spatial + 2} numbers`, outputSize)
      return wanted.map((size, i) => {
        const least = (input.shape.at(i - spatial)! - 1) * stride[i]! - 2 * Number(padding[i]) + dilation[i]! * (kernelSize[i]! - 1) + 1
        if (size < least || size >= least + stride[i]!) {
          const expected = `from ${least} to ${least + stride[i]! - 1} in spatial dimension ${i} for an input of ${input.shape.at(i - spatial)!}`
          throw misfit(signature.name, 'outputSize', expected, outputSize)
        }
        return size - least
      })
    }
  }
  return constructed(signature, Transposed)
}

/**
 * A convolution over [N, inChannels, L]; weights [outChannels, inChannels / groups, k].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
 * @example
 * new torch.nn.Conv1d(2, 4, 3).call(torch.ones([1, 2, 5])).shape // [1, 4, 3]
 */
export class Conv1d extends convolution(layers.Conv1d, torch.conv1d) {}

/**
 * A convolution over [N, inChannels, H, W]; weights [outChannels, inChannels / groups, kH, kW].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 * @example
 * new torch.nn.Conv2d(2, 4, 3).call(torch.ones([1, 2, 5, 5])).shape // [1, 4, 3, 3]
 */
export class Conv2d extends convolution(layers.Conv2d, torch.conv2d) {}

/**
 * A convolution over [N, inChannels, D, H, W]; weights [outChannels, inChannels / groups, kD, kH, kW].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv3d.html
 * @example
 * new torch.nn.Conv3d(2, 4, 3).call(torch.ones([1, 2, 5, 5, 5])).shape // [1, 4, 3, 3, 3]
 */
export class Conv3d extends convolution(layers.Conv3d, torch.conv3d) {}

/**
 * The gradient of a convolution over [N, inChannels, L]; weights [inChannels, outChannels / groups, k].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
 * @example
 * new torch.nn.ConvTranspose1d(2, 4, 3, { stride: 2 }).call(torch.ones([1, 2, 5])).shape // [1, 4, 11]
 */
export class ConvTranspose1d extends transposed(layers.ConvTranspose1d, torch.convTranspose1d) {}

/**
 * The gradient of a convolution over [N, inChannels, H, W]; weights [inChannels, outChannels / groups, kH, kW].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
 * @example
 * new torch.nn.ConvTranspose2d(2, 4, 3, { stride: 2 }).call(torch.ones([1, 2, 5, 5])).shape // [1, 4, 11, 11]
 */
export class ConvTranspose2d extends transposed(layers.ConvTranspose2d, torch.convTranspose2d) {}

/**
 * The gradient of a convolution over [N, inChannels, D, H, W]; weights [inChannels, outChannels / groups, kD, kH, kW].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html
 * @example
 * new torch.nn.ConvTranspose3d(2, 4, 3, { stride: 2 }).call(torch.ones([1, 2, 5, 5, 5])).shape // [1, 4, 11, 11, 11]
 */
export class ConvTranspose3d extends transposed(layers.ConvTranspose3d, torch.convTranspose3d) {}
