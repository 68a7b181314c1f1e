import { keep } from '../tensor/base'
import { defaultDtype, tensor } from '../tensor/creation'
import * as torch from '../generated/functions'
import type { Tensor } from '../tensor/tensor'
import type { ParamState } from './state'

/** @internal A tensor of the state, created if missing and kept after the update. */
export function remembered(state: ParamState, name: string, make: () => Tensor): Tensor {
  const known = state[name]
  if (known !== undefined && known !== null) return known as Tensor
  const made = keep(make())
  state[name] = made
  return made
}

/** @internal Zeros in the shape, dtype and device of the parameter. */
export function zerosLike(param: Tensor): Tensor {
  return torch.zerosLike(param, { memoryFormat: 'preserveFormat' })
}

/** @internal Increments the step counter and returns the count. */
export function counted(state: ParamState): number {
  return Number(counterOf(state).add_(1).item())
}

/** @internal The step counter, which starts at zero and stays on the CPU. */
export function counterOf(state: ParamState): Tensor {
  const counter = remembered(state, 'step', () => scalar(0)).to({ device: 'cpu' })
  state['step'] = keep(counter)
  return counter
}

/** @internal A counter in the dtype that Python uses by default. */
export function scalar(value: number): Tensor {
  return tensor(value, { dtype: defaultDtype() === 'float64' ? 'float64' : 'float32' })
}

/** @internal A real view of complex values, whose real and imaginary parts are updated independently. */
export function parts(values: Tensor): Tensor {
  return values.isComplex() ? torch.viewAsReal(values) : values
}
