import { shortened } from './text'

/** The method of a class that describes its instances in error messages. */
export const described = Symbol('described')

interface Described {
  [described](): string
}

/** Below so many levels the items of an array are left out; an array may hold itself. */
const DEEPEST = 4

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
  if (described in value) return (value as Described)[described]()
  return typeof value === 'function' ? 'a function' : (value.constructor?.name ?? 'object')
}
