import { isTensor, type TensorBase } from '../tensor/base'
import { suggestion } from '../../common/suggestions'
import { describe } from '../../common/describe'
import type { Parameter, Signature } from './signature'

/** Named arguments in a last object. */
export type Options = Readonly<Record<string, unknown>>

/** The arguments of one call: those by position, and those that a last object names. */
export interface Given {
  readonly positional: readonly unknown[]
  readonly options: Options | null
}

/** Why the arguments do not fit a signature: a reason, or the parameter that received a value of a wrong kind. */
export type Misfit = { readonly reason: string } | { readonly parameter: Parameter; readonly received: unknown }

const NOTHING = Symbol('nothing')

/** @internal Separates positional from named arguments; trailing undefined counts as not given. */
export function separate(given: ArrayLike<unknown>): Given {
  let count = given.length
  while (count > 0 && given[count - 1] === undefined) count--
  const positional = Array.prototype.slice.call(given, 0, count) as unknown[]
  const last = positional[count - 1]
  if (!isOptions(last)) return { positional, options: null }
  positional.pop()
  return { positional, options: last }
}

/** @internal Whether a value is an object of named arguments, rather than an argument itself. */
export function isOptions(value: unknown): value is Options {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isTensor(value) || ArrayBuffer.isView(value)) return false
  if ('_g' in value || 'float' in value || ('real' in value && 'imag' in value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/**
 * @internal Binds arguments to a signature's parameters by position, by name, or both.
 *
 * @param read - Converts an accepted value to the form that the callee receives.
 * @param lenient - Whether null means the default of a parameter that does not accept None, as in hand-written functions.
 * @returns One value per parameter, undefined for a missing one; or the reason why the arguments do not fit.
 */
export function bind(
  signature: Pick<Signature, 'parameters' | 'selfIndex' | 'factory'>,
  receiver: TensorBase | null,
  { positional, options }: Given,
  read: (parameter: Parameter, value: unknown) => unknown,
  lenient = false,
): unknown[] | Misfit {
  const { parameters, selfIndex } = signature
  const values: unknown[] = new Array<unknown>(parameters.length)
  const ordered = spread(signature, positional)
  let next = 0
  let named = 0
  for (let i = 0; i < parameters.length; i++) {
    const parameter = parameters[i]!
    if (i === selfIndex) {
      values[i] = receiver!._h
      continue
    }
    const byName = options === null ? NOTHING : valueOf(options, parameter)
    let value: unknown = undefined
    if (!parameter.keywordOnly && next < ordered.length) {
      value = ordered[next++]
      if (byName !== NOTHING && byName !== undefined && value !== undefined && (value !== null || !lenient))
        return {
          reason: `${shownName(parameter)} is given both by position (${describe(value)}) and by name (${describe(byName)})`,
        }
      if (value === undefined && byName !== NOTHING) value = byName
    } else if (byName !== NOTHING) value = byName
    if (byName !== NOTHING && byName !== undefined) named++
    if (value === null && lenient && !parameter.optional) value = undefined
    if (value === undefined) {
      if (parameter.hasDefault || (parameter.optional && parameter.keywordOnly)) continue
      return strayName(signature, options) ?? { reason: `${shownName(parameter)} is missing` }
    }
    if (value === null) {
      if (!parameter.optional && !(parameter.list && parameter.hasDefault)) return { parameter, received: null }
      if (parameter.optional) values[i] = null
      continue
    }
    if (!parameter.kind.accepts(value)) return { parameter, received: value }
    values[i] = read(parameter, value)
  }
  if (next < ordered.length) return { reason: tooMany(signature, ordered, next) }
  const wanted = options === null ? 0 : Object.keys(options).filter((key) => options[key] !== undefined).length
  if (wanted > named) {
    const misfit = strayName(signature, options)
    if (misfit !== undefined) return misfit
  }
  return values
}

function tooMany({ parameters, selfIndex }: Pick<Signature, 'parameters' | 'selfIndex'>, given: readonly unknown[], taken: number): string {
  const names = parameters.filter((parameter, i) => i !== selfIndex && !parameter.keywordOnly).map(shownName)
  const most = names.length === 0 ? 'no arguments by position' : `at most ${names.length} by position (${names.join(', ')})`
  return `expected ${most} but received ${given.length}, of which the first too many is ${describe(given[taken])}`
}

/** Reads `x.view(2, 3)` as `x.view([2, 3])` if a list of whole numbers is the only positional parameter. */
function spread(
  { parameters, selfIndex }: Pick<Signature, 'parameters' | 'selfIndex'>,
  positional: readonly unknown[],
): readonly unknown[] {
  if (typeof positional[0] !== 'number' && typeof positional[0] !== 'bigint') return positional
  const open = parameters.filter((parameter, i) => i !== selfIndex && !parameter.keywordOnly)
  const only = open[0]
  if (open.length !== 1 || only === undefined || !only.spreads) return positional
  return positional.length > 1 || !only.kind.accepts(positional[0]) ? [positional] : positional
}

function valueOf(options: Options, parameter: Parameter): unknown {
  if (parameter.camelName in options) return options[parameter.camelName]
  return parameter.name === 'self' && 'input' in options ? options['input'] : NOTHING
}

/** @internal A parameter's name in messages. */
export function shownName(parameter: Parameter): string {
  return parameter.name === 'self' ? 'input' : parameter.camelName
}

/** The misfit of a named argument that the signature lacks; undefined if there is none. */
function strayName(
  { parameters, selfIndex, factory }: Pick<Signature, 'parameters' | 'selfIndex' | 'factory'>,
  options: Options | null,
): Misfit | undefined {
  const reason = strayOption(optionNames({ parameters, selfIndex, factory }), options)
  return reason === undefined ? undefined : { reason }
}

/** @internal What names an argument of a signature in a last object. */
export function optionNames({ parameters, selfIndex, factory }: Pick<Signature, 'parameters' | 'selfIndex' | 'factory'>): string[] {
  return [...parameters.filter((_, i) => i !== selfIndex).map(shownName), ...(factory ? ['requiresGrad'] : [])]
}

/** @internal Says which named argument is not among the known ones, and which may be meant; undefined if all are known. */
export function strayOption(known: readonly string[], options: Options | null): string | undefined {
  const stray = Object.keys(options ?? {}).find((key) => options![key] !== undefined && !known.includes(key) && key !== 'self')
  if (stray === undefined) return undefined
  return known.length === 0 ? `unknown option '${stray}': there are none` : `unknown option '${stray}'${suggestion(stray, known)}`
}

/** @internal A signature in messages: `add(input: Tensor, other: Tensor, { alpha?: number })`. */
export function showSignature(name: string, { parameters, selfIndex }: Pick<Signature, 'parameters' | 'selfIndex'>): string {
  const outer = parameters.filter((_, i) => i !== selfIndex)
  const shown = (parameter: Parameter) =>
    `${shownName(parameter)}${parameter.hasDefault ? '?' : ''}: ${parameter.kind.name}${parameter.optional && !parameter.kind.name.endsWith('?') ? ' | null' : ''}`
  const positional = outer.filter((parameter) => !parameter.keywordOnly).map(shown)
  const keywords = outer.filter((parameter) => parameter.keywordOnly).map(shown)
  return `${name}(${[...positional, ...(keywords.length > 0 ? [`{ ${keywords.join(', ')} }`] : [])].join(', ')})`
}
