/** The method by which a class words its values in errors. */
export const described = Symbol('described')

interface Described {
  [described](): string
}

/** A value as an error names it: short, whatever it is. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return `[${value.slice(0, 6).map(describe).join(', ')}${value.length > 6 ? ', …' : ''}]`
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  return described in value ? (value as Described)[described]() : (value.constructor?.name ?? 'object')
}
