import { describe } from '../../../common/describe'
import { ArgumentError } from '../../../native'
import { hasSymbol } from '../../call/recording'
import { isFloatingDtype } from '../../tensor/dtype'
import type { Tensor } from '../../tensor/tensor'

/** @throws ArgumentError for a floating-point tensor, which `torch.tensor` makes of numbers without `n`, as classes or rows. */
export function expectIndices(call: string, name: string, tensor: Tensor): void {
  if (hasSymbol([tensor]) || !isFloatingDtype(tensor.dtype)) return
  throw new ArgumentError(
    `${call}(): ${name}: expected whole numbers but received ${describe(tensor)}: use bigints, torch.tensor([1n, 2n]), or { dtype: 'int64' }`,
  )
}
