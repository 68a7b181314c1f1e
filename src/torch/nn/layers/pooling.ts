import { ArgumentError } from '../../../native'
import { type Given, named } from '../../call/named'
import * as torch from '../../generated/functions'
import * as generated from '../../generated/nn-functions'
import type { Tensor } from '../../tensor'
import { expectFlag } from '../checks'
import * as F from '../functional'
import { Module } from '../module'
import { forwardSource, pythonBool, pythonInts } from '../torch-script'
import { pairOf, shown, shownFlag, wholeNumber, type Pair } from './options'

/** As the options of a pooling are given: each one number or a pair. */
interface Window {
  readonly kernelSize: Pair
  readonly stride: Pair
  readonly padding: Pair
}

/** Kernel, stride and padding as pairs. */
type Pairs = readonly [kernelSize: [number, number], stride: [number, number], padding: [number, number]]

function pairsOf(layer: string, { kernelSize, stride, padding }: Window): Pairs {
  return [pairOf(layer, 'kernelSize', kernelSize, 1), pairOf(layer, 'stride', stride, 1), pairOf(layer, 'padding', padding)]
}

export interface MaxPool2dOptions {
  /** Default: the kernel's size. */
  stride?: Pair
  /** Default 0. */
  padding?: Pair
  /** Default 1. */
  dilation?: Pair
  /** Only false, the default: a layer gives the values alone. */
  returnIndices?: false
  /** Rounds the output's size up. Default false. */
  ceilMode?: boolean
}

const MAX_POOL = ['stride', 'padding', 'dilation', 'returnIndices', 'ceilMode'] as const

/**
 * The largest value of every window of [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 * @example
 * new torch.nn.MaxPool2d(3, { stride: 2, padding: 1 }).call(torch.ones([1, 1, 8, 8])).shape // [1, 1, 4, 4]
 */
export class MaxPool2d extends Module {
  readonly stride: Pair
  readonly padding: Pair
  readonly dilation: Pair
  readonly ceilMode: boolean

  constructor(
    readonly kernelSize: Pair,
    ...given: Given<MaxPool2dOptions, typeof MAX_POOL>
  ) {
    super()
    const options = named<MaxPool2dOptions>('MaxPool2d', MAX_POOL, given)
    if (options.returnIndices !== undefined && options.returnIndices !== false)
      throw new ArgumentError('MaxPool2d gives no indices: write torch.nn.functional.maxPool2d(x, kernelSize, { returnIndices: true })')
    this.stride = options.stride ?? kernelSize
    this.padding = options.padding ?? 0
    this.dilation = options.dilation ?? 1
    this.ceilMode = options.ceilMode ?? false
    expectFlag('MaxPool2d', 'ceilMode', this.ceilMode)
    this.sizes()
  }

  private sizes(): [...Pairs, dilation: [number, number]] {
    return [...pairsOf('MaxPool2d', this), pairOf('MaxPool2d', 'dilation', this.dilation, 1)]
  }

  override forward(input: Tensor): Tensor {
    return torch.maxPool2d(input, ...this.sizes(), this.ceilMode)
  }

  override torchScript(): string {
    return forwardSource(`return torch.max_pool2d(input, ${this.sizes().map(pythonInts).join(', ')}, ${pythonBool(this.ceilMode)})`)
  }

  override extraRepr(): string {
    return `kernel_size=${shown(this.kernelSize)}, stride=${shown(this.stride)}, padding=${shown(this.padding)}, dilation=${shown(this.dilation)}, ceil_mode=${shownFlag(this.ceilMode)}`
  }
}

export interface AvgPool2dOptions {
  /** Default: the kernel's size. */
  stride?: Pair
  /** Default 0. */
  padding?: Pair
  /** Rounds the output's size up. Default false. */
  ceilMode?: boolean
  /** Whether the padding's zeros count in the means. Default true. */
  countIncludePad?: boolean
  /** What sums are divided by, in place of the window's size. */
  divisorOverride?: number | null
}

const AVG_POOL = ['stride', 'padding', 'ceilMode', 'countIncludePad', 'divisorOverride'] as const

/**
 * The mean of every window of [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 * @example
 * new torch.nn.AvgPool2d(2).call(torch.ones([1, 1, 4, 6])).shape // [1, 1, 2, 3]
 */
export class AvgPool2d extends Module {
  readonly stride: Pair
  readonly padding: Pair
  readonly ceilMode: boolean
  readonly countIncludePad: boolean
  readonly divisorOverride: number | null

  constructor(
    readonly kernelSize: Pair,
    ...given: Given<AvgPool2dOptions, typeof AVG_POOL>
  ) {
    super()
    const options = named<AvgPool2dOptions>('AvgPool2d', AVG_POOL, given)
    this.stride = options.stride ?? kernelSize
    this.padding = options.padding ?? 0
    this.ceilMode = options.ceilMode ?? false
    this.countIncludePad = options.countIncludePad ?? true
    this.divisorOverride = options.divisorOverride ?? null
    expectFlag('AvgPool2d', 'ceilMode', this.ceilMode)
    expectFlag('AvgPool2d', 'countIncludePad', this.countIncludePad)
    if (this.divisorOverride !== null) wholeNumber('AvgPool2d', 'divisorOverride', this.divisorOverride, 1)
    pairsOf('AvgPool2d', this)
  }

  override forward(input: Tensor): Tensor {
    return generated.avgPool2d(input, ...pairsOf('AvgPool2d', this), this.ceilMode, this.countIncludePad, this.divisorOverride)
  }

  override torchScript(): string {
    const flags = `${pythonBool(this.ceilMode)}, ${pythonBool(this.countIncludePad)}, ${this.divisorOverride ?? 'None'}`
    return forwardSource(`return torch.avg_pool2d(input, ${pairsOf('AvgPool2d', this).map(pythonInts).join(', ')}, ${flags})`)
  }

  override extraRepr(): string {
    return `kernel_size=${shown(this.kernelSize)}, stride=${shown(this.stride)}, padding=${shown(this.padding)}`
  }
}

/** One size for both dimensions or one for each, null keeping the input's. */
export type OutputSize = number | readonly [number | null, number | null]

/**
 * Means over as many windows as give the output size.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
 * @example
 * new torch.nn.AdaptiveAvgPool2d([1, null]).call(torch.ones([2, 3, 5, 7])).shape // [2, 3, 1, 7]
 */
export class AdaptiveAvgPool2d extends Module {
  constructor(readonly outputSize: OutputSize) {
    super()
    const sizes = typeof outputSize === 'object' && outputSize !== null ? outputSize.map((size) => size ?? 0) : outputSize
    pairOf('AdaptiveAvgPool2d', 'outputSize', sizes)
  }

  override forward(input: Tensor): Tensor {
    return F.adaptiveAvgPool2d(input, this.outputSize)
  }

  override torchScript(): string {
    const { outputSize } = this
    const pair = typeof outputSize === 'number' ? [outputSize, outputSize] : outputSize
    const sizes = pair.map((size, i) => size ?? `input.size(${i - 2})`).join(', ')
    return forwardSource(`return torch.adaptive_avg_pool2d(input, [${sizes}])`)
  }

  override extraRepr(): string {
    return `output_size=${shown(this.outputSize)}`
  }
}
