import { types } from 'node:util'
import { isTensor } from '../tensor/base'
import { isIterable } from './items'
import { NumberSymbol, TensorSymbol } from './recording'
import { isDetached } from '../../common/describe'
import { dtypeOf, isComplexDtype, isDevice, isFloatingDtype } from '../tensor/dtype'

/** A kind of argument: the values that it accepts, and its names in errors and signatures. */
export interface Kind {
  /** The text after 'expected' in errors. */
  readonly text: string
  /** The name in printed signatures. */
  readonly name: string
  /** Whether it is a dtype, for which an explicit undefined is a mistake. */
  readonly isDtype?: true
  accepts(value: unknown): boolean
  /** Converts an accepted value for a hand-written body. */
  read(value: unknown): unknown
  /** Whether what was read is complete; for iterables, whose items are known only once they are read. */
  holds?(read: unknown): boolean
}

/** libtorch's ints have 64 bits. */
const isInt64 = (value: number | bigint): boolean => value >= -(2 ** 63) && value < 2 ** 63
const isInt = (value: unknown): boolean =>
  (typeof value === 'number' && Number.isInteger(value) && isInt64(value)) ||
  (typeof value === 'bigint' && isInt64(value)) ||
  value instanceof NumberSymbol ||
  isIntTensor(value)
const hasNumber = (value: object, name: string): boolean => typeof Reflect.get(value, name) === 'number'
/** Whether a value is an object that stands for a number, by its content: a module has a method `float`. */
const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !isTensor(value) && !(value instanceof TensorSymbol)
const isComplex = (value: unknown): boolean => isRecord(value) && hasNumber(value, 'real') && hasNumber(value, 'imag')
const isFloat = (value: unknown): boolean => isRecord(value) && hasNumber(value, 'float')
const isNumberTensor = (value: unknown): boolean => isTensor(value) && value.dim() === 0 && !value.requiresGrad
const isRealTensor = (value: unknown): boolean => isTensor(value) && isNumberTensor(value) && !isComplexDtype(value.dtype)
const isString = (value: unknown): boolean => typeof value === 'string'
const same = (value: unknown): unknown => value

/** Whether a value is a zero-dimensional integer tensor, which is accepted as a number, as in Python. */
function isIntTensor(value: unknown): boolean {
  if (!isTensor(value) || value.dim() !== 0) return false
  const { dtype } = value
  return dtype !== 'bool' && !isFloatingDtype(dtype) && !isComplexDtype(dtype)
}

/** The number in all forms that stand for one, so that a body can calculate with it. */
function numberOf(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (isTensor(value)) return Number(value.item())
  return typeof value === 'object' && value !== null && 'float' in value ? value.float : value
}

/** The kinds by the letter that specs use. */
const KINDS: Readonly<Record<string, Kind>> = {
  T: { text: 'a Tensor', name: 'Tensor', accepts: (value) => isTensor(value) || value instanceof TensorSymbol, read: same },
  S: {
    text: 'a number',
    name: 'number',
    accepts: (value) =>
      typeof value === 'number' ||
      value instanceof NumberSymbol ||
      typeof value === 'bigint' ||
      typeof value === 'boolean' ||
      isNumberTensor(value) ||
      isFloat(value) ||
      isComplex(value),
    read: same,
  },
  i: { text: 'a whole number', name: 'int', accepts: isInt, read: numberOf },
  f: {
    text: 'a number',
    name: 'float',
    accepts: (value) => typeof value === 'number' || typeof value === 'bigint' || isRealTensor(value) || isFloat(value),
    read: numberOf,
  },
  b: { text: 'true or false', name: 'boolean', accepts: (value) => typeof value === 'boolean', read: same },
  s: { text: 'a string', name: 'string', accepts: isString, read: same },
  d: {
    text: "a dtype, such as 'float32'",
    name: 'dtype',
    isDtype: true,
    accepts: (value) => isString(dtypeOf(value)),
    read: dtypeOf,
  },
  l: { text: 'a layout', name: 'layout', accepts: isString, read: same },
  v: { text: "a device, such as 'cpu'", name: 'device', accepts: isDevice, read: same },
  m: { text: 'a memory format', name: 'memory format', accepts: isString, read: same },
  g: {
    text: 'a Generator',
    name: 'Generator',
    accepts: (value) => typeof value === 'object' && value !== null && '_g' in value && types.isExternal(value._g),
    read: same,
  },
  y: {
    text: "a file's path or its bytes",
    name: 'string | Uint8Array',
    accepts: (value) => isString(value) || types.isUint8Array(value),
    read: same,
  },
  c: { text: 'a function', name: 'function', accepts: (value) => typeof value === 'function', read: same },
  p: {
    text: 'a Tensor or a list of them, as module.parameters() gives',
    name: 'Tensor[]',
    accepts: (value) => isTensor(value) || isIterable(value),
    read: (value) => (isTensor(value) ? [value] : [...(value as Iterable<unknown>)]),
    holds: (read) => (read as unknown[]).every(isTensor),
  },
  o: {
    text: 'an object',
    name: 'object',
    accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    read: same,
  },
  '*': { text: 'a value', name: 'any', accepts: () => true, read: same },
}

const known = new Map<string, Kind>()

/**
 * @internal Reads a kind's code: a letter; bounds, `f<0..1>`, `i<1..>`, or `f<0..!1>` without the 1; a list, `i[]`, `i[=2]` for one of two, `i[2]` where one
 * value may stand for all, or `i[*2]` where it is repeated as often (`i[*]`: once); `T?[]` with nulls inside; words, `(none|mean|sum)`; alternatives, `T|f`.
 */
export function kindOf(code: string): Kind {
  let kind = known.get(code)
  if (kind === undefined) known.set(code, (kind = parse(code)))
  return kind
}

function parse(code: string): Kind {
  const alternatives = splitTop(code, '|')
  if (alternatives.length > 1) return either(alternatives.map(parse))
  if (code.startsWith('(')) return word(code.slice(1, -1).split('|'))
  const match = /^(\S)(?:<(-?[\d.]*?)\.\.(!?-?[\d.]*)>)?(\?)?(?:\[([=*]?\d*)\])?$/.exec(code)
  const letter = match === null ? undefined : KINDS[match[1]!]
  if (match === null || letter === undefined) throw new Error(`the kind '${code}' cannot be read`)
  const [, , least, greatest, nulls, size] = match
  const element = least === undefined ? letter : within(letter, least, greatest!)
  return size === undefined ? element : list(element, size, nulls !== undefined)
}

/** Adds bounds, either of which may be missing; `!` excludes the upper one. */
function within(kind: Kind, least: string, greatest: string): Kind {
  const low = least === '' ? -Infinity : Number(least)
  const excludes = greatest.startsWith('!')
  const top = greatest.replace('!', '')
  const high = top === '' ? Infinity : Number(top)
  const end = top === '' ? '' : ` ${least === '' ? 'up ' : ''}to ${excludes ? 'below ' : ''}${top}`
  return {
    ...kind,
    text: `${kind.text}${least === '' ? '' : ` from ${least}`}${end}`,
    accepts: (value) => {
      if (!kind.accepts(value)) return false
      const number = Number(kind.read(value))
      return number >= low && (excludes ? number < high : number <= high)
    },
  }
}

/** @internal More than any list of sizes, indices or tensors has, and few enough to go through: a sparse array may have 2^32 holes. */
export const LONGEST_LIST = 2 ** 24

function list(element: Kind, size: string, nulls: boolean): Kind {
  const repeats = size.startsWith('*')
  const exact = size.length > 1 && (repeats || size.startsWith('=')) ? Number(size.slice(1)) : null
  const single = repeats || (exact === null && size !== '' && size !== '0')
  const items = plural(element.text)
  const array = exact === null ? `an array of ${items}` : `an array of ${exact} ${items}`
  const text = single ? `${element.text} or ${array}` : array
  const accepts = (item: unknown): boolean => (item === null || item === undefined ? nulls : element.accepts(item))
  /** Unlike `every`, this does not skip the holes of an array. */
  const fits = (items: ArrayLike<unknown>): boolean => {
    if (items.length > LONGEST_LIST || (exact !== null && items.length !== exact)) return false
    for (let i = 0; i < items.length; i++) if (!accepts(items[i])) return false
    return true
  }
  return {
    text: nulls ? `${text}, null among them` : text,
    name: `${element.name}[]`,
    accepts: (value) => {
      if (types.isTypedArray(value) && isDetached(value)) return false
      if (Array.isArray(value) || types.isTypedArray(value)) return fits(value as ArrayLike<unknown>)
      return single && accepts(value)
    },
    read: (value) => {
      if (Array.isArray(value) || types.isTypedArray(value))
        return Array.from(value as ArrayLike<unknown>, (item) => (item == null ? null : element.read(item)))
      return repeats ? Array.from({ length: exact ?? 1 }, () => element.read(value)) : element.read(value)
    },
  }
}

function plural(text: string): string {
  return text === 'true or false' ? 'booleans' : text.replace(/^an? (\w+ number|[\w.]+)/, '$1s')
}

function word(words: readonly string[]): Kind {
  const quoted = words.map((text) => `'${text}'`)
  return {
    text: quoted.length > 1 ? `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)!}` : quoted[0]!,
    name: quoted.join(' | '),
    accepts: (value) => words.includes(value as string),
    read: same,
  }
}

function either(kinds: readonly Kind[]): Kind {
  return {
    text: kinds.map(({ text }) => text).join(' or '),
    name: kinds.map(({ name }) => name).join(' | '),
    accepts: (value) => kinds.some((kind) => kind.accepts(value)),
    read: (value) => kinds.find((kind) => kind.accepts(value))!.read(value),
  }
}

/** Splits at separators outside brackets. */
export function splitTop(text: string, separator: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i <= text.length; i++) {
    const character = text[i]
    if (character === '(' || character === '[' || character === '<') depth++
    else if (character === ')' || character === ']' || character === '>') depth--
    if (i === text.length || (character === separator && depth === 0)) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  return parts
}
