import { ArgumentError } from '../../native'
import { callAten } from '../call/resolve'
import * as declared from '../generated/declared/optim'
import type { Tensor } from '../tensor/tensor'
import { optimizer } from './optimizer'
import { remembered } from './remember'
import type { ParamState } from './state'

/**
 * Stochastic gradient descent, optionally with momentum.
 *
 * @throws ArgumentError for wrong options and for parameters that are not leaves.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
 * @example
 * const weight = torch.ones([2], { requiresGrad: true })
 * const optimizer = new torch.optim.SGD([weight], { lr: 0.5, momentum: 0.9 })
 * weight.sum().backward()
 * optimizer.step()
 * weight.tolist() // [0.5, 0.5]
 */
export class SGD extends optimizer(declared.SGD) {
  protected override readonly stateNames = { always: [], sometimes: ['momentum_buffer'] }

  protected override checkOptions(options: declared.SGDOptions): void {
    super.checkOptions(options)
    if (options.nesterov && (options.momentum <= 0 || options.dampening !== 0))
      throw new ArgumentError('SGD(): nesterov: expected a momentum above 0 and no dampening beside it')
  }

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: declared.SGDOptions): void {
    const { lr, momentum, dampening, weightDecay, nesterov, maximize, fused } = group
    if (fused === true && !grad.isSparse) return fusedUpdate(param, grad, state, group)
    let direction = maximize ? grad.neg() : grad
    if (weightDecay !== 0) direction = direction.add(param, { alpha: weightDecay })
    if (momentum !== 0) {
      const isFirst = state['momentum_buffer'] == null
      const buffer = remembered(state, 'momentum_buffer', () => direction.clone())
      if (!isFirst) buffer.mul_(momentum).add_(direction, { alpha: 1 - dampening })
      direction = nesterov ? direction.add(buffer, { alpha: momentum }) : buffer
    }
    param.add_(direction, { alpha: -lr })
  }
}

function fusedUpdate(param: Tensor, grad: Tensor, state: ParamState, group: declared.SGDOptions): void {
  const { lr, momentum, dampening, weightDecay, nesterov, maximize } = group
  const isFirst = state['momentum_buffer'] == null
  const buffers = momentum === 0 ? [] : [remembered(state, 'momentum_buffer', () => grad.clone())]
  const options = [weightDecay, momentum, lr, dampening].map((value) => ({ float: value }))
  callAten('_fused_sgd_', '', [param], [grad], buffers, ...options, nesterov, maximize, isFirst)
}
