import { keep } from '../tensor/base'
import { defaultDtype, tensor } from '../creation'
import * as torch from '../generated/functions'
import type { Tensor } from '../tensor/tensor'
import type { ParamState } from './state'

/** @internal A tensor of the state; made where it is not there yet, and kept beyond the update. */
export function remembered(state: ParamState, name: string, make: () => Tensor): Tensor {
  const known = state[name]
  if (known !== undefined && known !== null) return known as Tensor
  const made = keep(make())
  state[name] = made
  return made
}

/** @internal Zeros of the parameter's form. */
export function zerosLike(param: Tensor): Tensor {
  return torch.zerosLike(param, { memoryFormat: 'preserveFormat' })
}

/** @internal Counts the step; gives the count. */
export function counted(state: ParamState): number {
  return Number(counterOf(state).add_(1).item())
}

/** @internal The counter, which begins at zero and stays on the CPU. */
export function counterOf(state: ParamState): Tensor {
  const counter = remembered(state, 'step', () => scalar(0)).to({ device: 'cpu' })
  state['step'] = keep(counter)
  return counter
}

/** @internal A value of Python's default dtype for counters. */
export function scalar(value: number): Tensor {
  return tensor(value, { dtype: defaultDtype() === 'float64' ? 'float64' : 'float32' })
}

/** @internal Complex numbers as pairs of real ones, whose parts are trained each on its own. */
export function parts(values: Tensor): Tensor {
  return values.isComplex() ? torch.viewAsReal(values) : values
}
