import { type Given, named } from '../../call/named'
import * as torch from '../../generated/functions'
import * as generated from '../../generated/nn-functions'
import type { Tensor } from '../../tensor'
import { expectFlag } from '../checks'
import { calculateFanIn, kaimingUniform_, uniform_ } from '../init'
import { Module } from '../module'
import { Parameter } from '../parameter'
import { forwardSource } from '../torch-script'
import { shownFlag, tensorOptions, wholeNumber, type FactoryOptions } from './options'

export interface LinearOptions extends FactoryOptions {
  /** Default true. */
  bias?: boolean
}

const OPTIONS = ['bias', 'device', 'dtype'] as const

/**
 * `input · weightᵀ + bias` over the last dimension; weight [outFeatures, inFeatures].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
 * @example
 * new torch.nn.Linear(3, 2).call(torch.ones([4, 3])).shape // [4, 2]
 */
export class Linear extends Module {
  weight: Parameter
  bias: Parameter | null

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    ...given: Given<LinearOptions, typeof OPTIONS>
  ) {
    super()
    const options = named<LinearOptions>('Linear', OPTIONS, given)
    const { bias = true } = options
    expectFlag('Linear', 'bias', bias)
    wholeNumber('Linear', 'inFeatures', inFeatures)
    wholeNumber('Linear', 'outFeatures', outFeatures)
    const where = tensorOptions(options)
    this.weight = new Parameter(torch.empty([outFeatures, inFeatures], where))
    this.bias = bias ? new Parameter(torch.empty([outFeatures], where)) : null
    this.resetParameters()
  }

  /** Draws new weights. */
  resetParameters(): void {
    kaimingUniform_(this.weight, { a: Math.sqrt(5) })
    if (this.bias === null) return
    const fanIn = calculateFanIn(this.weight)
    const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0
    uniform_(this.bias, -bound, bound)
  }

  override forward(input: Tensor): Tensor {
    return generated.linear(input, this.weight, this.bias)
  }

  override torchScript(): string {
    return forwardSource(`return torch.linear(input, self.weight, ${this.bias === null ? 'None' : 'self.bias'})`)
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${shownFlag(this.bias !== null)}`
  }
}
