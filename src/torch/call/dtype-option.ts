import { ArgumentError } from '../../native'
import { dtypeOf, dtypes, isDtype, type DType } from '../tensor/dtype'
import { misfit } from './errors'
import type { Signature } from './signature'

const EXPECTED = "a dtype such as 'float32'"

/**
 * @internal The dtype that an option names; undefined where it is left out or null.
 *
 * @throws ArgumentError for what is no dtype. An explicit undefined is none: `torch.longg` is undefined, and must not mean the default.
 */
export function dtypeOption(call: string, options: { readonly dtype?: unknown }): DType | undefined {
  refuseUndefinedDtype(call, 'dtype', options)
  const value = dtypeOf(options.dtype)
  if (value === undefined || value === null) return undefined
  if (isDtype(value)) return value
  if (typeof value !== 'string') throw misfit(call, 'dtype', EXPECTED, value)
  throw new ArgumentError(`${call}(): dtype: unknown dtype '${value}': expected one of ${dtypes.join(', ')}`)
}

/** @internal Refuses an explicit undefined where one of the signatures has a dtype; for all other arguments it means the default. */
export function refuseAbsentDtype(call: string, signatures: readonly Pick<Signature, 'parameters'>[], options: object): void {
  for (const [key, value] of Object.entries(options)) {
    const isDtype = () => signatures.some(({ parameters }) => parameters.some(({ camelName, kind }) => camelName === key && kind.isDtype))
    if (value === undefined && isDtype()) refuseUndefinedDtype(call, key, options)
  }
}

/** @internal Refuses a key that is there and undefined. */
export function refuseUndefinedDtype(call: string, key: string, options: object): void {
  if (key in options && (options as Record<string, unknown>)[key] === undefined)
    throw misfit(call, key, EXPECTED, undefined, ': is its name misspelt? Leave the key out, or give null, for the default')
}
