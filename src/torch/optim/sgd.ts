import { ArgumentError } from '../../native'
import { keep } from '../base'
import type { Tensor } from '../tensor'
import { Optimizer, checkRange, type ParamGroup, type ParamState } from './optimizer'

export interface SGDOptions {
  lr: number
  momentum: number
  dampening: number
  weightDecay: number
  nesterov: boolean
  maximize: boolean
}

/**
 * Gradient descent, with momentum if asked for.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
 * @example
 * new torch.optim.SGD([torch.ones([2], { requiresGrad: true })], { lr: 0.1, momentum: 0.9 }).step()
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: Iterable<Tensor> | readonly ParamGroup<SGDOptions>[], options: Partial<SGDOptions> = {}) {
    const full = { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false, ...options }
    checkRange('lr', full.lr, 0)
    checkRange('momentum', full.momentum, 0)
    checkRange('weightDecay', full.weightDecay, 0)
    if (full.nesterov && (full.momentum <= 0 || full.dampening !== 0)) throw new ArgumentError('nesterov needs a momentum above 0 and no dampening')
    super(params, full)
  }

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: SGDOptions): void {
    const { lr, momentum, dampening, weightDecay, nesterov, maximize } = group
    let direction = maximize ? grad.neg() : grad
    if (weightDecay !== 0) direction = direction.add(param, { alpha: weightDecay })
    if (momentum !== 0) {
      let buffer = state['momentum_buffer'] as Tensor | undefined
      if (buffer == null) state['momentum_buffer'] = buffer = keep(direction.clone().detach())
      else buffer.mul_(momentum).add_(direction, { alpha: 1 - dampening })
      direction = nesterov ? direction.add(buffer, { alpha: momentum }) : buffer
    }
    param.add_(direction, { alpha: -lr })
  }

  protected override pythonDefaults(): Record<string, unknown> {
    return { foreach: null, differentiable: false, fused: null }
  }
}
