import { types } from 'node:util'
import { ArgumentError, native } from '../../native'
import { TensorBase, isTensor, wrap } from '../tensor/base'
import type { Tensor } from '../tensor/tensor'
import { dtypeOf } from '../tensor/dtype'
import { describe } from '../../common/describe'
import { aten } from './aten'
import { refuseAbsentDtype } from './dtype-option'
import { bind, optionNames, separate, showSignature, shownName, strayOption, type Given, type Misfit } from './bind'
import { hasSymbol, methodName, recordCall, TensorSymbol, tensorSymbol } from './recording'
import { overloadsOf, signatureOf } from './schema'
import { LONGEST_LIST } from './kinds'
import { parseSignature, type Signature } from './signature'

/** The overloads of one public name; specs are read when the table is first used. */
export interface SignatureTable {
  readonly name: string
  readonly method: boolean
  readonly specs: readonly string[]
  parsed: Signature[] | undefined
}

export function signatures(name: string, method: boolean, specs: readonly string[]): SignatureTable {
  return { name, method, specs, parsed: undefined }
}

/**
 * Calls the first overload that accepts the arguments, like PyTorch's argument parser.
 *
 * @throws ArgumentError if none does; lists the arguments and every overload.
 */
export function resolve(table: SignatureTable, receiver: TensorBase | null, given: ArrayLike<unknown>): unknown {
  table.parsed ??= table.specs.map((spec) => parseSignature(spec, table.method))
  const { signature, bound, positional, options } = choose(table.name, table.parsed, receiver, given)
  return invoke(signature, receiver, positional, bound, options)
}

/** @internal */
export interface Choice {
  readonly signature: Signature
  /** Native arguments in the schema's order. */
  readonly bound: unknown[]
  readonly positional: readonly unknown[]
  readonly options: Readonly<Record<string, unknown>> | null
}

/** @internal The first overload that accepts the arguments. */
export function choose(name: string, overloads: readonly Signature[], receiver: TensorBase | null, arguments_: ArrayLike<unknown>): Choice {
  const given = separate(arguments_)
  if (given.options !== null) refuseAbsentDtype(name, overloads, given.options)
  let firstMisfit: Misfit | undefined
  for (const signature of overloads) {
    const bound = bind(signature, receiver, given, (_, value) => convert(value))
    if (Array.isArray(bound)) return { signature, bound, ...given }
    firstMisfit ??= bound
  }
  throw noOverload(name, overloads, given, overloads.length === 1 ? firstMisfit : undefined)
}

function invoke(
  signature: Signature,
  receiver: TensorBase | null,
  positional: readonly unknown[],
  bound: unknown[],
  options: Readonly<Record<string, unknown>> | null,
): unknown {
  if (hasSymbol(bound) || receiver instanceof TensorSymbol) return recordCall(signature, bound, (name) => symbolOf(name))
  signature.call ??= aten(signature.native.slice('aten::'.length), signature.overload)
  const result = signature.call(...bound)
  if (signature.inplace) return receiver ?? positional[0] ?? options?.['input'] ?? options?.['self']
  const wrapped = nameResults(wrapResult(result), signature.resultNames)
  if (signature.factory && options?.['requiresGrad'] === true && isTensor(wrapped)) native.setRequiresGrad(wrapped._h, true)
  return wrapped
}

/** Adds names for the elements of an array, as in `x.max(1).values`. They are not enumerable, so that printing and comparing see a plain array. */
function nameResults(results: unknown, names: readonly string[]): unknown {
  if (names.length > 0 && Array.isArray(results)) {
    names.forEach((name, i) => Object.defineProperty(results, name, { value: results[i] as unknown, writable: true, configurable: true }))
  }
  return results
}

/** @internal Handles become tensors, at any depth. */
export function wrapResult(result: unknown): unknown {
  if (typeof result !== 'object' || result === null) return result
  if (Array.isArray(result)) return result.map(wrapResult)
  if (types.isMap(result)) return new Map([...result].map(([key, value]) => [wrapResult(key), wrapResult(value)]))
  return wrap(result)
}

/**
 * @internal Calls an operator with tensors instead of handles, without checks; for operators without a public name and checked arguments.
 *
 * Arguments are in the schema's order, undefined for a default.
 */
export function callAten<Result = Tensor>(name: string, overload: string, ...args: readonly unknown[]): Result {
  if (hasSymbol(args)) return recordCall(signatureOf(`aten::${name}`, overload), args, (name) => symbolOf(name)) as Result
  return wrapResult(aten(name, overload)(...args.map(convert))) as Result
}

/** @internal Tensors and generators become their handles, at any depth of arrays, and `torch.float` its dtype. */
export function convert(value: unknown): unknown {
  if (value instanceof TensorBase) return value._h
  if (Array.isArray(value)) return value.length > LONGEST_LIST ? value : value.map(convert)
  if (typeof value === 'object' && value !== null && '_g' in value) return value._g
  return dtypeOf(value)
}

function noOverload(
  name: string,
  overloads: readonly Signature[],
  { positional, options }: Given,
  misfit: Misfit | undefined,
): ArgumentError {
  const named = Object.entries(options ?? {}).map(([key, value]) => `${key}: ${describe(value)}`)
  const came = [...positional.map(describe), ...named].join(', ')
  const shown = overloads.map((signature) => `  ${showSignature(name, signature)}`).join('\n')
  if (misfit === undefined) {
    const stray = strayOption([...new Set(overloads.flatMap(optionNames))], options)
    const received = `received (${came}), which no overload takes. Expected one of:\n${shown}`
    return new ArgumentError(stray === undefined ? `${name}() ${received}` : `${name}(): ${stray}; ${received}`)
  }
  const reason =
    'reason' in misfit
      ? misfit.reason
      : `${shownName(misfit.parameter)}: expected ${misfit.parameter.kind.text} but received ${describe(misfit.received)}`
  return new ArgumentError(`${name}(): ${reason}. Received (${came}); expected\n${shown}`)
}

/** @internal A symbol with the methods of a tensor; `own` is the module's tensor that it represents. */
export function symbolOf(source: string, own: Tensor | null = null): Tensor {
  const symbol = tensorSymbol(
    source,
    (method, args) => {
      const name = `aten::${methodName(method)}`
      const { signature, bound } = choose(
        method,
        overloadsOf(name).map((overload) => signatureOf(name, overload)),
        null,
        [symbol, ...args],
      )
      return recordCall({ ...signature, inplace: method.endsWith('_') }, bound, (name) => symbolOf(name))
    },
    own,
  )
  return symbol
}
