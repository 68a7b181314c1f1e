import { ArgumentError } from '../../native'
import { keep } from '../base'
import { defaultDtype, tensor } from '../creation'
import { type Given, named } from '../call/named'
import * as torch from '../generated/functions'
import { expectFlag } from '../nn/checks'
import { fusedStep, type Trained } from './fused'
import type { Tensor } from '../tensor'
import { Optimizer, checkRange, gradientOf, type Accepted, type Params } from './optimizer'
import type { ParamState } from './state'

export interface AdamOptions {
  /** Default 1e-3. */
  lr: number
  /** How much the running means of gradient and square keep in a step. Default [0.9, 0.999]. */
  betas: readonly [number, number]
  /** Added to the divisor. Default 1e-8. */
  eps: number
  /** Default 0, for AdamW 0.01. */
  weightDecay: number
  /** Divides by the largest mean square so far. Default false. */
  amsgrad: boolean
  /** Climbs in place of descending. Default false. */
  maximize: boolean
  /** One kernel for all parameters of a group: several times as fast, and other in the last places. Default null, which is false. */
  fused: boolean | null
}

const POSITIONS = ['lr', 'betas', 'eps', 'weightDecay', 'amsgrad'] as const
const NAMED = ['maximize', 'fused'] as const

type GivenOptions = Given<Accepted<AdamOptions>, typeof POSITIONS>

/** What Adam and AdamW share; they differ in where the weight decay acts. */
abstract class AdamBase extends Optimizer<AdamOptions> {
  protected override readonly stateNames = { always: ['step', 'exp_avg', 'exp_avg_sq'], sometimes: ['max_exp_avg_sq'] }

  constructor(params: Params<AdamOptions>, given: GivenOptions, weightDecay: number) {
    const options = named<AdamOptions>(new.target.name, POSITIONS, given, NAMED)
    super(params, { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay, amsgrad: false, maximize: false, fused: null, ...options })
  }

  protected abstract readonly decoupled: boolean

  protected override checkOptions({ lr, eps, betas, weightDecay, amsgrad, maximize, fused }: AdamOptions): void {
    if (fused !== null && typeof fused !== 'boolean') throw new ArgumentError('fused must be true, false or null')
    checkRange('lr', lr, 0)
    checkRange('eps', eps, 0)
    if (!Array.isArray(betas) || betas.length !== 2) throw new ArgumentError('betas must be two numbers, as [0.9, 0.999]')
    checkRange('betas[0]', betas[0] as number, 0, 1)
    checkRange('betas[1]', betas[1] as number, 0, 1)
    checkRange('weightDecay', weightDecay, 0)
    expectFlag(this.constructor.name, 'amsgrad', amsgrad)
    expectFlag(this.constructor.name, 'maximize', maximize)
  }

  private refuseSparse(grad: Tensor): void {
    if (grad.isSparse) throw new ArgumentError(`${this.constructor.name} takes no sparse gradients: use SGD for this parameter`)
  }

  protected override updateGroup(group: { readonly params: readonly Tensor[] } & AdamOptions): void {
    if (group.fused !== true) return super.updateGroup(group)
    const trained: Trained[] = []
    for (const param of group.params) {
      const grad = gradientOf(param)
      if (grad === null) continue
      this.refuseSparse(grad)
      trained.push({ param, grad, ...remembered(param, this.stateOf(param), group) })
    }
    fusedStep(trained, group, this.decoupled)
    for (const { grad } of trained) grad.dispose()
  }

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: AdamOptions): void {
    const { lr, eps, weightDecay, maximize } = group
    const [beta1, beta2] = group.betas
    this.refuseSparse(grad)
    const { counter, mean, square, largest } = remembered(param, state, group)
    counter.add_(1)
    const step = counter.item()
    const ascent = maximize ? grad.neg() : grad
    if (weightDecay !== 0 && this.decoupled) param.mul_(1 - lr * weightDecay)
    const direction = weightDecay !== 0 && !this.decoupled ? ascent.add(param, { alpha: weightDecay }) : ascent
    mean.lerp_(parts(direction), 1 - beta1)
    square.mul_(beta2).addcmul_(parts(direction), parts(direction), { value: 1 - beta2 })
    const correction1 = 1 - beta1 ** step
    const correction2 = Math.sqrt(1 - beta2 ** step)
    largest?.clampMin_(square)
    const denominator = (largest ?? square).sqrt().div_(correction2).add_(eps)
    parts(param).addcdiv_(mean, denominator, { value: -lr / correction1 })
    // Temporaries go at once: a synchronous loop gives the collector no time.
    for (const temporary of [ascent, direction, denominator]) if (temporary !== grad) temporary.dispose()
  }

  protected override pythonDefaults(): Record<string, unknown> {
    return { foreach: null, capturable: false, differentiable: false, decoupled_weight_decay: this.decoupled }
  }
}

/** Complex numbers as pairs of real ones, whose parts are trained each on its own. */
function parts(values: Tensor): Tensor {
  return values.isComplex() ? torch.viewAsReal(values) : values
}

/** The running values of a parameter, which begin at zero. */
function remembered(param: Tensor, state: ParamState, { amsgrad, fused }: AdamOptions): Omit<Trained, 'param' | 'grad'> {
  const zeros = () => keep(torch.zerosLike(param, { memoryFormat: 'preserveFormat' }))
  state['step'] ??= keep(tensor(0, { dtype: defaultDtype() === 'float64' && fused !== true ? 'float64' : 'float32' }))
  // The fused kernel counts where the parameter is; the others read the count here.
  const counter = (state['step'] as Tensor).to(fused === true ? { device: param.device, dtype: 'float32' } : { device: 'cpu' })
  state['step'] = keep(counter)
  state['exp_avg'] ??= zeros()
  state['exp_avg_sq'] ??= zeros()
  if (amsgrad) state['max_exp_avg_sq'] ??= zeros()
  return {
    counter,
    mean: parts(state['exp_avg'] as Tensor),
    square: parts(state['exp_avg_sq'] as Tensor),
    largest: amsgrad ? parts(state['max_exp_avg_sq'] as Tensor) : null,
  }
}

/**
 * Adam: steps scaled by running means of the gradient and its square; weight decay is added to the gradient.
 *
 * Options come by position, in PyTorch's order, by name, or both: `new Adam(params, 1e-3, { amsgrad: true })`.
 *
 * @throws ArgumentError for wrong options and for parameters that are no leaves.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
 * @example
 * const weight = torch.ones([2], { requiresGrad: true })
 * const optimizer = new torch.optim.Adam([weight], { lr: 0.5 })
 * weight.sum().backward()
 * optimizer.step()
 * weight.sub(0.5).abs().max().item() < 1e-6 // true
 */
export class Adam extends AdamBase {
  protected override readonly decoupled = false

  constructor(params: Params<AdamOptions>, ...given: GivenOptions) {
    super(params, given, 0)
  }
}

/**
 * Adam with weight decay on the parameters themselves; default decay 0.01.
 *
 * @throws ArgumentError for wrong options and for parameters that are no leaves.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 * @example
 * const net = new torch.nn.Linear(2, 1)
 * const optimizer = new torch.optim.AdamW([{ params: [net.weight] }, { params: [net.bias], weightDecay: 0 }], { lr: 1e-3 })
 * optimizer.paramGroups.map(({ weightDecay }) => weightDecay) // [0.01, 0]
 */
export class AdamW extends AdamBase {
  protected override readonly decoupled = true

  constructor(params: Params<AdamOptions>, ...given: GivenOptions) {
    super(params, given, 0.01)
  }
}
