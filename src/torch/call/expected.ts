import { ArgumentError } from '../../native'
import { isTensor } from '../tensor/base'
import { describe } from './describe'

/** @internal Refuses what is no tensor, by the name of the function that was called. */
export function expectTensor(call: string, value: unknown, name = 'input'): void {
  if (!isTensor(value)) throw new ArgumentError(`${call}(): '${name}' must be a Tensor but is ${describe(value)}`)
}

/** @internal Refuses what cannot be called. */
export function expectFunction(call: string, value: unknown): void {
  if (typeof value !== 'function') throw new ArgumentError(`${call}() takes a function but received ${describe(value)}`)
}
