import { ArgumentError } from '../../../native'
import { expectTensor } from '../../dispatch/expected'
import type { Tensor } from '../../tensor'
import * as F from '../functional'
import { Module } from '../module'
import { forwardSource, pythonFloat } from '../torch-script'
import { checkOptions, shownFlag, shownNumber } from './options'

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

  constructor(options: InplaceOptions = {}) {
    super()
    checkOptions('ReLU', options, ['inplace'])
    this.inplace = options.inplace ?? false
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

/**
 * Joins the dimensions from `startDim` to `endDim`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html
 * @example
 * new torch.nn.Flatten().call(torch.ones([2, 3, 4])).shape // [2, 12]
 */
export class Flatten extends Module {
  constructor(
    readonly startDim = 1,
    readonly endDim = -1,
  ) {
    super()
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

/**
 * Zeroes elements with probability `p` in training, and scales the others up so that the mean stays.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 * @example
 * new torch.nn.Dropout(0.2).eval().call(torch.ones([3])).tolist() // [1, 1, 1]
 */
export class Dropout extends Module {
  readonly inplace: boolean

  constructor(
    readonly p = 0.5,
    options: InplaceOptions = {},
  ) {
    super()
    checkOptions('Dropout', options, ['inplace'])
    if (!(typeof p === 'number' && p >= 0 && p <= 1))
      throw new ArgumentError(`Dropout: p, a probability, lies between 0 and 1 but is ${String(p)}`)
    this.inplace = options.inplace ?? false
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
