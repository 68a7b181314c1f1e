import { ArgumentError } from '../../../native'
import type { DeclaredClass } from '../../call/declared'
import type { Device, DType, Int } from '../../tensor/dtype'
import * as torch from '../../generated/functions'
import { pad } from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'
import { Parameter } from '../parameter'
import type { WeightedLayer } from './bases'
import { declares, layer } from './layer'
import { pythonRepr } from './repr'
import { drawWeights } from './weights'

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

/** What both kinds of convolution have in common: weights, printed form. */
function weighted<Arguments, Constructor>(signature: DeclaredClass<Arguments, Constructor>, isTransposed: boolean): ConvolutionBase {
  abstract class Weighted extends (layer(signature) as unknown as ConvolutionBase) {
    protected override build({ inChannels, outChannels, kernelSize, groups, bias, device, dtype }: ConvolutionArguments): void {
      if (inChannels % groups !== 0 || outChannels % groups !== 0) {
        throw new ArgumentError(
          `${signature.name}: inChannels (${inChannels}) and outChannels (${outChannels}) must be multiples of groups (${groups})`,
        )
      }
      const channels = isTransposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups]
      this.weight = new Parameter(torch.empty([...channels, ...kernelSize], { device, dtype }))
      this.bias = bias ? new Parameter(torch.empty([outChannels], { device, dtype })) : null
      this.resetParameters()
    }

    override resetParameters(): void {
      drawWeights(this)
    }

    override extraRepr(): string {
      const parts = [this.shown(':inChannels :outChannels kernelSize stride')]
      const { padding, dilation, outputPadding } = this
      if (typeof padding === 'string') parts.push(`padding=${padding}`)
      else if (padding.some((size) => size !== 0)) parts.push(this.shown('padding'))
      if (dilation.some((size) => size !== 1)) parts.push(this.shown('dilation'))
      if (outputPadding?.some((size) => size !== 0) === true) parts.push(this.shown('outputPadding'))
      if (this.groups !== 1) parts.push(this.shown('groups'))
      if (this.bias === null) parts.push(`bias=${pythonRepr(false)}`)
      if (this.paddingMode !== 'zeros') parts.push(`padding_mode=${this.paddingMode}`)
      return parts.join(', ')
    }
  }
  return declares(Weighted)
}

/** @internal The base of a convolution. */
export function convolution<Arguments, Constructor>(
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
  abstract class Convolution extends weighted(signature, false) {
    protected override build(args: ConvolutionArguments): void {
      if (args.padding === 'same' && args.stride.some((step) => step !== 1))
        throw new ArgumentError(`${signature.name}: padding 'same' needs a stride of 1`)
      super.build(args as never)
    }

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

    /** What is added before and after each dimension, the last one first; an odd rest of 'same' comes after. */
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
  return Convolution as unknown as Constructor
}

/** @internal The base of a transposed convolution; `outputSize` chooses among the sizes that a convolution maps to the input's. */
export function transposed<Arguments, Constructor>(
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
  abstract class Transposed extends weighted(signature, true) {
    protected override build(args: ConvolutionArguments): void {
      if (args.paddingMode !== 'zeros')
        throw new ArgumentError(`${signature.name}: paddingMode must be 'zeros' but is '${args.paddingMode}'`)
      super.build(args as never)
    }

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
      const text = `[${outputSize.join(', ')}]`
      if (wanted.length !== spatial)
        throw new ArgumentError(`${signature.name}: outputSize must have ${spatial} or ${spatial + 2} numbers but is ${text}`)
      return wanted.map((size, i) => {
        const least = (input.shape.at(i - spatial)! - 1) * stride[i]! - 2 * Number(padding[i]) + dilation[i]! * (kernelSize[i]! - 1) + 1
        if (size < least || size >= least + stride[i]!) {
          throw new ArgumentError(
            `${signature.name}: outputSize ${text} must lie from ${least} to ${least + stride[i]! - 1} in spatial dimension ${i} for an input of ${input.shape.at(i - spatial)!}`,
          )
        }
        return size - least
      })
    }
  }
  return Transposed as unknown as Constructor
}
