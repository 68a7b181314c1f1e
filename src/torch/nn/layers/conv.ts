import { ArgumentError } from '../../../native'
import type { Device, DType } from '../../dtype'
import * as torch from '../../generated/functions'
import type { Tensor } from '../../tensor'
import * as F from '../functional'
import { calculateFanIn, kaimingUniform_, uniform_ } from '../init'
import { Module } from '../module'
import { Parameter } from '../parameter'
import { forwardSource, pythonInts } from '../torch-script'

export type Pair = number | readonly [number, number]

/** @internal One number stands for both dimensions. */
export function pair(value: Pair): [number, number] {
  return typeof value === 'number' ? [value, value] : [value[0], value[1]]
}

export interface Conv2dOptions {
  stride?: Pair
  padding?: Pair | 'same' | 'valid'
  dilation?: Pair
  groups?: number
  bias?: boolean
  paddingMode?: 'zeros' | 'reflect' | 'replicate' | 'circular'
  dtype?: DType
  device?: Device
}

/**
 * A convolution over [N, inChannels, H, W].
 *
 * Weights [outChannels, inChannels / groups, kH, kW], drawn as PyTorch draws them.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 * @example
 * new torch.nn.Conv2d(3, 8, 3, { padding: 1 }).call(torch.ones([1, 3, 4, 4])).shape // [1, 8, 4, 4]
 */
export class Conv2d extends Module {
  weight: Parameter
  bias: Parameter | null
  readonly kernelSize: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly padding: readonly [number, number] | 'same' | 'valid'
  readonly dilation: readonly [number, number]
  readonly groups: number
  readonly paddingMode: 'zeros' | 'reflect' | 'replicate' | 'circular'

  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    kernelSize: Pair,
    options: Conv2dOptions = {},
  ) {
    super()
    const { groups = 1, padding = 0 } = options
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ArgumentError(`inChannels (${inChannels}) and outChannels (${outChannels}) must be multiples of groups (${groups})`)
    }
    this.kernelSize = pair(kernelSize)
    this.stride = pair(options.stride ?? 1)
    this.padding = typeof padding === 'string' ? padding : pair(padding)
    this.dilation = pair(options.dilation ?? 1)
    this.groups = groups
    this.paddingMode = options.paddingMode ?? 'zeros'
    const where = tensorOptions(options)
    this.weight = new Parameter(torch.empty([outChannels, inChannels / groups, ...this.kernelSize], where))
    this.bias = (options.bias ?? true) ? new Parameter(torch.empty([outChannels], where)) : null
    this.resetParameters()
  }

  resetParameters(): void {
    kaimingUniform_(this.weight, { a: Math.sqrt(5) })
    if (this.bias === null) return
    const bound = 1 / Math.sqrt(calculateFanIn(this.weight))
    uniform_(this.bias, -bound, bound)
  }

  override forward(input: Tensor): Tensor {
    const { weight, bias, stride, padding, dilation, groups } = this
    if (this.paddingMode === 'zeros') {
      if (typeof padding === 'string') return torch.conv2d(input, weight, bias, stride, padding, dilation, groups)
      return torch.conv2d(input, weight, bias, stride, padding, dilation, groups)
    }
    const [height, width] = typeof padding === 'string' ? this.samePadding() : padding
    const padded = F.pad(input, [width, width, height, height], { mode: this.paddingMode })
    return torch.conv2d(padded, weight, bias, stride, [0, 0], dilation, groups)
  }

  private samePadding(): [number, number] {
    if (this.padding === 'valid') return [0, 0]
    return [(this.dilation[0] * (this.kernelSize[0] - 1)) / 2, (this.dilation[1] * (this.kernelSize[1] - 1)) / 2]
  }

  override torchScript(): string {
    const { stride, padding, dilation, groups } = this
    const bias = this.bias === null ? 'None' : 'self.bias'
    const tail = `${pythonInts(dilation)}, ${groups}`
    if (this.paddingMode === 'zeros') {
      const given = typeof padding === 'string' ? `"${padding}"` : pythonInts(padding)
      return forwardSource(`return torch.conv2d(input, self.weight, ${bias}, ${pythonInts(stride)}, ${given}, ${tail})`)
    }
    const [height, width] = typeof padding === 'string' ? this.samePadding() : padding
    return forwardSource(
      `padded = torch.pad(input, ${pythonInts([width, width, height, height])}, "${this.paddingMode}", None)`,
      `return torch.conv2d(padded, self.weight, ${bias}, ${pythonInts(stride)}, [0, 0], ${tail})`,
    )
  }

  override extraRepr(): string {
    const two = (value: readonly [number, number]) => `(${value[0]}, ${value[1]})`
    const parts = [`${this.inChannels}, ${this.outChannels}, kernel_size=${two(this.kernelSize)}, stride=${two(this.stride)}`]
    if (typeof this.padding === 'string') parts.push(`padding=${this.padding}`)
    else if (this.padding.some((size) => size !== 0)) parts.push(`padding=${two(this.padding)}`)
    if (this.dilation.some((size) => size !== 1)) parts.push(`dilation=${two(this.dilation)}`)
    if (this.groups !== 1) parts.push(`groups=${this.groups}`)
    if (this.bias === null) parts.push('bias=False')
    if (this.paddingMode !== 'zeros') parts.push(`padding_mode=${this.paddingMode}`)
    return parts.join(', ')
  }
}

/** @internal The dtype and device among a layer's options. */
export function tensorOptions(options: { dtype?: DType; device?: Device }): { dtype?: DType; device?: Device } {
  const result: { dtype?: DType; device?: Device } = {}
  if (options.dtype !== undefined) result.dtype = options.dtype
  if (options.device !== undefined) result.device = options.device
  return result
}
