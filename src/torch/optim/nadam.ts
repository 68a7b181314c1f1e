import { refuseSparse } from './gradients'
import * as declared from '../generated/declared/optim'
import type { Tensor } from '../tensor/tensor'
import { optimizer } from './optimizer'
import { counted, parts, remembered, scalar, zerosLike } from './remember'
import type { ParamState } from './state'

/**
 * NAdam: Adam with Nesterov’s momentum.
 *
 * @throws ArgumentError for wrong options, for sparse gradients and for parameters that are not leaves.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html
 * @example
 * const weight = torch.ones([2], { requiresGrad: true })
 * const optimizer = new torch.optim.NAdam([weight], { lr: 0.5 })
 * weight.sum().backward()
 * optimizer.step()
 * weight.lt(1).all().item() // true
 */
export class NAdam extends optimizer(declared.NAdam) {
  protected override readonly stateNames = {
    always: ['step', 'mu_product', 'exp_avg', 'exp_avg_sq'],
    sometimes: [],
    scalars: ['mu_product'],
  }

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: declared.NAdamOptions): void {
    refuseSparse(grad, 'NAdam')
    const { lr, betas, eps, weightDecay, momentumDecay, decoupledWeightDecay, maximize } = group
    const [beta1, beta2] = betas
    remembered(state, 'step', () => scalar(0))
    const product = remembered(state, 'mu_product', () => scalar(1))
    const [mean, square] = ['exp_avg', 'exp_avg_sq'].map((name) => parts(remembered(state, name, () => zerosLike(param))))
    const step = counted(state)
    let ascent = maximize ? grad.neg() : grad
    if (weightDecay !== 0 && decoupledWeightDecay) param.mul_(1 - lr * weightDecay)
    else if (weightDecay !== 0) ascent = ascent.add(param, { alpha: weightDecay })
    ascent = parts(ascent)
    const momentumAt = (at: number) => beta1 * (1 - 0.5 * 0.96 ** (at * momentumDecay))
    const [momentum, next] = [momentumAt(step), momentumAt(step + 1)]
    const soFar = Number(product.mul_(momentum).item())
    mean!.lerp_(ascent, 1 - beta1)
    square!.mul_(beta2).addcmul_(ascent, ascent, { value: 1 - beta2 })
    const denominator = square!
      .div(1 - beta2 ** step)
      .sqrt()
      .add_(eps)
    parts(param).addcdiv_(ascent, denominator, { value: (-lr * (1 - momentum)) / (1 - soFar) })
    parts(param).addcdiv_(mean!, denominator, { value: (-lr * next) / (1 - soFar * next) })
  }
}
