import { ArgumentError } from '../../native'
import { dtypeOf, dtypes, isDtype, type DType } from '../tensor/dtype'
import { misfit } from './errors'
import type { Signature } from './signature'

const EXPECTED = "a dtype such as 'float32'"

/**
 * @internal The dtype of an option; undefined if it is missing or null.
 *
 * @throws ArgumentError for an invalid dtype or an explicit undefined, because a misspelt `torch.longg` must not mean the default.
 */
export function dtypeOption(call: string, options: { readonly dtype?: unknown }): DType | undefined {
  refuseUndefinedDtype(call, 'dtype', options)
  const value = dtypeOf(options.dtype)
  if (value === undefined || value === null) return undefined
  if (isDtype(value)) return value
  if (typeof value !== 'string') throw misfit(call, 'dtype', EXPECTED, value)
  throw new ArgumentError(`${call}(): dtype: unknown dtype '${value}': expected one of ${dtypes.join(', ')}`)
}

/** @internal Rejects an explicit undefined for a dtype of one of the signatures; for other arguments it means the default. */
export function refuseAbsentDtype(call: string, signatures: readonly Pick<Signature, 'parameters'>[], options: object): void {
  for (const [key, value] of Object.entries(options)) {
    const isDtype = () => signatures.some(({ parameters }) => parameters.some(({ camelName, kind }) => camelName === key && kind.isDtype))
    if (value === undefined && isDtype()) refuseUndefinedDtype(call, key, options)
  }
}

/** @internal Rejects a key that exists with the value undefined. */
export function refuseUndefinedDtype(call: string, key: string, options: object): void {
  if (key in options && (options as Record<string, unknown>)[key] === undefined)
    throw misfit(call, key, EXPECTED, undefined, ': is its name misspelt? Leave the key out, or give null, for the default')
}
