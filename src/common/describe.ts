import { types } from 'node:util'
import { shortened } from './text'

/** The method of a class that describes its instances in error messages. */
export const described = Symbol('described')

interface Described {
  [described](): string
}

/** Below so many levels the items of an array are left out; an array may hold itself. */
const DEEPEST = 4

/** Whether a typed array has lost its memory, which was transferred to another thread or became smaller; it cannot even be iterated over. */
export function isDetached(array: NodeJS.TypedArray): boolean {
  if (array.byteLength > 0) return false
  try {
    array.at(0)
    return false
  } catch {
    return true
  }
}

/** A short description of any value for an error message. */
export function describe(value: unknown): string {
  return shortForm(value, 0)
}

function shortForm(value: unknown, depth: number): string {
  if (Array.isArray(value)) {
    const items = depth < DEEPEST ? value.slice(0, 6).map((item) => shortForm(item, depth + 1)) : []
    return `[${[...items, ...(value.length > items.length ? ['…'] : [])].join(', ')}]`
  }
  if (typeof value === 'string') return `'${shortened(value)}'`
  if (typeof value === 'bigint') return `${value}n`
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return String(value)
  if (types.isTypedArray(value) && isDetached(value)) return `a detached ${value.constructor.name}`
  if (described in value) return (value as Described)[described]()
  return typeof value === 'function' ? 'a function' : (value.constructor?.name ?? 'object')
}
