import { types } from 'node:util'
import { isDetached } from '../../common/describe'
import { isTensor } from '../tensor/base'
import { misfit } from './errors'

/** @internal Whether a value can be gone through; a tensor is one value, and an array without memory has no items. */
export function isIterable(value: unknown): value is Iterable<unknown> {
  if (typeof value !== 'object' || value === null || isTensor(value) || !(Symbol.iterator in value)) return false
  return !(types.isTypedArray(value) && isDetached(value))
}

/**
 * @internal The items of an array or of anything else that can be gone through.
 *
 * @param expected - Continues the word 'expected' in the error.
 */
export function itemsOf(call: string, name: string, expected: string, value: unknown): unknown[] {
  if (!isIterable(value)) throw misfit(call, name, expected, value)
  return [...value]
}
