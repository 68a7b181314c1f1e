import { keep } from '../tensor/base'
import { tensor } from '../tensor/creation'
import * as declared from '../generated/declared/optim'
import { scope } from '../memory'
import type { Tensor } from '../tensor/tensor'
import { refuseSparse } from './gradients'
import { fusedStep, type Trained } from './fused'
import { gradientOf, optimizer } from './optimizer'
import { counted, parts, remembered, scalar, zerosLike } from './remember'
import type { ParamState } from './state'

type Group = declared.AdamOptions & { readonly params: readonly Tensor[] }

const STATE = { always: ['step', 'exp_avg', 'exp_avg_sq'], sometimes: ['max_exp_avg_sq'] }

/**
 * Adam: scales steps by running means of the gradient and its square. Weight decay is added to the gradient, or applied to the parameters directly
 * with `decoupledWeightDecay`.
 *
 * @throws ArgumentError for wrong options and for parameters that are not leaves.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
 * @example
 * const weight = torch.ones([2], { requiresGrad: true })
 * const optimizer = new torch.optim.Adam([weight], { lr: 0.5 })
 * weight.sum().backward()
 * optimizer.step()
 * weight.sub(0.5).abs().max().item() < 1e-6 // true
 */
export class Adam extends optimizer(declared.Adam) {
  protected override readonly stateNames = STATE

  protected override updateGroup(group: Group): void {
    if (group.fused !== true) return super.updateGroup(group)
    fusedGroup(group, (param) => this.stateOf(param), this.constructor.name)
  }

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: declared.AdamOptions): void {
    adamUpdate(param, grad, state, group, this.constructor.name)
  }
}

/**
 * AdamW: Adam with weight decay applied to the parameters directly; default decay 0.01.
 *
 * @throws ArgumentError for wrong options and for parameters that are not leaves.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 * @example
 * const net = new torch.nn.Linear(2, 1)
 * const optimizer = new torch.optim.AdamW([{ params: [net.weight] }, { params: [net.bias], weightDecay: 0 }], { lr: 1e-3 })
 * optimizer.paramGroups.map(({ weightDecay }) => weightDecay) // [0.01, 0]
 */
export class AdamW extends optimizer(declared.AdamW, { decoupledWeightDecay: true }) {
  protected override readonly stateNames = STATE

  protected override updateGroup(group: Group): void {
    if (group.fused !== true) return super.updateGroup(group)
    fusedGroup(group, (param) => this.stateOf(param), this.constructor.name)
  }

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: declared.AdamWOptions): void {
    adamUpdate(param, grad, state, group as declared.AdamOptions, this.constructor.name)
  }
}

function adamUpdate(param: Tensor, grad: Tensor, state: ParamState, group: declared.AdamOptions, name: string): void {
  const { lr, eps, weightDecay, maximize, amsgrad, decoupledWeightDecay } = group
  const [beta1, beta2] = group.betas
  refuseSparse(grad, name)
  const { mean, square, largest } = momentsOf(param, state, amsgrad)
  const step = counted(state)
  const ascent = maximize ? grad.neg() : grad
  if (weightDecay !== 0 && decoupledWeightDecay) param.mul_(1 - lr * weightDecay)
  const direction = parts(weightDecay !== 0 && !decoupledWeightDecay ? ascent.add(param, { alpha: weightDecay }) : ascent)
  mean.lerp_(direction, 1 - beta1)
  square.mul_(beta2).addcmul_(direction, direction, { value: 1 - beta2 })
  const correction1 = 1 - beta1 ** step
  const correction2 = Math.sqrt(1 - beta2 ** step)
  largest?.clampMin_(square)
  const denominator = (largest ?? square).sqrt().div_(correction2).add_(eps)
  parts(param).addcdiv_(mean, denominator, { value: -lr / correction1 })
}

/** The running means of a parameter, initially zero. */
function momentsOf(param: Tensor, state: ParamState, amsgrad: boolean): Pick<Trained, 'mean' | 'square' | 'largest'> {
  remembered(state, 'step', () => scalar(0))
  const [mean, square] = ['exp_avg', 'exp_avg_sq'].map((name) => parts(remembered(state, name, () => zerosLike(param)))) as [Tensor, Tensor]
  return { mean, square, largest: amsgrad ? parts(remembered(state, 'max_exp_avg_sq', () => zerosLike(param))) : null }
}

function fusedGroup(group: Group, stateOf: (param: Tensor) => ParamState, name: string): void {
  scope(() => {
    const trained: Trained[] = []
    for (const param of group.params) {
      const grad = gradientOf(param)
      if (grad === null) continue
      refuseSparse(grad, name)
      const state = stateOf(param)
      // The fused kernel needs the step counter on the parameter's device.
      const counter = remembered(state, 'step', () => tensor(0, { dtype: 'float32' })).to({ device: param.device, dtype: 'float32' })
      state['step'] = keep(counter)
      trained.push({ param, grad, counter, ...momentsOf(param, state, group.amsgrad) })
    }
    fusedStep(trained, group)
  })
}
