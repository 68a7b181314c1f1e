import { aten } from '../call/aten'
import type { TensorHandle } from '../../native'
import { wrap } from '../tensor/base'
import type * as declared from '../generated/declared/functional-signatures'
import type { Tensor } from '../tensor/tensor'

/** The values alone, or an array of them and of what else is asked for. */
function chosen(
  handles: unknown,
  { returnInverse, returnCounts }: Pick<declared.UniqueArguments, 'returnInverse' | 'returnCounts'>,
): Tensor | Tensor[] {
  const [values, inverse, counts] = handles as TensorHandle[]
  if (!returnInverse && !returnCounts) return wrap(values)
  return [values, ...(returnInverse ? [inverse] : []), ...(returnCounts ? [counts] : [])].map(wrap)
}

/**
 * The different values of a tensor, or the different slices along `dim`; sorted ascending.
 *
 * With `returnInverse` (where each element went) or `returnCounts` (how often each value came) an array: the values, the inverse, the counts.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.unique.html
 * @example
 * torch.unique(torch.tensor([3, 1, 3])).tolist() // [1, 3]
 */
export function unique(args: declared.UniqueArguments): Tensor | Tensor[] {
  const { input, sorted, returnInverse, returnCounts, dim } = args
  if (dim === null) return chosen(aten('_unique2')(input._h, sorted, returnInverse, returnCounts), args)
  return chosen(aten('unique_dim')(input._h, dim, sorted, returnInverse, returnCounts), args)
}

/**
 * The values of a tensor, or its slices along `dim`, without those equal to the one before.
 *
 * With `returnInverse` (where each element went) or `returnCounts` (how often each value came) an array: the values, the inverse, the counts.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.unique_consecutive.html
 * @example
 * torch.uniqueConsecutive(torch.tensor([1, 1, 2, 1])).tolist() // [1, 2, 1]
 */
export function uniqueConsecutive(args: declared.UniqueConsecutiveArguments): Tensor | Tensor[] {
  const { input, returnInverse, returnCounts, dim } = args
  return chosen(aten('unique_consecutive')(input._h, returnInverse, returnCounts, dim), args)
}
