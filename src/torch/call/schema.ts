import { native, TorchError } from '../../native'
import { kindOf } from './kinds'
import { parameterOf, type Parameter, type Signature } from './signature'

/** Kinds by the types' names in schemas; the shim checks all other types. */
const LETTERS: Readonly<Record<string, string>> = {
  Tensor: 'T',
  Scalar: 'S',
  number: 'S',
  int: 'i',
  SymInt: 'i',
  float: 'f',
  SymFloat: 'f',
  bool: 'b',
  SymBool: 'b',
  str: 's',
  ScalarType: 'd',
  Layout: 'l',
  Device: 'v',
  MemoryFormat: 'm',
  Generator: 'g',
}

/** Reads a schema such as `aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor`. */
export function parseSchema(text: string): Signature {
  const open = text.indexOf('(')
  const [name = '', overload = ''] = text.slice(0, open).split('.')
  const fields = splitTop(text.slice(open + 1, closing(text, open)))
  const parameters: Parameter[] = []
  let keywordOnly = false
  for (const field of fields) {
    if (field === '*') keywordOnly = true
    else parameters.push(parseParameter(field, keywordOnly))
  }
  return { native: name, overload, parameters, selfIndex: -1, inplace: false, factory: false, resultNames: [], call: undefined }
}

/** `Tensor(a!)? weight=None`, `SymInt[2] stride=[1, 1]`. */
function parseParameter(field: string, keywordOnly: boolean): Parameter {
  const equals = field.indexOf('=')
  const declaration = equals < 0 ? field : field.slice(0, equals)
  const space = declaration.lastIndexOf(' ')
  // Ignore alias annotations such as (a!).
  const type = declaration.slice(0, space).replace(/\([^()]*[!*|>-][^()]*\)|\([a-z]\)/g, '')
  const match = /^(\w+)(\?)?(\[\d*\])?(\?)?$/.exec(type)
  const letter = match === null ? undefined : LETTERS[match[1]!]
  const isList = letter !== undefined && match![3] !== undefined
  const code = letter === undefined ? '*' : `${letter}${isList ? `${match![2] ?? ''}${match![3]!}` : ''}`
  return parameterOf(
    declaration.slice(space + 1),
    { ...kindOf(code), name: type },
    {
      optional: type.endsWith('?') || letter === undefined,
      spreads: letter === 'i' && isList,
      list: isList,
      hasDefault: equals >= 0,
      default: undefined,
      defaultFloats: [],
      keywordOnly,
    },
  )
}

function closing(text: string, open: number): number {
  let depth = 0
  for (let i = open; i < text.length; i++) {
    if (text[i] === '(') depth++
    else if (text[i] === ')' && --depth === 0) return i
  }
  return text.length
}

/** Splits at commas outside brackets and strings. */
function splitTop(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let quoted = false
  let start = 0
  for (let i = 0; i <= text.length; i++) {
    const character = text[i]
    if (character === '"') quoted = !quoted
    else if (!quoted && (character === '(' || character === '[')) depth++
    else if (!quoted && (character === ')' || character === ']')) depth--
    if (i === text.length || (character === ',' && depth === 0 && !quoted)) {
      const part = text.slice(start, i).trim()
      if (part !== '') parts.push(part)
      start = i + 1
    }
  }
  return parts
}

let overloadsByName: Map<string, string[]> | undefined

/** @internal The names of an operator's overloads, '' for the one without a name. */
export function overloadsOf(qualified: string): readonly string[] {
  if (overloadsByName === undefined) {
    overloadsByName = new Map()
    for (const full of native.operatorNames()) {
      const dot = full.indexOf('.', full.indexOf('::'))
      const name = dot < 0 ? full : full.slice(0, dot)
      const overloads = overloadsByName.get(name) ?? []
      overloads.push(dot < 0 ? '' : full.slice(dot + 1))
      overloadsByName.set(name, overloads)
    }
  }
  return overloadsByName.get(qualified) ?? []
}

/** @internal An overload as its schema declares it. */
export function signatureOf(qualified: string, overload: string): Signature {
  const text = native.schema(qualified, overload)
  if (text !== null) return parseSchema(text)
  throw new TorchError(`libtorch ${native.buildInfo().version} has no operator ${qualified}`, { code: 'OPERATOR_NOT_FOUND' })
}
