import * as declared from '../../generated/declared/nn-functional-signatures'
import * as layers from '../../generated/declared/nn-layers'
import * as body from '../functional/dropout'
import { functionLayer } from './layer'

/**
 * Zeroes elements with probability `p` in training, and scales the others up so that the mean stays.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 * @example
 * new torch.nn.Dropout(0.2).eval().call(torch.ones([3])).tolist() // [1, 1, 1]
 */
export class Dropout extends functionLayer(layers.Dropout, declared.dropout, body.dropout) {
  override extraRepr(): string {
    return this.shown('p inplace')
  }
}
