import { ArgumentError } from '../../native'
import { describe } from './describe'
import { isOptions } from './bind'
import { dtypeOption, refuseUndefinedDtype } from './dtype-option'
import { suggestion } from '../../common/suggestions'

/** Arguments that may come by position, in the order of `Names`, by name in a last object, or both; the object takes all others, too. */
export type Given<Options, Names extends readonly (keyof Options)[]> =
  | [options?: { readonly [Key in keyof Options]?: Options[Key] | null | undefined }]
  | (Names extends readonly [infer First extends keyof Options, ...infer Rest extends readonly (keyof Options)[]]
      ? [value: Options[First] | null | undefined, ...rest: Given<Options, Rest>]
      : never)

const NONE: Readonly<Record<string, never>> = Object.freeze({})

/**
 * Reads what a hand-written function was given after its required arguments; null counts as not given.
 *
 * @param namedOnly - Further arguments that come in the last object only.
 * @throws ArgumentError for an unknown name, naming the nearest, for one given twice and for too many.
 */
export function named<Options extends object>(
  call: string,
  names: readonly (keyof Options & string)[],
  given: readonly unknown[],
  namedOnly: readonly (keyof Options & string)[] = [],
): Partial<Options> {
  let length = given.length
  while (length > 0 && (given[length - 1] === undefined || given[length - 1] === null)) length--
  if (length === 0) return NONE as Partial<Options>
  const last = given[length - 1]
  const options = isOptions(last) ? last : null
  const count = options === null ? length : length - 1
  if (count > names.length) throw tooMany(call, names, given[names.length], count)
  const result: Record<string, unknown> = {}
  for (let i = 0; i < count; i++) {
    if (given[i] !== null && given[i] !== undefined) result[names[i]!] = given[i]
  }
  for (const key in options) {
    const value = options[key]
    const at = names.indexOf(key as keyof Options & string)
    if (at < 0 && !namedOnly.includes(key as keyof Options & string)) throw unknownName(call, key, [...names, ...namedOnly])
    if (key === 'dtype') refuseUndefinedDtype(call, key, options)
    if (value === null || value === undefined) continue
    if (at >= 0 && at < count)
      throw new ArgumentError(`${call}(): '${key}' is given both by position (${describe(given[at])}) and by name (${describe(value)})`)
    result[key] = value
  }
  if ('dtype' in result) result['dtype'] = dtypeOption(call, result)
  return result as Partial<Options>
}

function tooMany(call: string, names: readonly string[], first: unknown, count: number): ArgumentError {
  if (names.length === 0) return new ArgumentError(`${call}() takes no further arguments but received ${describe(first)}`)
  return new ArgumentError(`${call}() takes at most ${names.length} of ${names.join(', ')} but received ${count}`)
}

function unknownName(call: string, key: string, known: readonly string[]): ArgumentError {
  const hint = known.length === 0 ? ': it takes none' : suggestion(key, known)
  return new ArgumentError(`${call}(): unknown option '${key}'${hint}`)
}
