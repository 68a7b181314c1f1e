import { refuseSparse } from './gradients'
import * as declared from '../generated/declared/optim'
import type { Tensor } from '../tensor/tensor'
import { optimizer } from './optimizer'
import { counted, parts, remembered, scalar, zerosLike } from './remember'
import type { ParamState } from './state'

/**
 * RAdam: Adam with a correction of early steps, when the variance of the mean square is high.
 *
 * @throws ArgumentError for wrong options, for sparse gradients and for parameters that are not leaves.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.RAdam.html
 * @example
 * const weight = torch.ones([2], { requiresGrad: true })
 * const optimizer = new torch.optim.RAdam([weight], { lr: 0.5 })
 * weight.sum().backward()
 * optimizer.step()
 * weight.lt(1).all().item() // true
 */
export class RAdam extends optimizer(declared.RAdam) {
  protected override readonly stateNames = { always: ['step', 'exp_avg', 'exp_avg_sq'], sometimes: [] }

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: declared.RAdamOptions): void {
    refuseSparse(grad, 'RAdam')
    const { lr, betas, eps, weightDecay, decoupledWeightDecay, maximize } = group
    const [beta1, beta2] = betas
    remembered(state, 'step', () => scalar(0))
    const [mean, square] = ['exp_avg', 'exp_avg_sq'].map((name) => parts(remembered(state, name, () => zerosLike(param))))
    const step = counted(state)
    let ascent = maximize ? grad.neg() : grad
    if (weightDecay !== 0 && decoupledWeightDecay) param.mul_(1 - lr * weightDecay)
    else if (weightDecay !== 0) ascent = ascent.add(param, { alpha: weightDecay })
    ascent = parts(ascent)
    mean!.lerp_(ascent, 1 - beta1)
    square!.mul_(beta2).addcmul_(ascent, ascent, { value: 1 - beta2 })
    const correction2 = 1 - beta2 ** step
    let direction = mean!.div(1 - beta1 ** step).mul(lr)
    // Length of the approximated simple moving average (ρ in the paper): its maximum, and at this step.
    const longest = 2 / (1 - beta2) - 1
    const length = longest - (2 * step * beta2 ** step) / correction2
    if (length > 5) {
      const rectification = (((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length)) ** 0.5
      direction = direction
        .mul(
          square!
            .sqrt()
            .add_(eps)
            .reciprocal()
            .mul(correction2 ** 0.5),
        )
        .mul(rectification)
    }
    parts(param).add_(direction, { alpha: -1 })
  }
}
