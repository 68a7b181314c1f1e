import { refuseSparse } from './gradients'
import * as declared from '../generated/declared/optim'
import type { Tensor } from '../tensor/tensor'
import { optimizer } from './optimizer'
import { counted, parts, remembered, scalar, zerosLike } from './remember'
import type { ParamState } from './state'

/**
 * RMSprop: scales steps by the root of a running mean of squared gradients.
 *
 * @throws ArgumentError for wrong options, for sparse gradients and for parameters that are not leaves.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 * @example
 * const weight = torch.ones([2], { requiresGrad: true })
 * const optimizer = new torch.optim.RMSprop([weight], { lr: 0.5 })
 * weight.sum().backward()
 * optimizer.step()
 * weight.lt(1).all().item() // true
 */
export class RMSprop extends optimizer(declared.RMSprop) {
  protected override readonly stateNames = { always: ['step', 'square_avg'], sometimes: ['momentum_buffer', 'grad_avg'] }

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: declared.RMSpropOptions): void {
    refuseSparse(grad, 'RMSprop')
    const { lr, alpha, eps, weightDecay, momentum, centered, maximize } = group
    const running = (name: string) => parts(remembered(state, name, () => zerosLike(param)))
    remembered(state, 'step', () => scalar(0))
    const square = running('square_avg')
    counted(state)
    let ascent = maximize ? grad.neg() : grad
    if (weightDecay !== 0) ascent = ascent.add(param, { alpha: weightDecay })
    ascent = parts(ascent)
    square.mul_(alpha).addcmul_(ascent, ascent, { value: 1 - alpha })
    let average = square
    if (centered) {
      const mean = running('grad_avg').lerp_(ascent, 1 - alpha)
      average = square.addcmul(mean, mean, { value: -1 })
    }
    average = average.sqrt().add_(eps)
    if (momentum > 0) parts(param).add_(running('momentum_buffer').mul_(momentum).addcdiv_(ascent, average), { alpha: -lr })
    else parts(param).addcdiv_(ascent, average, { value: -lr })
  }
}
