import { types } from 'node:util'
import { ArgumentError, native } from '../../native'
import { TensorBase, isTensor, wrap } from '../base'
import type { Tensor } from '../tensor'
import { isComplexDtype, isFloatingDtype } from '../dtype'
import { describe } from './describe'
import { aten } from './aten'
import { parseSignature, type Parameter, type Signature } from './signature'
import { suggestion } from '../../common/suggestions'

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
 * Calls the first overload whose parameters take the arguments, as PyTorch's argument parser chooses.
 *
 * @throws ArgumentError when none does: lists what came and every overload.
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

/** @internal The first of the overloads that takes the arguments. */
export function choose(name: string, overloads: readonly Signature[], receiver: TensorBase | null, given: ArrayLike<unknown>): Choice {
  let count = given.length
  while (count > 0 && given[count - 1] === undefined) count--
  const positional = Array.prototype.slice.call(given, 0, count) as unknown[]
  const last = positional[count - 1]
  const options = isOptions(last) ? last : null
  if (options !== null) positional.pop()
  let firstFailure: string | undefined
  for (const signature of overloads) {
    const bound = bind(signature, receiver, positional, options)
    if (typeof bound !== 'string') return { signature, bound, positional, options }
    firstFailure ??= bound
  }
  throw noOverload(name, overloads, positional, options, overloads.length === 1 ? firstFailure : undefined)
}

function invoke(
  signature: Signature,
  receiver: TensorBase | null,
  positional: readonly unknown[],
  bound: unknown[],
  options: Readonly<Record<string, unknown>> | null,
): unknown {
  signature.call ??= aten(signature.native.slice('aten::'.length), signature.overload)
  const result = signature.call(...bound)
  if (signature.inplace) return receiver ?? positional[0] ?? options?.['input'] ?? options?.['self']
  const wrapped = wrapResult(result)
  if (signature.factory && options?.['requiresGrad'] === true && isTensor(wrapped)) native.setRequiresGrad(wrapped._h, true)
  return wrapped
}

/** @internal Handles become tensors, at any depth. */
export function wrapResult(result: unknown): unknown {
  if (typeof result !== 'object' || result === null) return result
  if (Array.isArray(result)) return result.map(wrapResult)
  if (types.isMap(result)) return new Map([...result].map(([key, value]) => [wrapResult(key), wrapResult(value)]))
  return wrap(result)
}

/** Native arguments in the schema's order, or why the overload does not take what was given. */
function bind(
  signature: Signature,
  receiver: TensorBase | null,
  positional: readonly unknown[],
  options: Readonly<Record<string, unknown>> | null,
): unknown[] | string {
  const { parameters, selfIndex } = signature
  const values: unknown[] = new Array<unknown>(parameters.length)
  const rest = varargs(signature, positional)
  let next = 0
  let used = 0
  for (let i = 0; i < parameters.length; i++) {
    const parameter = parameters[i]!
    if (i === selfIndex) {
      values[i] = receiver!._h
      continue
    }
    let value: unknown
    let isGiven = false
    if (!parameter.keywordOnly && next < rest.length) {
      value = rest[next++]
      isGiven = value !== undefined
      if (isGiven && options !== null && hasKey(options, parameter)) return `'${parameter.camelName}' is given twice`
    } else if (options !== null && hasKey(options, parameter)) {
      value = keyed(options, parameter)
      isGiven = value !== undefined
      used++
    }
    if (!isGiven) {
      if (!parameter.hasDefault && !(parameter.optional && parameter.keywordOnly)) {
        return strayKey(signature, Object.keys(options ?? {})) ?? `'${parameter.camelName}' is missing`
      }
      continue
    }
    if (!accepts(parameter, value)) return `'${parameter.camelName}' must be ${article(parameter.text)} but is ${describe(value)}`
    values[i] = convert(value)
  }
  if (next < rest.length) return `takes at most ${next} positional arguments but ${rest.length} were given`
  if (options !== null) {
    const extra = signature.factory && 'requiresGrad' in options ? 1 : 0
    const keys = Object.keys(options).filter((key) => options[key] !== undefined)
    const defined = parameters.filter((p, i) => i !== selfIndex && hasKey(options, p) && keyed(options, p) !== undefined).length
    if (keys.length > Math.min(used, defined) + extra)
      return strayKey(signature, keys) ?? 'an argument is given both by position and by name'
  }
  return values
}

/** `x.view(2, 3)` stands for `x.view([2, 3])` where a list of ints is the one positional parameter. */
function varargs(signature: Signature, positional: readonly unknown[]): readonly unknown[] {
  if (positional.length === 0 || typeof positional[0] !== 'number') return positional
  const open = signature.parameters.filter((parameter, i) => i !== signature.selfIndex && !parameter.keywordOnly)
  const only = open[0]
  if (open.length !== 1 || only === undefined || only.element !== 'i' || only.list < 0) return positional
  return positional.length > 1 || only.list === 0 ? [positional] : positional
}

function hasKey(options: Readonly<Record<string, unknown>>, parameter: Parameter): boolean {
  return parameter.camelName in options || (parameter.name === 'self' && 'input' in options)
}

function keyed(options: Readonly<Record<string, unknown>>, parameter: Parameter): unknown {
  return parameter.camelName in options ? options[parameter.camelName] : options['input']
}

/** @internal An object that names arguments: nothing that is a value itself. */
export function isOptions(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isTensor(value) || ArrayBuffer.isView(value)) return false
  if ('_g' in value || 'float' in value || ('real' in value && 'imag' in value)) return false
  return true
}

function accepts(parameter: Parameter, value: unknown): boolean {
  if (value === null) return parameter.optional
  if (parameter.list < 0) return acceptsElement(parameter.element, value)
  if (Array.isArray(value)) {
    return value.every((item) =>
      item === null || item === undefined ? parameter.optionalElements : acceptsElement(parameter.element, item),
    )
  }
  if (ArrayBuffer.isView(value)) return parameter.element === 'i' || parameter.element === 'f'
  return parameter.list > 0 && acceptsElement(parameter.element, value)
}

function acceptsElement(element: string, value: unknown): boolean {
  switch (element) {
    case 'T':
      return isTensor(value)
    case 'S':
      return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' || isNumberObject(value)
    case 'i':
      return (typeof value === 'number' && Number.isInteger(value)) || typeof value === 'bigint' || isIntTensor(value)
    case 'f':
      return typeof value === 'number' || typeof value === 'bigint' || isNumberObject(value)
    case 'b':
      return typeof value === 'boolean'
    case '*':
      return true
    case 'g':
      return typeof value === 'object' && value !== null && '_g' in value
    default:
      return typeof value === 'string'
  }
}

/** As in Python, a zero-dimensional tensor of whole numbers stands for its number. */
function isIntTensor(value: unknown): boolean {
  return isTensor(value) && value.dim() === 0 && !isFloatingDtype(value.dtype) && !isComplexDtype(value.dtype)
}

function isNumberObject(value: unknown): boolean {
  if (isTensor(value)) return value.dim() === 0 && !value.requiresGrad
  return typeof value === 'object' && value !== null && ('float' in value || ('real' in value && 'imag' in value))
}

/**
 * @internal Calls an operator that PyTorch itself reaches only by a private name, or that the caller has already checked: tensors in, tensors out.
 *
 * Arguments stand in the schema's order, undefined for a default.
 */
export function callAten<Result = Tensor>(name: string, overload: string, ...args: readonly unknown[]): Result {
  return wrapResult(aten(name, overload)(...args.map(convert))) as Result
}

/** @internal Tensors and generators become their handles, at any depth of arrays. */
export function convert(value: unknown): unknown {
  if (value instanceof TensorBase) return value._h
  if (Array.isArray(value)) return value.map(convert)
  if (typeof value === 'object' && value !== null && '_g' in value) return value._g
  return value
}

/** What an option that the overload does not know should have been; undefined when it knows all. */
function strayKey(signature: Signature, keys: readonly string[]): string | undefined {
  const known = signature.parameters
    .filter((_, i) => i !== signature.selfIndex)
    .map((parameter) => (parameter.name === 'self' ? 'input' : parameter.camelName))
  if (signature.factory) known.push('requiresGrad')
  const stray = keys.find((key) => !known.includes(key) && key !== 'self')
  return stray === undefined ? undefined : `unknown option '${stray}'${suggestion(stray, known)}`
}

function noOverload(
  name: string,
  overloads: readonly Signature[],
  positional: readonly unknown[],
  options: Readonly<Record<string, unknown>> | null,
  reason: string | undefined,
): ArgumentError {
  const came = [...positional.map(describe), ...Object.entries(options ?? {}).map(([key, value]) => `${key}: ${describe(value)}`)].join(
    ', ',
  )
  const shown = overloads.map((signature) => `  ${showSignature(name, signature)}`).join('\n')
  return new ArgumentError(
    reason === undefined
      ? `${name}() received (${came}), which no overload takes. Expected one of:\n${shown}`
      : `${name}(): ${reason}. Received (${came}); expected\n${shown}`,
  )
}

function showSignature(name: string, signature: Signature): string {
  const shown = signature.parameters
    .filter((_, i) => i !== signature.selfIndex)
    .map((p) => `${p.name === 'self' ? 'input' : p.camelName}${p.hasDefault ? '?' : ''}: ${p.text}${p.optional ? ' | null' : ''}`)
  const firstKeyword = signature.parameters.filter((_, i) => i !== signature.selfIndex).findIndex((p) => p.keywordOnly)
  const positional = firstKeyword < 0 ? shown : shown.slice(0, firstKeyword)
  const keywords = firstKeyword < 0 ? [] : shown.slice(firstKeyword)
  return `${name}(${[...positional, ...(keywords.length > 0 ? [`{ ${keywords.join(', ')} }`] : [])].join(', ')})`
}

function article(text: string): string {
  return /^[aeiou]/i.test(text) ? `an ${text}` : `a ${text}`
}
