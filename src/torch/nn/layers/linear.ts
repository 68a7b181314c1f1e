import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import { linear } from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'
import { uniform_ } from '../init'
import { Parameter } from '../parameter'
import { layer } from './layer'
import { drawWeights } from './weights'

/**
 * `input · weightᵀ + bias` over the last dimension; weight [outFeatures, inFeatures].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
 * @example
 * new torch.nn.Linear(3, 2).call(torch.ones([4, 3])).shape // [4, 2]
 */
export class Linear extends layer(layers.Linear) {
  protected override build({ inFeatures, outFeatures, bias, device, dtype }: layers.LinearArguments): void {
    this.registerParameter('weight', new Parameter(torch.empty([outFeatures, inFeatures], { device, dtype })))
    this.registerParameter('bias', bias ? new Parameter(torch.empty([outFeatures], { device, dtype })) : null)
    this.resetParameters()
  }

  override resetParameters(): void {
    drawWeights(this)
  }

  override forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias)
  }

  override extraRepr(): string {
    return `${this.shown('inFeatures outFeatures')}, bias=${this.bias === null ? 'False' : 'True'}`
  }
}

/**
 * `input1 · weight · input2 + bias` over the last dimensions; weight [outFeatures, in1Features, in2Features].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
 * @example
 * new torch.nn.Bilinear(3, 4, 2).call(torch.ones([5, 3]), torch.ones([5, 4])).shape // [5, 2]
 */
export class Bilinear extends layer(layers.Bilinear) {
  protected override build({ in1Features, in2Features, outFeatures, bias, device, dtype }: layers.BilinearArguments): void {
    this.weight = new Parameter(torch.empty([outFeatures, in1Features, in2Features], { device, dtype }))
    this.bias = bias ? new Parameter(torch.empty([outFeatures], { device, dtype })) : null
    this.resetParameters()
  }

  override resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features)
    uniform_(this.weight, -bound, bound)
    if (this.bias !== null) uniform_(this.bias, -bound, bound)
  }

  override forward(input1: Tensor, input2: Tensor): Tensor {
    return torch.bilinear(input1, input2, this.weight, this.bias)
  }

  override extraRepr(): string {
    return `${this.shown('in1Features in2Features outFeatures')}, bias=${this.bias === null ? 'False' : 'True'}`
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
