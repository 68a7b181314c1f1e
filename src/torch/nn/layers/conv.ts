import { ArgumentError } from '../../../native'
import { type Given, named } from '../../call/named'
import * as torch from '../../generated/functions'
import type { Tensor } from '../../tensor'
import { expectFlag } from '../checks'
import * as F from '../functional'
import { calculateFanIn, kaimingUniform_, uniform_ } from '../init'
import { Module } from '../module'
import { Parameter } from '../parameter'
import { forwardSource, pythonInts } from '../torch-script'
import { pairOf, shown, tensorOptions, wholeNumber, type FactoryOptions, type Pair } from './options'

const PADDING_MODES = ['zeros', 'reflect', 'replicate', 'circular'] as const

export interface Conv2dOptions extends FactoryOptions {
  /** Default 1. */
  stride?: Pair
  /** Rows and columns added at each side; `'same'` keeps the size (at stride 1), `'valid'` adds none. Default 0. */
  padding?: Pair | 'same' | 'valid'
  /** Default 1. */
  dilation?: Pair
  /** Default 1. */
  groups?: number
  /** Default true. */
  bias?: boolean
  /** Default `'zeros'`. */
  paddingMode?: (typeof PADDING_MODES)[number]
}

const OPTIONS = ['stride', 'padding', 'dilation', 'groups', 'bias', 'paddingMode', 'device', 'dtype'] as const

/**
 * A convolution over [N, inChannels, H, W].
 *
 * Weights [outChannels, inChannels / groups, kH, kW], drawn as PyTorch draws them.
 *
 * @throws ArgumentError for wrong options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 * @example
 * new torch.nn.Conv2d(3, 8, 3, { padding: 1 }).call(torch.ones([1, 3, 4, 4])).shape // [1, 8, 4, 4]
 */
export class Conv2d extends Module {
  declare weight: Parameter
  declare bias: Parameter | null
  readonly kernelSize: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly padding: readonly [number, number] | 'same' | 'valid'
  readonly dilation: readonly [number, number]
  readonly groups: number
  readonly paddingMode: (typeof PADDING_MODES)[number]

  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    kernelSize: Pair,
    ...given: Given<Conv2dOptions, typeof OPTIONS>
  ) {
    super()
    const options = named<Conv2dOptions>('Conv2d', OPTIONS, given)
    const { padding = 0, bias = true, paddingMode = 'zeros' } = options
    expectFlag('Conv2d', 'bias', bias)
    wholeNumber('Conv2d', 'inChannels', inChannels)
    wholeNumber('Conv2d', 'outChannels', outChannels)
    this.groups = wholeNumber('Conv2d', 'groups', options.groups ?? 1, 1)
    if (inChannels % this.groups !== 0 || outChannels % this.groups !== 0) {
      throw new ArgumentError(
        `Conv2d: inChannels (${inChannels}) and outChannels (${outChannels}) must be multiples of groups (${this.groups})`,
      )
    }
    this.kernelSize = pairOf('Conv2d', 'kernelSize', kernelSize, 1)
    this.stride = pairOf('Conv2d', 'stride', options.stride ?? 1, 1)
    this.padding =
      padding === 'same' || padding === 'valid' ? padding : pairOf('Conv2d', "padding (a number, a pair, 'same' or 'valid')", padding)
    this.dilation = pairOf('Conv2d', 'dilation', options.dilation ?? 1, 1)
    if (padding === 'same' && this.stride.some((step) => step !== 1)) throw new ArgumentError("Conv2d: padding 'same' needs a stride of 1")
    if (!PADDING_MODES.includes(paddingMode))
      throw new ArgumentError(`Conv2d: paddingMode must be one of ${PADDING_MODES.join(', ')} but is '${String(paddingMode)}'`)
    this.paddingMode = paddingMode
    const where = tensorOptions(options)
    this.registerParameter('weight', new Parameter(torch.empty([outChannels, inChannels / this.groups, ...this.kernelSize], where)))
    this.registerParameter('bias', bias ? new Parameter(torch.empty([outChannels], where)) : null)
    this.resetParameters()
  }

  /** Draws new weights. */
  resetParameters(): void {
    kaimingUniform_(this.weight, { a: Math.sqrt(5) })
    const fanIn = calculateFanIn(this.weight)
    if (this.bias === null || fanIn === 0) return
    const bound = 1 / Math.sqrt(fanIn)
    uniform_(this.bias, -bound, bound)
  }

  override forward(input: Tensor): Tensor {
    const { weight, bias, stride, padding, dilation, groups } = this
    if (this.paddingMode !== 'zeros') {
      const padded = F.pad(input, this.paddingSizes(), { mode: this.paddingMode })
      return torch.conv2d(padded, weight, bias, stride, [0, 0], dilation, groups)
    }
    // The two kinds of padding are two overloads.
    if (typeof padding === 'string') return torch.conv2d(input, weight, bias, stride, padding, dilation, groups)
    return torch.conv2d(input, weight, bias, stride, padding, dilation, groups)
  }

  /** What is added left, right, above and below; an odd rest of 'same' goes right and below. */
  private paddingSizes(): [number, number, number, number] {
    const sides = (dimension: 0 | 1): [number, number] => {
      if (this.padding === 'valid') return [0, 0]
      if (this.padding !== 'same') return [this.padding[dimension], this.padding[dimension]]
      const total = this.dilation[dimension] * (this.kernelSize[dimension] - 1)
      return [Math.floor(total / 2), Math.ceil(total / 2)]
    }
    return [...sides(1), ...sides(0)]
  }

  override torchScript(): string {
    const { stride, padding, dilation, groups } = this
    const bias = this.bias === null ? 'None' : 'self.bias'
    const tail = `${pythonInts(dilation)}, ${groups}`
    if (this.paddingMode === 'zeros') {
      const given = typeof padding === 'string' ? `"${padding}"` : pythonInts(padding)
      return forwardSource(`return torch.conv2d(input, self.weight, ${bias}, ${pythonInts(stride)}, ${given}, ${tail})`)
    }
    return forwardSource(
      `padded = torch.pad(input, ${pythonInts(this.paddingSizes())}, "${this.paddingMode}", None)`,
      `return torch.conv2d(padded, self.weight, ${bias}, ${pythonInts(stride)}, [0, 0], ${tail})`,
    )
  }

  override extraRepr(): string {
    const parts = [`${this.inChannels}, ${this.outChannels}, kernel_size=${shown(this.kernelSize)}, stride=${shown(this.stride)}`]
    if (typeof this.padding === 'string') parts.push(`padding=${this.padding}`)
    else if (this.padding.some((size) => size !== 0)) parts.push(`padding=${shown(this.padding)}`)
    if (this.dilation.some((size) => size !== 1)) parts.push(`dilation=${shown(this.dilation)}`)
    if (this.groups !== 1) parts.push(`groups=${this.groups}`)
    if (this.bias === null) parts.push('bias=False')
    if (this.paddingMode !== 'zeros') parts.push(`padding_mode=${this.paddingMode}`)
    return parts.join(', ')
  }
}
