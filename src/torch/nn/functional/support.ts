import type { Int } from '../../tensor/dtype'
import type { Tensor } from '../../tensor/tensor'

/** How the losses of all elements are combined. */
export type Reduction = 'none' | 'mean' | 'sum'

const REDUCTIONS: readonly Reduction[] = ['none', 'mean', 'sum']

/** libtorch's number for a reduction. */
export function reductionOf(reduction: Reduction): number {
  return REDUCTIONS.indexOf(reduction)
}

/** Reduces the losses of all elements. */
export function reduced(loss: Tensor, reduction: Reduction): Tensor {
  return reduction === 'none' ? loss : reduction === 'mean' ? loss.mean() : loss.sum()
}

/** One number for every spatial dimension, or one for each. */
export type PerDimension = Int | readonly Int[]

/** One number for each of `length` spatial dimensions. */
export function repeated(value: number | readonly number[], length: number): readonly number[] {
  if (typeof value === 'number') return new Array<number>(length).fill(value)
  return value.length === 1 ? new Array<number>(length).fill(value[0]!) : value
}

/** A shape in error messages. */
export function shapeOf(tensor: Tensor): string {
  return `[${tensor.shape.join(', ')}]`
}
