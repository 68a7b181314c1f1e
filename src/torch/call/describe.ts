import { native } from '../../native'
import { isTensor } from '../base'

/** @internal A value as an error names it. */
export function describe(value: unknown): string {
  if (isTensor(value)) return `Tensor ${native.isDisposed(value._h) ? '(disposed)' : `${value.dtype} [${value.shape.join(', ')}]`}`
  if (Array.isArray(value)) return `[${value.slice(0, 6).map(describe).join(', ')}${value.length > 6 ? ', …' : ''}]`
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'object'
  return String(value)
}
