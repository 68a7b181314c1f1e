import { refuseSparse } from './gradients'
import * as declared from '../generated/declared/optim'
import type { Tensor } from '../tensor/tensor'
import { optimizer } from './optimizer'
import { counted, parts, remembered, scalar, zerosLike } from './remember'
import type { ParamState } from './state'

/**
 * Adadelta: scales steps by running means of squared gradients and squared earlier steps.
 *
 * @throws ArgumentError for wrong options, for sparse gradients and for parameters that are not leaves.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
 * @example
 * const weight = torch.ones([2], { requiresGrad: true })
 * const optimizer = new torch.optim.Adadelta([weight], { lr: 0.5 })
 * weight.sum().backward()
 * optimizer.step()
 * weight.lt(1).all().item() // true
 */
export class Adadelta extends optimizer(declared.Adadelta) {
  protected override readonly stateNames = { always: ['step', 'square_avg', 'acc_delta'], sometimes: [] }

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: declared.AdadeltaOptions): void {
    refuseSparse(grad, 'Adadelta')
    const { lr, rho, eps, weightDecay, maximize } = group
    remembered(state, 'step', () => scalar(0))
    const [square, accumulated] = ['square_avg', 'acc_delta'].map((name) => parts(remembered(state, name, () => zerosLike(param))))
    counted(state)
    let ascent = maximize ? grad.neg() : grad
    if (weightDecay !== 0) ascent = ascent.add(param, { alpha: weightDecay })
    ascent = parts(ascent)
    square!.mul_(rho).addcmul_(ascent, ascent, { value: 1 - rho })
    const deviation = square!.add(eps).sqrt_()
    const delta = accumulated!.add(eps).sqrt_().div_(deviation).mul_(ascent)
    accumulated!.mul_(rho).addcmul_(delta, delta, { value: 1 - rho })
    parts(param).add_(delta, { alpha: -lr })
  }
}
