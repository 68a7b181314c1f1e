import { aten } from '../call/aten'
import { expectTensor } from '../call/expected'
import type { TensorHandle } from '../../native'
import { wrap } from '../tensor/base'
import { type Given, named } from '../call/named'
import type { Int } from '../tensor/dtype'
import type { Tensor } from '../tensor/tensor'

export interface UniqueConsecutiveOptions {
  /** Gives where each element went: a second tensor. */
  returnInverse?: boolean
  /** Gives how often each value came: a further tensor. */
  returnCounts?: boolean
  /** Compares slices along this dimension; default: single elements. */
  dim?: Int
}

export interface UniqueOptions extends UniqueConsecutiveOptions {
  /** Default: true. */
  sorted?: boolean
}

/** @internal */
export const UNIQUE = ['sorted', 'returnInverse', 'returnCounts', 'dim'] as const
/** @internal */
export const UNIQUE_CONSECUTIVE = ['returnInverse', 'returnCounts', 'dim'] as const

function chosen(handles: unknown, { returnInverse, returnCounts }: UniqueConsecutiveOptions): Tensor | Tensor[] {
  const [values, inverse, counts] = handles as TensorHandle[]
  if (returnInverse !== true && returnCounts !== true) return wrap(values)
  return [values, ...(returnInverse === true ? [inverse] : []), ...(returnCounts === true ? [counts] : [])].map(wrap)
}

/**
 * The different values of a tensor, and with `returnInverse` and `returnCounts` an array of them, the inverse and the counts.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.unique.html
 * @example
 * torch.unique(torch.tensor([3, 1, 3])).tolist() // [1, 3]
 */
export function unique(input: Tensor, options: UniqueOptions & ({ returnInverse: true } | { returnCounts: true })): Tensor[]
export function unique(input: Tensor, ...given: Given<UniqueOptions, typeof UNIQUE>): Tensor
export function unique(input: Tensor, ...given: unknown[]): Tensor | Tensor[] {
  expectTensor('unique', input)
  const options = named<UniqueOptions>('unique', UNIQUE, given)
  const { sorted = true, returnInverse = false, returnCounts = false, dim } = options
  if (dim === undefined) return chosen(aten('_unique2')(input._h, sorted, returnInverse, returnCounts), options)
  return chosen(aten('unique_dim')(input._h, dim, sorted, returnInverse, returnCounts), options)
}

/**
 * The values of a tensor without those equal to the one before.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.unique_consecutive.html
 */
export function uniqueConsecutive(
  input: Tensor,
  options: UniqueConsecutiveOptions & ({ returnInverse: true } | { returnCounts: true }),
): Tensor[]
export function uniqueConsecutive(input: Tensor, ...given: Given<UniqueConsecutiveOptions, typeof UNIQUE_CONSECUTIVE>): Tensor
export function uniqueConsecutive(input: Tensor, ...given: unknown[]): Tensor | Tensor[] {
  expectTensor('uniqueConsecutive', input)
  const options = named<UniqueConsecutiveOptions>('uniqueConsecutive', UNIQUE_CONSECUTIVE, given)
  const { returnInverse = false, returnCounts = false, dim } = options
  return chosen(aten('unique_consecutive')(input._h, returnInverse, returnCounts, dim ?? null), options)
}
