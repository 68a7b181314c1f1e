import { native } from '../../native'
import { Tensor } from '../tensor'

/**
 * A tensor that a Module finds among its fields and an optimizer trains.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
 */
export class Parameter extends Tensor {
  constructor(data: Tensor, requiresGrad = true) {
    super(native.detach(data._h))
    if (requiresGrad) this.requiresGrad = true
  }

  override toString(): string {
    return this.isDisposed ? super.toString() : `Parameter containing:\n${super.toString()}`
  }
}
