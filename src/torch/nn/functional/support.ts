import { ArgumentError } from '../../../native'
import type { Int } from '../../dtype'

/** How a loss over all elements becomes its result. */
export type Reduction = 'none' | 'mean' | 'sum'

const REDUCTIONS: Readonly<Record<Reduction, number>> = { none: 0, mean: 1, sum: 2 }

/** libtorch's number of a reduction. */
export function reductionOf(reduction: Reduction = 'mean'): number {
  const code = (REDUCTIONS as Readonly<Record<string, number>>)[reduction]
  if (code === undefined) throw new ArgumentError(`unknown reduction '${String(reduction)}': expected none, mean or sum`)
  return code
}

/** One number for every spatial dimension, or one for each. */
export type PerDimension = Int | readonly Int[]

export function repeated(value: PerDimension, length: number): number[] {
  if (!Array.isArray(value)) return Array.from({ length }, () => Number(value))
  if (value.length === 1) return Array.from({ length }, () => Number((value as readonly Int[])[0]))
  return (value as readonly Int[]).map(Number)
}
