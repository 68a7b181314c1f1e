import { ArgumentError } from '../../native'
import { describe } from '../call/describe'
import { named } from '../call/named'

/** @internal Refuses what is neither true nor false, such as an option of another place. */
export function expectFlag(call: string, name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw new ArgumentError(`${call}: ${name} must be true or false but is ${describe(value)}`)
}

/** @internal Refuses what is no number. */
export function expectNumber(call: string, name: string, value: unknown): void {
  if (typeof value !== 'number') throw new ArgumentError(`${call}: ${name} must be a number but is ${describe(value)}`)
}

/** A flag by position or by name. */
export type Flag<Name extends string> = boolean | { readonly [Key in Name]?: boolean | null | undefined } | null

/** @internal Reads it. */
export function flagOf<Name extends string>(call: string, name: Name, given: Flag<Name>, absent = true): boolean {
  const value = named<Record<Name, boolean>>(call, [name], [given])[name] ?? absent
  expectFlag(`${call}()`, name, value)
  return value
}
