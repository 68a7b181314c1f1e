import { refuseSparse } from './gradients'
import * as declared from '../generated/declared/optim'
import type { Tensor } from '../tensor/tensor'
import { optimizer } from './optimizer'
import { counted, parts, remembered, scalar, zerosLike } from './remember'
import type { ParamState } from './state'

/**
 * Averaged stochastic gradient descent.
 *
 * @throws ArgumentError for wrong options, for sparse gradients and for parameters that are not leaves.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.ASGD.html
 * @example
 * const weight = torch.ones([2], { requiresGrad: true })
 * const optimizer = new torch.optim.ASGD([weight], { lr: 0.5 })
 * weight.sum().backward()
 * optimizer.step()
 * weight.lt(1).all().item() // true
 */
export class ASGD extends optimizer(declared.ASGD) {
  protected override readonly stateNames = { always: ['step', 'eta', 'mu', 'ax'], sometimes: [], scalars: ['eta', 'mu'] }

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: declared.ASGDOptions): void {
    refuseSparse(grad, 'ASGD')
    const { lr, lambd, alpha, t0, weightDecay, maximize } = group
    remembered(state, 'step', () => scalar(0))
    const rate = remembered(state, 'eta', () => scalar(lr))
    const share = remembered(state, 'mu', () => scalar(1))
    const average = parts(remembered(state, 'ax', () => zerosLike(param)))
    let ascent = parts(maximize ? grad.neg() : grad)
    const values = parts(param)
    const step = counted(state)
    if (weightDecay !== 0) ascent = ascent.add(values, { alpha: weightDecay })
    const now = Number(rate.item())
    values.mul_(1 - lambd * now)
    values.add_(ascent, { alpha: -now })
    if (Number(share.item()) === 1) average.copy_(values)
    else average.add_(values.sub(average).mul_(share))
    rate.fill_(lr / (1 + lambd * lr * step) ** alpha)
    share.fill_(1 / Math.max(1, step - t0))
  }
}
