import { snakeCase } from '../../../common/text'
import { pythonFloatRepr } from '../../tensor/print-format'
import type { Kind } from '../../call/kinds'

/** @internal A value as Python prints it; a whole number of a float parameter as `1.0`. */
export function pythonRepr(value: unknown, kind?: Kind): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'number') return kind !== undefined && /^float\b/.test(kind.name) ? pythonFloatRepr(value) : shortNumber(value)
  if (Array.isArray(value)) return `(${value.map((item) => pythonRepr(item, kind)).join(', ')}${value.length === 1 ? ',' : ''})`
  return typeof value === 'string' ? `'${value}'` : String(value)
}

const shortNumber = (value: number): string => (Number.isInteger(value) ? String(value) : pythonFloatRepr(value))

/**
 * @internal Prints fields as `start_dim=1, end_dim=-1`. A name that ends in `?` is shown only if the value is neither false nor null; one that
 * begins with `:` is shown without its name.
 */
export function shownFields(fields: Readonly<Record<string, unknown>>, kinds: ReadonlyMap<string, Kind>, names: string): string {
  const parts: string[] = []
  for (const entry of names.split(' ').filter((entry) => entry !== '')) {
    const name = entry.replace(/[:?]/g, '')
    // A flag such as bias is true if the parameter of its name exists.
    const value = kinds.get(name)?.name === 'boolean' ? Boolean(fields[name]) : fields[name]
    if (entry.endsWith('?') && (value === false || value === null || value === undefined)) continue
    parts.push(`${entry.startsWith(':') ? '' : `${snakeCase(name)}=`}${pythonRepr(value, kinds.get(name))}`)
  }
  return parts.join(', ')
}
