import { camelCase } from '../../common/text'
import { kindOf, splitTop, type Kind } from './kinds'
import type { Call } from './lookup'

/** One parameter of a signature. */
export interface Parameter {
  /** Python's name. */
  readonly name: string
  readonly camelName: string
  readonly kind: Kind
  /** Whether null is accepted, as Python's None. */
  readonly optional: boolean
  /** Whether a list of whole numbers may be given as several arguments: `x.view(2, 3)`. */
  readonly spreads: boolean
  /** Whether it is a list that defaults to an empty one, for which Python also accepts None. */
  readonly list: boolean
  readonly hasDefault: boolean
  /** The default that a hand-written body receives; operators use the defaults of their schemas. */
  readonly default: unknown
  /** The numbers in that default that are floats in Python, so that Python prints `1.0`. */
  readonly defaultFloats: readonly number[]
  readonly keywordOnly: boolean
}

/** The signature of one overload. */
export interface Signature {
  readonly native: string
  readonly overload: string
  readonly parameters: readonly Parameter[]
  /** Index of the parameter that a method's receiver fills; −1 for a function. */
  readonly selfIndex: number
  readonly inplace: boolean
  /** Whether `requiresGrad` is accepted besides the schema's parameters. */
  readonly factory: boolean
  /** The names of several results, in camelCase; empty if the schema has none. */
  readonly resultNames: readonly string[]
  call: Call | undefined
}

/** Reads an operator's spec: `add|Tensor|flags|self:T,other:T,*,alpha:S=`; in the flags, names of results stand behind a colon: `:values,indices`. */
export function parseSignature(spec: string, method: boolean): Signature {
  const [name = '', overload = '', marks = ''] = spec.split('|', 3)
  const fields = spec.slice(name.length + overload.length + marks.length + 3)
  const [flags = '', results] = marks.split(':')
  const parameters = parseParameters(fields === '' ? [] : splitTop(fields, ','))
  const self = parameters.findIndex((parameter) => parameter.name === 'self')
  return {
    native: `aten::${name}`,
    overload,
    parameters,
    selfIndex: method ? Math.max(self, 0) : -1,
    inplace: flags.includes('@'),
    factory: flags.includes('+'),
    resultNames: results?.split(',') ?? [],
    call: undefined,
  }
}

/** Reads `input:T`, `weight:T?=null`, `*` (what follows comes by name only), `*tensors:T` is not among them. */
export function parseParameters(fields: readonly string[]): Parameter[] {
  const star = fields.indexOf('*')
  return fields.filter((field) => field !== '*').map((field, i) => parseParameter(field, star >= 0 && i >= star))
}

function parseParameter(field: string, keywordOnly: boolean): Parameter {
  const match = /^(\w+):((?:\[[^\]]*\]|[^=[])+?)(\?)?(?:=(.*))?$/s.exec(field)
  if (match === null) throw new Error(`the generated parameter '${field}' cannot be read`)
  const [, name = '', code = '', question, value] = match
  return parameterOf(name, kindOf(code), {
    optional: question !== undefined,
    spreads: code.startsWith('i['),
    list: code.endsWith(']'),
    default: value === undefined || value === '' ? undefined : JSON.parse(value),
    hasDefault: value !== undefined,
    defaultFloats:
      value
        ?.match(/-?\d+(\.\d+)?(e[-+]?\d+)?/g)
        ?.filter((text) => /[.e]/.test(text))
        .map(Number) ?? [],
    keywordOnly,
  })
}

/** @internal */
export function parameterOf(name: string, kind: Kind, rest: Omit<Parameter, 'name' | 'camelName' | 'kind'>): Parameter {
  return { name, camelName: camelCase(name), kind, ...rest }
}
