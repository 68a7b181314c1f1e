import { ArgumentError } from '../../../native'
import type { Tensor } from '../../tensor'
import * as F from '../functional'
import { Module } from '../module'
import { forwardSource, pythonFloat } from '../torch-script'

/**
 * The larger of each element and 0.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html
 */
export class ReLU extends Module {
  readonly inplace: boolean

  constructor(options: { inplace?: boolean } = {}) {
    super()
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
 */
export class Flatten extends Module {
  constructor(
    readonly startDim = 1,
    readonly endDim = -1,
  ) {
    super()
  }

  override forward(input: Tensor): Tensor {
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
 * Zeroes elements with probability `p` in training.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 */
export class Dropout extends Module {
  constructor(readonly p = 0.5) {
    super()
    if (!(p >= 0 && p <= 1)) throw new ArgumentError(`a dropout probability lies between 0 and 1 but is ${p}`)
  }

  override forward(input: Tensor): Tensor {
    return F.dropout(input, this.p, this.training)
  }

  override torchScript(): string {
    return forwardSource(`return torch.dropout(input, ${pythonFloat(this.p)}, self.training)`)
  }

  override extraRepr(): string {
    return `p=${this.p}, inplace=False`
  }
}

/** Gives its input back. */
export class Identity extends Module {
  override forward(input: Tensor): Tensor {
    return input
  }

  override torchScript(): string {
    return forwardSource('return input')
  }
}
