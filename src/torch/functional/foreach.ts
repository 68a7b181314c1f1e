import { callAten } from '../call/resolve'
import { float } from '../tensor/dtype'
import type { Tensor } from '../tensor/tensor'

/**
 * Moves each tensor towards its counterpart in `ends` by the fraction `weight` of the difference, with few kernels for all.
 *
 * Unchecked, like Python's function of this name.
 *
 * @example
 * const average = torch.zeros([2])
 * torch._foreachLerp_([average], [torch.ones([2])], 0.25)
 * average.tolist() // [0.25, 0.25]
 */
export function _foreachLerp_(tensors: readonly Tensor[], ends: readonly Tensor[], weight: number): void {
  callAten('_foreach_lerp_', 'Scalar', tensors, ends, float(weight))
}
