import { native, type TensorHandle } from '../../native'
import { isTensor } from '../base'
import { Tensor } from '../tensor'

/**
 * A tensor that a Module finds among its fields and an optimizer trains.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
 */
export class Parameter extends Tensor {
  /** @param data - The initial values, whose storage is taken over; a handle is taken over itself, with its own requiresGrad. */
  constructor(data: Tensor | TensorHandle, requiresGrad = true) {
    super(isTensor(data) ? native.detach(data._h) : data)
    if (isTensor(data) && requiresGrad) this.requiresGrad = true
  }

  override toString(): string {
    return this.isDisposed ? super.toString() : `Parameter containing:\n${super.toString()}`
  }
}
