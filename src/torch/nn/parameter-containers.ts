import { ArgumentError } from '../../native'
import { suggestion } from '../../common/suggestions'
import { misfit } from '../call/errors'
import { isIterable, itemsOf } from '../call/items'
import { isTensor } from '../tensor/base'
import type { Tensor } from '../tensor/tensor'
import { Module, internals } from './module'
import { Parameter } from './parameter'
import { givePositions } from './positions'

/** @internal A position among so many, negative from the end. */
export function positionOf(call: string, index: unknown, length: number, most = length - 1): number {
  const position = typeof index === 'number' && Number.isInteger(index) ? (index < 0 ? index + length : index) : NaN
  if (!(position >= 0 && position <= most)) throw misfit(call, 'index', `a whole number from ${-length} to ${most}`, index)
  return position
}

/** @internal The entries of a Map, of pairs, or of a plain object; null for anything else. */
export function entriesOf(value: unknown): readonly (readonly [string, unknown])[] | null {
  if (typeof value !== 'object' || value === null || isTensor(value)) return null
  if ('items' in value && typeof value.items === 'function') return [...(value as { items(): Iterable<[string, unknown]> }).items()]
  if (!(Symbol.iterator in value)) return isPlain(value) ? Object.entries(value) : null
  if (!isIterable(value)) return null
  const pairs = [...value]
  return pairs.every((pair) => Array.isArray(pair) && pair.length === 2) ? (pairs as [string, unknown][]) : null
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Named values: a plain object, a Map or pairs. */
export type Entries<Value> = Readonly<Record<string, Value>> | Iterable<readonly [name: string, value: Value]>

/** @internal */
export function missingKey(call: string, key: unknown, known: Iterable<string>): ArgumentError {
  const hint = typeof key === 'string' ? suggestion(key, [...known]) : ''
  return misfit(call, 'key', 'one of its keys', key, hint)
}

/** @internal */
export function isPlainObject(value: unknown): value is Readonly<Record<string, never>> {
  return typeof value === 'object' && value !== null && !(Symbol.iterator in value) && isPlain(value)
}

/** A tensor as a parameter; anything else as it is. */
const asParameter = (value: unknown): unknown => (isTensor(value) && !(value instanceof Parameter) ? new Parameter(value) : value)

const TYPES: Readonly<Record<string, string>> = {
  boolean: 'bool',
  string: 'str',
  bigint: 'int',
  function: 'function',
  undefined: 'NoneType',
}

/** An entry as Python prints it in a ParameterList or ParameterDict. */
function shownEntry(key: string, value: unknown, typeOf: (tensor: Tensor) => string): string {
  if (!isTensor(value)) return `  (${key}): Object of type: ${pythonType(value)}`
  const device = value.device === 'cpu' ? '' : ` (${value.device})`
  const kind = value instanceof Parameter ? 'Parameter' : 'Tensor'
  return `  (${key}): ${kind} containing: [${typeOf(value)} of size ${value.shape.join('x')}${device}]`
}

function pythonType(value: unknown): string {
  if (value === null) return 'NoneType'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  if (typeof value !== 'object') return TYPES[typeof value]!
  return Array.isArray(value)
    ? Object.isFrozen(value)
      ? 'tuple'
      : 'list'
    : isPlain(value) || value instanceof Map
      ? 'dict'
      : value.constructor.name
}

/** Python's names of the types of tensors, after `torch.`. */
const TENSOR_TYPES: Readonly<Record<string, string>> = {
  float32: 'Float',
  float64: 'Double',
  float16: 'Half',
  bfloat16: 'BFloat16',
  uint8: 'Byte',
  int8: 'Char',
  int16: 'Short',
  int32: 'Int',
  int64: 'Long',
  bool: 'Bool',
  complex64: 'ComplexFloat',
  complex128: 'ComplexDouble',
}

const isIndex = (name: string): boolean => /^(0|[1-9]\d*)$/.test(name)

/**
 * A list of parameters, found by their owner; tensors that are added become parameters, other values are kept as they are.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterList.html
 * @example
 * const list = new torch.nn.ParameterList([torch.ones([2]), torch.zeros([3])])
 * list.parameters().length // 2
 */
export class ParameterList<Value = Parameter> extends Module {
  /** As `at` and `set`: negative from the end, undefined where there is none. */
  [position: number]: Value

  static {
    givePositions(this.prototype, true)
  }

  constructor(values: Iterable<Value | Tensor> | null = null) {
    super()
    if (values !== null) this.extend(values)
  }

  at(index: number): Value {
    return this.fields[String(positionOf('at', index, this.length))] as Value
  }

  /** Puts a value in the place of the one at a position, negative from the end. */
  set(index: number, value: Value | Tensor): this {
    this.fields[String(positionOf('set', index, this.length))] = asParameter(value)
    return this
  }

  append(value: Value | Tensor): this {
    this.fields[String(this.length)] = asParameter(value)
    return this
  }

  extend(values: Iterable<Value | Tensor>): this {
    for (const value of itemsOf('extend', 'values', 'an array of parameters', values)) this.append(value as Value)
    return this
  }

  get length(): number {
    return [...this[internals].members.all().keys()].filter(isIndex).length
  }

  *[Symbol.iterator](): IterableIterator<Value> {
    for (let i = 0; i < this.length; i++) yield this.at(i)
  }

  override extraRepr(): string {
    return Array.from(this, (value, i) => shownEntry(String(i), value, ({ dtype }) => `torch.${dtype}`)).join('\n')
  }

  override forward(): never {
    throw new ArgumentError('a ParameterList computes nothing: use its parameters')
  }
}

/**
 * Parameters by name, found by their owner; tensors that are added become parameters, other values are kept as they are.
 *
 * As in Python, a plain object's keys are added in the order of the alphabet, those of a Map or of pairs in theirs. `for … of` gives the keys.
 *
 * @throws ArgumentError for a key that is not there, or that is a method's name.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html
 * @example
 * const dict = new torch.nn.ParameterDict({ right: torch.ones([2]), left: torch.zeros([3]) })
 * [...dict.keys()] // ['left', 'right']
 */
export class ParameterDict<Value = Parameter> extends Module {
  constructor(values: Entries<Value | Tensor> | ParameterDict<Value> | null = null) {
    super()
    if (values !== null) this.update(values)
  }

  get(key: string): Value {
    if (!this.has(key)) throw missingKey('get', key, this.keys())
    return this.fields[key] as Value
  }

  set(key: string, value: Value | Tensor): this {
    if (typeof key !== 'string' || (key in this && !Object.hasOwn(this, key)))
      throw misfit('set', 'key', 'a string that is no name of a method', key)
    const entry = asParameter(value)
    const isNew = !this.has(key)
    if (isNew && entry instanceof Parameter) this[internals].members.register('parameter', key, entry, true, key)
    else if (isNew && entry instanceof Module) this.registerModule(key, entry)
    else this.fields[key] = entry
    return this
  }

  has(key: string): boolean {
    return this[internals].members.all().has(key)
  }

  /** Takes a value out and gives it. */
  pop(key: string): Value {
    const value = this.get(key)
    this[internals].members.remove(key)
    return value
  }

  clear(): void {
    for (const key of [...this.keys()]) this.pop(key)
  }

  /** Adds values, each under its name. */
  update(values: Entries<Value | Tensor> | ParameterDict<Value>): this {
    const entries = entriesOf(values)
    if (entries === null) throw misfit('update', 'values', 'parameters by name: an object, a Map or pairs', values)
    const inOrder = isPlainObject(values) ? [...entries].sort(([one], [two]) => (one < two ? -1 : 1)) : entries
    for (const [key, value] of inOrder) this.set(key, value as Value)
    return this
  }

  *items(): IterableIterator<[key: string, value: Value]> {
    for (const key of [...this.keys()]) yield [key, this.get(key)]
  }

  *keys(): IterableIterator<string> {
    yield* this[internals].members.all().keys()
  }

  *values(): IterableIterator<Value> {
    for (const [, value] of this.items()) yield value
  }

  [Symbol.iterator](): IterableIterator<string> {
    return this.keys()
  }

  get length(): number {
    return this[internals].members.all().size
  }

  override extraRepr(): string {
    const typeOf = ({ dtype, device }: Tensor) => `torch.${device === 'cpu' ? '' : 'cuda.'}${TENSOR_TYPES[dtype] ?? dtype}Tensor`
    return Array.from(this.items(), ([key, value]) => shownEntry(key, value, typeOf)).join('\n')
  }

  override forward(): never {
    throw new ArgumentError('a ParameterDict computes nothing: use its parameters')
  }
}
