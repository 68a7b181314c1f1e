/** The method of a class that describes its instances in error messages. */
export const described = Symbol('described')

interface Described {
  [described](): string
}

/** A short description of any value for an error message. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return `[${value.slice(0, 6).map(describe).join(', ')}${value.length > 6 ? ', …' : ''}]`
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'bigint') return `${value}n`
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return String(value)
  if (described in value) return (value as Described)[described]()
  return typeof value === 'function' ? 'a function' : (value.constructor?.name ?? 'object')
}
