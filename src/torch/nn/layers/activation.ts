import * as declared from '../../generated/declared/nn-functional-signatures'
import * as layers from '../../generated/declared/nn-layers'
import * as body from '../functional/activation'
import { functionLayer } from './layer'

/**
 * The larger of each element and 0.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html
 * @example
 * new torch.nn.ReLU().call(torch.tensor([-1, 2])).tolist() // [0, 2]
 */
export class ReLU extends functionLayer(layers.ReLU, declared.relu, body.relu) {
  override extraRepr(): string {
    return this.shown('inplace?')
  }
}
