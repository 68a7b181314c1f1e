import { getHeapStatistics } from 'node:v8'
import { FileError } from '../../native'

/** A dict while it is read. Its final keys decide whether it becomes a plain object or a Map. */
export class PickledDict {
  readonly entries = new Map<unknown, unknown>()
  /** Attributes of the dict object, such as a state dict's `_metadata`. */
  attributes: PickledDict | null = null

  constructor(readonly kind: 'dict' | 'ordered' | 'namespace' = 'dict') {}

  /** Python's BUILD: sets the attributes of a dict, or the members of a namespace. */
  build(state: unknown): void {
    const given = state instanceof PickledTuple ? state.items[0] : state
    if (given === null) return
    if (!(given instanceof PickledDict)) throw new FileError('the pickle is damaged: an object is built from something that is no dict')
    if (this.kind === 'namespace') for (const [key, value] of given.entries) this.entries.set(key, value)
    else this.attributes = given
  }
}

/** A tuple while it is read; becomes a frozen array. */
export class PickledTuple {
  constructor(readonly items: readonly unknown[]) {}
}

/** A value that is complete only after BUILD, when containers already refer to it. */
export class Deferred {
  value: unknown

  constructor(
    readonly kind: string,
    private readonly make: (state: unknown) => unknown,
  ) {}

  build(state: unknown): void {
    this.value = this.make(state)
  }

  get(): unknown {
    if (this.value === undefined) throw new FileError(`the pickle is damaged: a ${this.kind} was never filled`)
    return this.value
  }
}

/** A function or class that a pickle may name and call with arguments. */
export class PickleFunction {
  constructor(
    readonly name: string,
    readonly call: (args: readonly unknown[], budget: Budget) => unknown,
  ) {}
}

/** An object of a class that this package does not know, kept as data when `unknownObjects: 'keep'` asks for it. */
export class UnknownObject {
  constructor(
    /** The class's Python name, such as `omegaconf.dictconfig.DictConfig`. */
    readonly className: string,
    readonly args: readonly unknown[],
    /** The argument that Python would pass to `__setstate__`, usually the attributes. */
    readonly state: unknown = undefined,
    readonly items: readonly unknown[] = [],
    readonly entries: ReadonlyMap<unknown, unknown> = new Map(),
  ) {}
}

/** An unknown object while it is read. */
export class PickledObject {
  state: unknown = undefined
  readonly items: unknown[] = []
  readonly entries = new Map<unknown, unknown>()

  constructor(
    readonly className: string,
    readonly args: readonly unknown[],
  ) {}

  build(state: unknown): void {
    this.state = state
  }
}

/** Approximate sizes of values in V8's heap, in bytes. */
export const costs = { value: 16, list: 48, tuple: 96, dict: 256, bytes: 192, memo: 48, object: 192, tensor: 512 } as const

/** Limits the memory of unpickled values in proportion to the pickle's length, because a few bytes can request large copies, and to V8's heap limit, beyond which V8 ends the process. */
export class Budget {
  private left: number

  constructor(length: number) {
    const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics()
    this.left = Math.min(32 * 1024 * 1024 + 64 * length, (limit - used) / 2)
  }

  charge(bytes: number): void {
    this.left -= bytes
    if (!(this.left >= 0)) throw new FileError('the pickle asks for far more memory than a file of its size may need, or than Node may use')
  }
}

/** Describes a value for messages without its elements, because lists that contain each other twice grow exponentially when printed. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

const MAX_DEPTH = 1000

export interface FinishOptions {
  /** Whether a float without a fraction, such as 1.0, becomes a number or `torch.float(1)`. */
  readonly wholeFloats: 'number' | 'float'
  /** Converts objects of special classes, such as a storage to a tensor. */
  readonly finishObject: (value: object) => unknown
}

/**
 * Converts the classes of the reader to JavaScript values; shared values and cycles are preserved.
 *
 * @throws FileError if values are nested more than a thousand levels deep.
 */
export function finish(root: unknown, options: FinishOptions): unknown {
  const known = new Map<object, unknown>()
  /** The levels of values below each, with itself: a value that was converted before may be deep, too. */
  const heights = new Map<object, number>()
  const visit = (value: unknown, depth: number): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const done = known.get(value)
    if (done !== undefined) return done
    let below = 0
    const next = (item: unknown) => {
      const result = visit(item, depth + 1)
      if (typeof item === 'object' && item !== null) below = Math.max(below, heights.get(item) ?? 0)
      return result
    }
    if (depth > MAX_DEPTH) throw tooDeep()
    const result = finishValue(value, known, next, options)
    if (below >= MAX_DEPTH) throw tooDeep()
    heights.set(value, below + 1)
    return result
  }
  return visit(root, 0)
}

function tooDeep(): FileError {
  return new FileError(`the values of the file are nested more than ${MAX_DEPTH} deep`)
}

function finishValue(value: object, known: Map<object, unknown>, next: (item: unknown) => unknown, options: FinishOptions): unknown {
  if (value instanceof PickledDict) return finishDict(value, known, next)
  if (value instanceof PickledTuple) return remember(known, value, Object.freeze(value.items.map(next)))
  if (Array.isArray(value)) {
    known.set(value, value)
    value.forEach((item, i) => ((value as unknown[])[i] = next(item)))
    return value
  }
  if (value instanceof Set) {
    const set = new Set<unknown>()
    known.set(value, set)
    for (const item of value) set.add(next(item))
    return set
  }
  if (value instanceof WholeFloat) return options.wholeFloats === 'float' ? { float: value.value } : value.value
  if (value instanceof Deferred) return remember(known, value, next(value.get()))
  if (value instanceof PickledObject) return finishUnknown(value, known, next)
  return options.finishObject(value)
}

/** A float without a fraction; an option of `finish` decides whether it stays distinct from an int. */
export class WholeFloat {
  constructor(readonly value: number) {}
}

function remember<T>(known: Map<object, unknown>, value: object, result: T): T {
  known.set(value, result)
  return result
}

function finishDict(dict: PickledDict, known: Map<object, unknown>, next: (item: unknown) => unknown): unknown {
  const keys = [...dict.entries.keys()]
  if (keys.some((key) => typeof key !== 'string')) {
    const map = new Map<unknown, unknown>()
    known.set(dict, map)
    for (const [key, value] of dict.entries) map.set(next(key), next(value))
    return map
  }
  const object: Record<string, unknown> = {}
  known.set(dict, object)
  for (const [key, value] of dict.entries) define(object, key as string, next(value), true)
  for (const [key, value] of dict.attributes?.entries ?? [])
    if (typeof key === 'string' && !(key in object)) define(object, key, next(value), false)
  return object
}

/** Defines a property; an assignment would not work for the key `__proto__`. */
function define(object: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(object, key, { value, enumerable, writable: true, configurable: true })
}

function finishUnknown(object: PickledObject, known: Map<object, unknown>, next: (item: unknown) => unknown): UnknownObject {
  const items: unknown[] = []
  const entries = new Map<unknown, unknown>()
  const result = remember(known, object, new UnknownObject(object.className, object.args.map(next), undefined, items, entries))
  for (const item of object.items) items.push(next(item))
  for (const [key, value] of object.entries) entries.set(next(key), next(value))
  ;(result as { state: unknown }).state = next(object.state)
  return result
}
