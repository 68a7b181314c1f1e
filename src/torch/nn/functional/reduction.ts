import type { Tensor } from '../../tensor'
import { type Reduction, reductionOf } from './support'

/** @internal */
export interface InputTarget {
  readonly input: Tensor
  readonly target: Tensor
}

/** @internal */
export const INPUT_TARGET = ['input', 'target'] as const

export interface ReductionOptions {
  /** Default: the mean. */
  reduction?: Reduction
}

export interface WeightedOptions extends ReductionOptions {
  /** A factor for each element, or for each class where the target is classes. */
  weight?: Tensor
}

/** @internal */
export const WEIGHT_REDUCTION = ['weight', 'reduction'] as const

/** @internal The loss of all elements as `reduction` says. */
export function reduced(loss: Tensor, reduction: Reduction | undefined): Tensor {
  const code = reductionOf(reduction)
  return code === 0 ? loss : code === 1 ? loss.mean() : loss.sum()
}
