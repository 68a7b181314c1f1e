import { maximum } from '../generated/functions'
import { refuseSparse } from './gradients'
import * as declared from '../generated/declared/optim'
import type { Tensor } from '../tensor/tensor'
import { optimizer } from './optimizer'
import { counted, parts, remembered, scalar, zerosLike } from './remember'
import type { ParamState } from './state'

/**
 * Adamax: Adam with the decayed maximum of absolute gradients instead of the mean square.
 *
 * @throws ArgumentError for wrong options, for sparse gradients and for parameters that are not leaves.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.Adamax.html
 * @example
 * const weight = torch.ones([2], { requiresGrad: true })
 * const optimizer = new torch.optim.Adamax([weight], { lr: 0.5 })
 * weight.sum().backward()
 * optimizer.step()
 * weight.lt(1).all().item() // true
 */
export class Adamax extends optimizer(declared.Adamax) {
  protected override readonly stateNames = { always: ['step', 'exp_avg', 'exp_inf'], sometimes: [] }

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: declared.AdamaxOptions): void {
    refuseSparse(grad, 'Adamax')
    const { lr, betas, eps, weightDecay, maximize } = group
    remembered(state, 'step', () => scalar(0))
    const [mean, largest] = ['exp_avg', 'exp_inf'].map((name) => parts(remembered(state, name, () => zerosLike(param))))
    const step = counted(state)
    let ascent = maximize ? grad.neg() : grad
    if (weightDecay !== 0) ascent = ascent.add(param, { alpha: weightDecay })
    ascent = parts(ascent)
    mean!.lerp_(ascent, 1 - betas[0])
    largest!.copy_(maximum(largest!.mul_(betas[1]), ascent.abs().add_(eps)))
    parts(param).addcdiv_(mean!, largest!, { value: -lr / (1 - betas[0] ** step) })
  }
}
