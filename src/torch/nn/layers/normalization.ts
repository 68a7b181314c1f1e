import { ArgumentError } from '../../../native'
import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import type { Tensor } from '../../tensor/tensor'
import * as F from '../functional'
import { ones_ } from '../init'
import { affineOf, resetAffine, shownBias } from './affine'
import { functionLayer, layer } from './layer'

/**
 * Normalises over the last dimensions, `normalizedShape`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
 * @example
 * new torch.nn.LayerNorm(2).call(torch.ones([1, 2])).tolist() // [[0, 0]]
 */
export class LayerNorm extends layer(layers.LayerNorm) {
  protected override build({ normalizedShape, elementwiseAffine, bias, device, dtype }: layers.LayerNormArguments): void {
    Object.assign(this, affineOf(normalizedShape, elementwiseAffine, bias, { device, dtype }))
  }

  override resetParameters(): void {
    resetAffine(this)
  }

  override forward(input: Tensor): Tensor {
    return torch.layerNorm(input, this.normalizedShape, this.weight, this.bias, this.eps)
  }

  override extraRepr(): string {
    return `${this.shown(':normalizedShape eps elementwiseAffine')}, ${shownBias(this)}`
  }
}

/**
 * Normalises groups of channels of [N, C, …].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
 * @example
 * new torch.nn.GroupNorm(1, 2).call(torch.ones([1, 2, 3])).shape // [1, 2, 3]
 */
export class GroupNorm extends layer(layers.GroupNorm) {
  protected override build({ numGroups, numChannels, affine, bias, device, dtype }: layers.GroupNormArguments): void {
    if (numChannels % numGroups !== 0)
      throw new ArgumentError(`GroupNorm: numChannels (${numChannels}) must be a multiple of numGroups (${numGroups})`)
    Object.assign(this, affineOf([numChannels], affine, bias, { device, dtype }))
  }

  override resetParameters(): void {
    resetAffine(this)
  }

  override forward(input: Tensor): Tensor {
    return torch.groupNorm(input, this.numGroups, this.weight, this.bias, this.eps)
  }

  override extraRepr(): string {
    return `${this.shown(':numGroups :numChannels eps affine')}, ${shownBias(this)}`
  }
}

/**
 * Divides by the root mean square over the last dimensions, `normalizedShape`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
 * @example
 * new torch.nn.RMSNorm(2).call(torch.ones([1, 2])).shape // [1, 2]
 */
export class RMSNorm extends layer(layers.RMSNorm) {
  protected override build({ normalizedShape, elementwiseAffine, device, dtype }: layers.RMSNormArguments): void {
    this.weight = affineOf(normalizedShape, elementwiseAffine, false, { device, dtype }).weight
  }

  override resetParameters(): void {
    if (this.weight !== null) ones_(this.weight)
  }

  override forward(x: Tensor): Tensor {
    return torch.rmsNorm(x, this.normalizedShape, this.weight, this.eps)
  }

  override extraRepr(): string {
    return this.shown(':normalizedShape eps elementwiseAffine')
  }
}

/**
 * Divides each channel by a mean of the squares of `size` channels around it.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
 * @example
 * new torch.nn.LocalResponseNorm(2).call(torch.ones([1, 3, 4])).shape // [1, 3, 4]
 */
export class LocalResponseNorm extends functionLayer(layers.LocalResponseNorm, F.localResponseNorm) {
  override extraRepr(): string {
    return this.shown(':size alpha beta k')
  }
}
