import { keep } from '../base'
import { tensor } from '../creation'
import * as torch from '../generated/functions'
import type { Tensor } from '../tensor'
import { Optimizer, checkRange, type ParamGroup, type ParamState } from './optimizer'

export interface AdamOptions {
  lr: number
  betas: readonly [number, number]
  eps: number
  weightDecay: number
  amsgrad: boolean
  maximize: boolean
}

type Params = Iterable<Tensor> | readonly ParamGroup<AdamOptions>[]

/** What Adam and AdamW share; they differ in where the weight decay acts. */
abstract class AdamBase extends Optimizer<AdamOptions> {
  constructor(params: Params, options: Partial<AdamOptions>, weightDecay: number) {
    const all: AdamOptions = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay, amsgrad: false, maximize: false, ...options }
    checkRange('lr', all.lr, 0)
    checkRange('eps', all.eps, 0)
    checkRange('betas[0]', all.betas[0], 0, 1)
    checkRange('betas[1]', all.betas[1], 0, 1)
    checkRange('weightDecay', all.weightDecay, 0)
    super(params, all)
  }

  protected abstract readonly decoupled: boolean

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: AdamOptions): void {
    const { lr, eps, weightDecay, amsgrad, maximize } = group
    const [beta1, beta2] = group.betas
    if (state['step'] === undefined) {
      state['step'] = keep(tensor(0, { dtype: 'float32' }))
      state['exp_avg'] = keep(torch.zerosLike(param, { memoryFormat: 'preserveFormat' }))
      state['exp_avg_sq'] = keep(torch.zerosLike(param, { memoryFormat: 'preserveFormat' }))
      if (amsgrad) state['max_exp_avg_sq'] = keep(torch.zerosLike(param, { memoryFormat: 'preserveFormat' }))
    }
    const counter = state['step'] as Tensor
    const mean = state['exp_avg'] as Tensor
    const square = state['exp_avg_sq'] as Tensor
    counter.add_(1)
    const step = counter.item()
    let direction = maximize ? grad.neg() : grad
    if (weightDecay !== 0) {
      if (this.decoupled) param.mul_(1 - lr * weightDecay)
      else direction = direction.add(param, { alpha: weightDecay })
    }
    mean.lerp_(direction, 1 - beta1)
    square.mul_(beta2).addcmul_(direction, direction, { value: 1 - beta2 })
    const correction1 = 1 - beta1 ** step
    const correction2 = Math.sqrt(1 - beta2 ** step)
    let second = square
    if (amsgrad) {
      second = state['max_exp_avg_sq'] as Tensor
      second.copy_(torch.maximum(second, square))
    }
    const denominator = second.sqrt().div_(correction2).add_(eps)
    param.addcdiv_(mean, denominator, { value: -lr / correction1 })
    denominator.dispose()
  }

  protected override pythonDefaults(): Record<string, unknown> {
    return { foreach: null, capturable: false, differentiable: false, fused: null, decoupled_weight_decay: this.decoupled }
  }
}

/**
 * Adam: steps scaled by running means of the gradient and its square; weight decay is added to the gradient.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
 * @example
 * new torch.optim.Adam([torch.ones([2], { requiresGrad: true })], { lr: 1e-4 }).zeroGrad()
 */
export class Adam extends AdamBase {
  protected override readonly decoupled = false

  constructor(params: Params, options: Partial<AdamOptions> = {}) {
    super(params, options, 0)
  }
}

/**
 * Adam with weight decay on the parameters themselves; default decay 0.01.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 */
export class AdamW extends AdamBase {
  protected override readonly decoupled = true

  constructor(params: Params, options: Partial<AdamOptions> = {}) {
    super(params, options, 0.01)
  }
}
