import { aten } from '../call/aten'
import { expectTensor } from '../call/expected'
import { wrap } from '../base'
import { type Given, named } from '../call/named'
import { isComplexDtype, isFloatingDtype } from '../dtype'
import type * as declared from '../generated/declared/functional-signatures'
import type { Tensor } from '../tensor'

/** Splits a tensor along `dim` into chunks of a size, or of the sizes given. */
export function split({ input, splitSizeOrSections: sizes, dim }: declared.SplitArguments): Tensor[] {
  return typeof sizes === 'number' ? input.split(sizes, dim) : input.split(sizes, dim)
}

export interface NonzeroOptions {
  /** Gives one tensor of indices per dimension, as `index` takes them. */
  asTuple?: boolean
}

/** @internal */
export const NONZERO = ['asTuple'] as const

/**
 * The indices of the elements that are not zero: [count, dimensions], or with `asTuple` one tensor per dimension.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nonzero.html
 */
export function nonzero(input: Tensor, options: { asTuple: true }): Tensor[]
export function nonzero(input: Tensor, ...given: Given<NonzeroOptions, typeof NONZERO>): Tensor
export function nonzero(input: Tensor, ...given: unknown[]): Tensor | Tensor[] {
  expectTensor('nonzero', input)
  const { asTuple = false } = named<NonzeroOptions>('nonzero', NONZERO, given)
  return asTuple ? (aten('nonzero_numpy')(input._h) as unknown[]).map(wrap) : wrap(aten('nonzero')(input._h))
}

export function isFloatingPoint(input: Tensor): boolean {
  expectTensor('isFloatingPoint', input)
  return isFloatingDtype(input.dtype)
}

export function isComplex(input: Tensor): boolean {
  expectTensor('isComplex', input)
  return isComplexDtype(input.dtype)
}
