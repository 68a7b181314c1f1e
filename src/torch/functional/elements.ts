import { aten } from '../call/aten'
import { declared as signature, read } from '../call/declared'
import { wrap } from '../tensor/base'
import { misfit } from '../call/errors'
import { tensor } from '../tensor/creation'
import { isComplexDtype, isFloatingDtype } from '../tensor/dtype'
import type * as declared from '../generated/declared/functional-signatures'
import type { Tensor } from '../tensor/tensor'

/** Splits a tensor along `dim` into chunks of a size, or of the sizes given. */
export function split({ input, splitSizeOrSections: sizes, dim }: declared.SplitArguments): Tensor[] {
  return typeof sizes === 'number' ? input.split(sizes, dim) : input.split(sizes, dim)
}

/** The options of `nonzero`. */
export interface NonzeroOptions {
  /** Gives one tensor of indices per dimension, as `index` takes them. Default false. */
  asTuple?: boolean | null | undefined
}

const NONZERO = signature<{ input: Tensor; asTuple: boolean }>('nonzero', 'input:T', '*', 'as_tuple:b=false')

/**
 * The indices of the elements that are not zero: [count, dimensions], or with `asTuple` one tensor per dimension.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nonzero.html
 * @example
 * torch.nonzero(torch.tensor([0, 5, 6])).tolist() // [[1], [2]]
 */
export function nonzero(input: Tensor, options: { asTuple: true }): Tensor[]
export function nonzero(input: Tensor, options?: NonzeroOptions | null): Tensor
export function nonzero(...given: unknown[]): Tensor | Tensor[] {
  const { input, asTuple } = read(NONZERO, given)
  return asTuple ? (aten('nonzero_numpy')(input._h) as unknown[]).map(wrap) : wrap(aten('nonzero')(input._h))
}

/**
 * The coordinates of flat indices in a tensor of a shape: one tensor of the indices' shape for each dimension.
 *
 * Indices out of range wrap around, as in Python.
 *
 * @throws ArgumentError for indices that are no integers, and for negative sizes.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.unravel_index.html
 * @example
 * torch.unravelIndex(torch.tensor([4n, 1n]), [3, 2]).map((index) => index.tolist()) // [[2, 0], [0, 1]]
 */
export function unravelIndex({ indices, shape }: declared.UnravelIndexArguments): Tensor[] {
  if (isFloatingDtype(indices.dtype) || isComplexDtype(indices.dtype) || indices.dtype === 'bool')
    throw misfit('unravelIndex', 'indices', 'a Tensor of integers', indices)
  const sizes = (typeof shape === 'number' ? [shape] : shape).map(BigInt)
  if (sizes.some((size) => size < 0n)) throw misfit('unravelIndex', 'shape', 'sizes from 0 on', sizes.map(Number))
  // Elements between neighbours along each dimension.
  const strides = sizes.map((_, i) => sizes.slice(i + 1).reduce((product, size) => product * size, 1n))
  const like = { dtype: 'int64', device: indices.device } as const
  return indices.unsqueeze(-1).floorDivide(tensor(strides, like)).remainder(tensor(sizes, like)).unbind(-1)
}

const IS_FLOATING_POINT = signature<{ input: Tensor }>('isFloatingPoint', 'input:T')
const IS_COMPLEX = signature<{ input: Tensor }>('isComplex', 'input:T')

/** Whether the dtype is one of floats. */
export function isFloatingPoint(input: Tensor): boolean {
  return isFloatingDtype(read(IS_FLOATING_POINT, [input]).input.dtype)
}

/** Whether the dtype is one of complex numbers. */
export function isComplex(input: Tensor): boolean {
  return isComplexDtype(read(IS_COMPLEX, [input]).input.dtype)
}
