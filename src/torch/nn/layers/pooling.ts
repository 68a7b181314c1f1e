import * as torch from '../../generated/functions'
import * as generated from '../../generated/nnFunctions'
import type { Tensor } from '../../tensor'
import { Module } from '../module'
import { forwardSource, pythonBool, pythonInts } from '../torch-script'
import { pair, type Pair } from './conv'

/**
 * The largest value of every window of [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 */
export class MaxPool2d extends Module {
  readonly stride: Pair
  readonly padding: Pair
  readonly dilation: Pair
  readonly ceilMode: boolean

  constructor(
    readonly kernelSize: Pair,
    options: { stride?: Pair; padding?: Pair; dilation?: Pair; ceilMode?: boolean } = {},
  ) {
    super()
    this.stride = options.stride ?? kernelSize
    this.padding = options.padding ?? 0
    this.dilation = options.dilation ?? 1
    this.ceilMode = options.ceilMode ?? false
  }

  override forward(input: Tensor): Tensor {
    return torch.maxPool2d(input, pair(this.kernelSize), pair(this.stride), pair(this.padding), pair(this.dilation), this.ceilMode)
  }

  override torchScript(): string {
    const lists = [this.kernelSize, this.stride, this.padding, this.dilation].map((value) => pythonInts(pair(value))).join(', ')
    return forwardSource(`return torch.max_pool2d(input, ${lists}, ${pythonBool(this.ceilMode)})`)
  }

  override extraRepr(): string {
    return `kernel_size=${shown(this.kernelSize)}, stride=${shown(this.stride)}, padding=${shown(this.padding)}, dilation=${shown(this.dilation)}, ceil_mode=${this.ceilMode ? 'True' : 'False'}`
  }
}

/**
 * The mean of every window of [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 */
export class AvgPool2d extends Module {
  readonly stride: Pair
  readonly padding: Pair
  readonly ceilMode: boolean
  readonly countIncludePad: boolean
  readonly divisorOverride: number | null

  constructor(
    readonly kernelSize: Pair,
    options: { stride?: Pair; padding?: Pair; ceilMode?: boolean; countIncludePad?: boolean; divisorOverride?: number | null } = {},
  ) {
    super()
    this.stride = options.stride ?? kernelSize
    this.padding = options.padding ?? 0
    this.ceilMode = options.ceilMode ?? false
    this.countIncludePad = options.countIncludePad ?? true
    this.divisorOverride = options.divisorOverride ?? null
  }

  override forward(input: Tensor): Tensor {
    const { ceilMode, countIncludePad, divisorOverride } = this
    return generated.avgPool2d(input, pair(this.kernelSize), pair(this.stride), pair(this.padding), ceilMode, countIncludePad, divisorOverride)
  }

  override torchScript(): string {
    const lists = [this.kernelSize, this.stride, this.padding].map((value) => pythonInts(pair(value))).join(', ')
    const flags = `${pythonBool(this.ceilMode)}, ${pythonBool(this.countIncludePad)}, ${this.divisorOverride ?? 'None'}`
    return forwardSource(`return torch.avg_pool2d(input, ${lists}, ${flags})`)
  }

  override extraRepr(): string {
    return `kernel_size=${shown(this.kernelSize)}, stride=${shown(this.stride)}, padding=${shown(this.padding)}`
  }
}

/**
 * Means over as many windows as give the output size.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
 */
export class AdaptiveAvgPool2d extends Module {
  constructor(readonly outputSize: Pair) {
    super()
  }

  override forward(input: Tensor): Tensor {
    return generated.adaptiveAvgPool2d(input, pair(this.outputSize))
  }

  override torchScript(): string {
    return forwardSource(`return torch.adaptive_avg_pool2d(input, ${pythonInts(pair(this.outputSize))})`)
  }

  override extraRepr(): string {
    return `output_size=${shown(this.outputSize)}`
  }
}

function shown(value: Pair): string {
  return typeof value === 'number' ? String(value) : `(${value[0]}, ${value[1]})`
}
