import { ArgumentError } from '../../native'
import { callAten } from '../call/resolve'
import { fullLike } from '../tensor/creation'
import { viewAsComplex } from '../generated/functions'
import { sparseCooTensor } from '../tensor/sparse'
import * as declared from '../generated/declared/optim'
import type { Tensor } from '../tensor/tensor'
import { optimizer } from './optimizer'
import { counted, parts, remembered, scalar } from './remember'
import type { ParamState } from './state'

/**
 * Adagrad: scales steps by the root of the sum of all squared gradients; accepts sparse gradients.
 *
 * @throws ArgumentError for wrong options, for sparse gradients with weight decay and for parameters that are not leaves.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
 * @example
 * const weight = torch.ones([2], { requiresGrad: true })
 * const optimizer = new torch.optim.Adagrad([weight], { lr: 0.5 })
 * weight.sum().backward()
 * optimizer.step()
 * weight.lt(1).all().item() // true
 */
export class Adagrad extends optimizer(declared.Adagrad) {
  protected override readonly stateNames = { always: ['step', 'sum'], sometimes: [] }

  protected override update(param: Tensor, grad: Tensor, state: ParamState, group: declared.AdagradOptions): void {
    const { lr, lrDecay, weightDecay, initialAccumulatorValue, eps, maximize } = group
    remembered(state, 'step', () => scalar(0))
    const sum = remembered(state, 'sum', () => initialSum(param, initialAccumulatorValue))
    const step = counted(state)
    let ascent = maximize ? grad.neg() : grad
    if (weightDecay !== 0) {
      if (ascent.isSparse) throw new ArgumentError('Adagrad(): weightDecay: expected 0 where gradients are sparse')
      ascent = ascent.add(param, { alpha: weightDecay })
    }
    const rate = lr / (1 + (step - 1) * lrDecay)
    if (ascent.isSparse) return sparseUpdate(param, ascent.coalesce(), sum, rate, eps)
    const [square, direction] = [parts(sum), parts(ascent)]
    square.addcmul_(direction, direction, { value: 1 })
    parts(param).addcdiv_(direction, square.sqrt().add_(eps), { value: -rate })
  }
}

function initialSum(param: Tensor, value: number): Tensor {
  return param.isComplex()
    ? viewAsComplex(fullLike(parts(param), value).contiguous())
    : fullLike(param, value, { memoryFormat: 'preserveFormat' })
}

/** Updates from a sparse gradient, coalesced first because the update is not linear. */
function sparseUpdate(param: Tensor, grad: Tensor, sum: Tensor, rate: number, eps: number): void {
  const [indices, values] = [grad.indices(), grad.values()]
  const sparse = (data: Tensor) => sparseCooTensor(indices, data, grad.shape)
  sum.add_(sparse(values.pow(2)))
  const deviation = callAten<Tensor>('_values', '', sum.sparseMask(grad)).sqrt_().add_(eps)
  param.add_(sparse(values.div(deviation)), { alpha: -rate })
}
