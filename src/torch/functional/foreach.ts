import { callAten } from '../call/resolve'
import { float } from '../tensor/dtype'
import type { Tensor } from '../tensor/tensor'

/**
 * Moves each tensor towards the one at the same place in `ends`, by the share `weight` of their difference, in few kernels for all.
 *
 * As unchecked as Python's function of this name.
 *
 * @example
 * const average = torch.zeros([2])
 * torch._foreachLerp_([average], [torch.ones([2])], 0.25)
 * average.tolist() // [0.25, 0.25]
 */
export function _foreachLerp_(tensors: readonly Tensor[], ends: readonly Tensor[], weight: number): void {
  callAten('_foreach_lerp_', 'Scalar', tensors, ends, float(weight))
}
