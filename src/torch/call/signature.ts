import type { Call } from './lookup'

/** One parameter of an overload: `kind` is a code such as `T`, `S?`, `i[2]`. */
export interface Parameter {
  readonly name: string
  readonly camelName: string
  /** The kind's first letter: T tensor, S scalar, i int, f float, b bool, s string, d dtype, l layout, v device, m memory format, g generator. */
  readonly element: string
  readonly optional: boolean
  /** −1: no list; 0: a list; n: a list of n that one value may stand for. */
  readonly list: number
  /** Elements of the list may be null. */
  readonly optionalElements: boolean
  readonly hasDefault: boolean
  readonly keywordOnly: boolean
  /** The kind as people read it. */
  readonly text: string
}

/** One overload as the caller sees it, read from the generated spec on first use. */
export interface Signature {
  readonly native: string
  readonly overload: string
  readonly parameters: readonly Parameter[]
  /** Where a method's receiver stands among the parameters; −1 for a function. */
  readonly selfIndex: number
  readonly inplace: boolean
  /** A factory takes `requiresGrad` beside its schema's parameters. */
  readonly factory: boolean
  call: Call | undefined
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  T: 'Tensor',
  S: 'number',
  i: 'int',
  f: 'float',
  b: 'boolean',
  s: 'string',
  d: 'dtype',
  l: 'layout',
  v: 'device',
  m: 'memory format',
  g: 'Generator',
}

export function camelCase(name: string): string {
  return name.replace(/(?<=[a-zA-Z0-9])_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** Reads `aten::add|Tensor|flags|self:T,other:T,*,alpha:S=`. */
export function parseSignature(spec: string, method: boolean): Signature {
  const [name = '', overload = '', flags = '', fields = ''] = spec.split('|')
  const parameters: Parameter[] = []
  let keywordOnly = false
  for (const field of fields === '' ? [] : fields.split(',')) {
    if (field === '*') keywordOnly = true
    else parameters.push(parseParameter(field, keywordOnly))
  }
  const self = parameters.findIndex((parameter) => parameter.name === 'self')
  return {
    native: `aten::${name}`,
    overload,
    parameters,
    selfIndex: method ? Math.max(self, 0) : -1,
    inplace: flags.includes('@'),
    factory: flags.includes('+'),
    call: undefined,
  }
}

function parseParameter(field: string, keywordOnly: boolean): Parameter {
  const match = /^(\w+):(\w)(\?)?(?:\[(\d*)\](\?)?)?(=)?$/.exec(field)
  if (match === null) throw new Error(`the generated parameter '${field}' cannot be read`)
  const [, name = '', element = '', question, size, listQuestion, hasDefault] = match
  const isList = size !== undefined
  const list = isList ? Number(size) : -1
  const kind = KIND_NAMES[element] ?? element
  return {
    name,
    camelName: camelCase(name),
    element,
    optional: (isList ? listQuestion : question) !== undefined,
    list,
    optionalElements: isList && question !== undefined,
    hasDefault: hasDefault !== undefined,
    keywordOnly,
    text: isList ? `${kind}[]` : kind,
  }
}
