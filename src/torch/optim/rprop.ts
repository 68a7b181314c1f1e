import { fullLike } from '../tensor/creation'
import { onesLike, viewAsComplex, where } from '../generated/functions'
import { refuseSparse } from './gradients'
import * as declared from '../generated/declared/optim'
import type { Tensor } from '../tensor/tensor'
import { optimizer } from './optimizer'
import { counted, parts, remembered, scalar, zerosLike } from './remember'
import type { ParamState } from './state'

/**
 * Rprop: steps in the direction of the gradient's sign, growing while the sign is unchanged and shrinking when it flips.
 *
 * @throws ArgumentError for wrong options, for sparse gradients and for parameters that are not leaves.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.Rprop.html
 * @example
 * const weight = torch.ones([2], { requiresGrad: true })
 * const optimizer = new torch.optim.Rprop([weight], { lr: 0.5 })
 * weight.sum().backward()
 * optimizer.step()
 * weight.lt(1).all().item() // true
 */
export class Rprop extends optimizer(declared.Rprop) {
  protected override readonly stateNames = { always: ['step', 'prev', 'step_size'], sometimes: [] }

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: declared.RpropOptions): void {
    refuseSparse(grad, 'Rprop')
    const { lr, etas, stepSizes, maximize } = group
    const [shrink, grow] = etas
    remembered(state, 'step', () => scalar(0))
    const previous = parts(remembered(state, 'prev', () => zerosLike(param)))
    // A complex number is treated as two real ones with separate step sizes.
    const size = parts(remembered(state, 'step_size', () => (grad.isComplex() ? complexFull(grad, lr) : fullLike(grad, lr))))
    counted(state)
    const ascent = parts(maximize ? grad.neg() : grad)
    const sign = ascent.mul(previous).sign()
    const factor = where(sign.gt(0), grow, where(sign.lt(0), shrink, onesLike(sign)))
    size.mul_(factor).clamp_(stepSizes[0], stepSizes[1])
    const used = where(sign.lt(0), zerosLike(ascent), ascent)
    parts(param).addcmul_(used.sign(), size, { value: -1 })
    previous.copy_(used)
  }
}

function complexFull(like: Tensor, value: number): Tensor {
  return viewAsComplex(fullLike(parts(like), value).contiguous())
}
