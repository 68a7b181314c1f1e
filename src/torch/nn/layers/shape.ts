import * as layers from '../../generated/declared/nn-layers'
import { flatten } from '../../generated/functions'
import type { Tensor } from '../../tensor'
import { layer } from './layer'

/**
 * Joins the dimensions from `startDim` to `endDim`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html
 * @example
 * new torch.nn.Flatten().call(torch.ones([2, 3, 4])).shape // [2, 12]
 */
export class Flatten extends layer(layers.Flatten) {
  override forward(input: Tensor): Tensor {
    return flatten(input, this.startDim, this.endDim)
  }

  override extraRepr(): string {
    return this.shown('startDim endDim')
  }
}
