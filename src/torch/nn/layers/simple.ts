import { ArgumentError } from '../../../native'
import { expectTensor } from '../../call/expected'
import { type Given, named } from '../../call/named'
import type { Tensor } from '../../tensor'
import { expectFlag, expectNumber, flagOf, type Flag } from '../checks'
import * as F from '../functional'
import { Module } from '../module'
import { forwardSource, pythonFloat } from '../torch-script'
import { shownFlag, shownNumber } from './options'

export interface InplaceOptions {
  /** Writes the result into the input. Default false. */
  inplace?: boolean
}

/**
 * The larger of each element and 0.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html
 * @example
 * new torch.nn.ReLU().call(torch.tensor([-1, 2])).tolist() // [0, 2]
 */
export class ReLU extends Module {
  readonly inplace: boolean

  constructor(inplace: Flag<'inplace'> = false) {
    super()
    this.inplace = flagOf('ReLU', 'inplace', inplace, false)
  }

  override forward(input: Tensor): Tensor {
    return F.relu(input, { inplace: this.inplace })
  }

  override torchScript(): string {
    return forwardSource(`return torch.${this.inplace ? 'relu_' : 'relu'}(input)`)
  }

  override extraRepr(): string {
    return this.inplace ? 'inplace=True' : ''
  }
}

export interface FlattenOptions {
  /** The first dimension that is joined. Default 1. */
  startDim?: number
  /** The last one. Default -1. */
  endDim?: number
}

const FLATTEN = ['startDim', 'endDim'] as const

/**
 * Joins the dimensions from `startDim` to `endDim`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html
 * @example
 * new torch.nn.Flatten().call(torch.ones([2, 3, 4])).shape // [2, 12]
 */
export class Flatten extends Module {
  readonly startDim: number
  readonly endDim: number

  constructor(...given: Given<FlattenOptions, typeof FLATTEN>) {
    super()
    const { startDim = 1, endDim = -1 } = named<FlattenOptions>('Flatten', FLATTEN, given)
    expectNumber('Flatten', 'startDim', startDim)
    expectNumber('Flatten', 'endDim', endDim)
    this.startDim = startDim
    this.endDim = endDim
  }

  override forward(input: Tensor): Tensor {
    expectTensor('Flatten', input)
    return input.flatten(this.startDim, this.endDim)
  }

  override torchScript(): string {
    return forwardSource(`return torch.flatten(input, ${this.startDim}, ${this.endDim})`)
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`
  }
}

export interface DropoutOptions extends InplaceOptions {
  /** The share of elements that become zero. Default 0.5. */
  p?: number
}

const DROPOUT = ['p', 'inplace'] as const

/**
 * Zeroes elements with probability `p` in training, and scales the others up so that the mean stays.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 * @example
 * new torch.nn.Dropout(0.2).eval().call(torch.ones([3])).tolist() // [1, 1, 1]
 */
export class Dropout extends Module {
  readonly p: number
  readonly inplace: boolean

  constructor(...given: Given<DropoutOptions, typeof DROPOUT>) {
    super()
    const { p = 0.5, inplace = false } = named<DropoutOptions>('Dropout', DROPOUT, given)
    expectFlag('Dropout', 'inplace', inplace)
    if (!(typeof p === 'number' && p >= 0 && p <= 1))
      throw new ArgumentError(`Dropout: p, a probability, lies between 0 and 1 but is ${String(p)}`)
    this.p = p
    this.inplace = inplace
  }

  override forward(input: Tensor): Tensor {
    return F.dropout(input, this.p, this.training, this.inplace)
  }

  override torchScript(): string {
    return forwardSource(`return torch.${this.inplace ? 'dropout_' : 'dropout'}(input, ${pythonFloat(this.p)}, self.training)`)
  }

  override extraRepr(): string {
    return `p=${shownNumber(this.p)}, inplace=${shownFlag(this.inplace)}`
  }
}

/**
 * Gives its input back; it stands where a layer is taken away.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html
 * @example
 * new torch.nn.Identity().call(torch.ones([2])).tolist() // [1, 1]
 */
export class Identity extends Module {
  override forward(input: Tensor): Tensor {
    return input
  }

  override torchScript(): string {
    return forwardSource('return input')
  }
}
