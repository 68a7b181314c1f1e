import { noGrad } from '../autograd'
import type { Tensor } from '../tensor'

/** @internal Forgets the gradients of these, or fills them with zeros where they are: whoever holds one sees the zeros. */
export function clearGradients(params: Iterable<Tensor>, setToNone: boolean): void {
  noGrad(() => {
    for (const param of params) {
      if (setToNone) param.grad = null
      else param.grad?.detach_().zero_()
    }
  })
}
