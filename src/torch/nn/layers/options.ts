import { ArgumentError } from '../../../native'
import { describe } from '../../call/describe'
import type { Device, DType } from '../../dtype'

/** One number for both dimensions, or one for each. */
export type Pair = number | readonly [number, number]

/** Where a layer's own tensors are made, and of which dtype; default: the default dtype, on the CPU. */
export interface FactoryOptions {
  dtype?: DType
  device?: Device
}

/** The dtype and device among a layer's options. */
export function tensorOptions(options: FactoryOptions): FactoryOptions {
  const result: FactoryOptions = {}
  if (options.dtype !== undefined) result.dtype = options.dtype
  if (options.device !== undefined) result.device = options.device
  return result
}

/** A whole number from `least` on. */
export function wholeNumber(layer: string, name: string, value: unknown, least = 0): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
    throw new ArgumentError(`${layer}: ${name} must be a whole number from ${least} on but is ${describe(value)}`)
  }
  return value
}

/** One number for both dimensions, or one for each. */
export function pairOf(layer: string, name: string, value: unknown, least = 0): [number, number] {
  const both = Array.isArray(value) ? (value as unknown[]) : [value, value]
  if (both.length !== 2) throw new ArgumentError(`${layer}: ${name} must be one number or [height, width] but is ${describe(value)}`)
  return [wholeNumber(layer, name, both[0], least), wholeNumber(layer, name, both[1], least)]
}

/** As Python prints a number or a pair, as it was given. */
export function shown(value: number | null | readonly (number | null)[]): string {
  const one = (item: number | null) => (item === null ? 'None' : String(item))
  return Array.isArray(value) ? `(${(value as readonly (number | null)[]).map(one).join(', ')})` : one(value as number | null)
}

export function shownFlag(value: boolean): string {
  return value ? 'True' : 'False'
}

/** Python writes 1e-05 where JavaScript writes 0.00001. */
export function shownNumber(value: number | null): string {
  if (value === null) return 'None'
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential().replace(/e-(\d)$/, 'e-0$1')
  return String(value)
}
