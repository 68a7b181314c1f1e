import { ArgumentError } from '../../native'
import { keep } from '../base'
import { type Given, named } from '../call/named'
import { expectFlag } from '../nn/checks'
import type { Tensor } from '../tensor'
import { Optimizer, checkRange, type Accepted, type Params } from './optimizer'
import type { ParamState } from './state'

export interface SGDOptions {
  /** Default 1e-3. */
  lr: number
  /** Default 0. */
  momentum: number
  /** The share of the gradient that does not enter the momentum. Default 0. */
  dampening: number
  /** Default 0. */
  weightDecay: number
  /** Nesterov's momentum. Default false. */
  nesterov: boolean
  /** Climbs in place of descending. Default false. */
  maximize: boolean
}

const POSITIONS = ['lr', 'momentum', 'dampening', 'weightDecay', 'nesterov'] as const
const NAMED = ['maximize'] as const

/**
 * Gradient descent, with momentum if asked for.
 *
 * Options come by position, in PyTorch's order, by name, or both: `new SGD(params, 0.1, { momentum: 0.9 })`.
 *
 * @throws ArgumentError for wrong options and for parameters that are no leaves.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
 * @example
 * const weight = torch.ones([2], { requiresGrad: true })
 * const optimizer = new torch.optim.SGD([weight], { lr: 0.5, momentum: 0.9 })
 * weight.sum().backward()
 * optimizer.step()
 * weight.tolist() // [0.5, 0.5]
 */
export class SGD extends Optimizer<SGDOptions> {
  protected override readonly stateNames = { always: [], sometimes: ['momentum_buffer'] }

  constructor(params: Params<SGDOptions>, ...given: Given<Accepted<SGDOptions>, typeof POSITIONS>) {
    const options = named<SGDOptions>(new.target.name, POSITIONS, given, NAMED)
    super(params, { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false, ...options })
  }

  protected override checkOptions({ lr, momentum, dampening, weightDecay, nesterov, maximize }: SGDOptions): void {
    checkRange('lr', lr, 0)
    checkRange('momentum', momentum, 0)
    checkRange('dampening', dampening, -Infinity)
    checkRange('weightDecay', weightDecay, 0)
    expectFlag('SGD', 'nesterov', nesterov)
    expectFlag('SGD', 'maximize', maximize)
    if (nesterov && (momentum <= 0 || dampening !== 0)) throw new ArgumentError('nesterov needs a momentum above 0 and no dampening')
  }

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: SGDOptions): void {
    const { lr, momentum, weightDecay, nesterov, maximize } = group
    const ascent = maximize ? grad.neg() : grad
    const decayed = weightDecay !== 0 ? ascent.add(param, { alpha: weightDecay }) : ascent
    const buffer = momentum !== 0 ? remembered(decayed, state, group) : null
    const direction = buffer === null ? decayed : nesterov ? decayed.add(buffer, { alpha: momentum }) : buffer
    param.add_(direction, { alpha: -lr })
    // Temporaries go at once: a synchronous loop gives the collector no time.
    for (const temporary of [ascent, decayed, direction]) if (temporary !== grad && temporary !== buffer) temporary.dispose()
  }

  protected override pythonDefaults(): Record<string, unknown> {
    return { foreach: null, differentiable: false, fused: null }
  }
}

/** The running direction, which begins as the first one. */
function remembered(direction: Tensor, state: ParamState, { momentum, dampening }: SGDOptions): Tensor {
  const buffer = state['momentum_buffer'] as Tensor | null | undefined
  if (buffer != null) return buffer.mul_(momentum).add_(direction, { alpha: 1 - dampening })
  const first = keep(direction.clone())
  state['momentum_buffer'] = first
  return first
}
