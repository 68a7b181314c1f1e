import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import { linear } from '../../generated/nn-functions'
import type { Tensor } from '../../tensor'
import { calculateFanIn, kaimingUniform_, uniform_ } from '../init'
import { Parameter } from '../parameter'
import { layer } from './layer'

/**
 * `input · weightᵀ + bias` over the last dimension; weight [outFeatures, inFeatures].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
 * @example
 * new torch.nn.Linear(3, 2).call(torch.ones([4, 3])).shape // [4, 2]
 */
export class Linear extends layer(layers.Linear) {
  declare weight: Parameter
  declare bias: Parameter | null

  protected override build({ inFeatures, outFeatures, bias, device, dtype }: layers.LinearArguments): void {
    this.registerParameter('weight', new Parameter(torch.empty([outFeatures, inFeatures], { device, dtype })))
    this.registerParameter('bias', bias ? new Parameter(torch.empty([outFeatures], { device, dtype })) : null)
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
    return linear(input, this.weight, this.bias)
  }

  override extraRepr(): string {
    return `${this.shown('inFeatures outFeatures')}, bias=${this.bias === null ? 'False' : 'True'}`
  }
}

/**
 * Gives its input back; it stands where a layer is taken away.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html
 * @example
 * new torch.nn.Identity().call(torch.ones([2])).tolist() // [1, 1]
 */
export class Identity extends layer(layers.Identity) {
  override forward(input: Tensor): Tensor {
    return input
  }
}
