import { types } from 'node:util'
import { ArgumentError } from '../../../native'
import { isTensor, keep } from '../../tensor/base'
import type { Tensor } from '../../tensor/tensor'
import { Parameter } from '../parameter'
import { closureOf, isBuiltIn, privateNameOf, type Callable, type Closure } from './closures'
import { internals, isModule, type WithMembers } from './members'

/** Copied objects with their copies, as in Python's `copy.deepcopy`, so that shared objects stay shared. */
export type Memo = Map<unknown, unknown>

interface CopyableModule extends WithMembers {
  deepcopy(memo: Memo): unknown
}

/** How to copy modules. */
export interface ModuleKind {
  /** The class that all modules extend. */
  readonly base: { readonly prototype: CopyableModule }
  /** A module of the same class without fields. */
  shell(module: CopyableModule): CopyableModule
}

/** The position of a value, for errors. */
interface Place {
  readonly owner: string
  readonly path: string
}

interface Check {
  readonly place: Place
  readonly captured: readonly unknown[]
}

/** Functions found during a copy, by memo; at the end their closures are compared with the copied objects. */
const checksOf = new WeakMap<Memo, Check[]>()

/** Maximum number of objects searched in a function's closure. */
const MOST_SEARCHED = 10_000
/** Maximum number of inspected functions; each takes about 0.3 ms. */
const MOST_INSPECTED = 200

/**
 * @internal A deep copy of a module and everything that its fields hold, each object once, without recursion.
 *
 * @throws ArgumentError for a function or object that cannot be copied and would keep using the original.
 */
export function deepCopy<M extends CopyableModule>(root: M, memo: Memo, kind: ModuleKind): M {
  const isOutermost = !checksOf.has(memo)
  if (isOutermost) checksOf.set(memo, [])
  try {
    const copier = new Copier(memo, kind)
    const copy = copier.module(root) as M
    copier.finish()
    if (isOutermost) for (const check of checksOf.get(memo)!) refuseUseOfOriginal(check, memo)
    return copy
  } finally {
    if (isOutermost) checksOf.delete(memo)
  }
}

class Copier {
  /** Functions that fill copies that are still empty. */
  private readonly unfinished: (() => void)[] = []
  /** Weak tables that the original uses. They are shared, and get an entry for each copy of one of their keys. */
  private readonly weakTables = new Map<WeakMap<object, unknown> | WeakSet<object>, Place>()

  constructor(
    private readonly memo: Memo,
    private readonly kind: ModuleKind,
  ) {}

  finish(): void {
    do for (let fill = this.unfinished.pop(); fill !== undefined; fill = this.unfinished.pop()) fill()
    while (this.extendWeakTables())
  }

  /** Whether an entry was added, whose value may hold more to copy. */
  private extendWeakTables(): boolean {
    let hasAdded = false
    for (const [table, place] of this.weakTables) {
      for (const [key, copy] of this.memo as Map<object, object>) {
        if (key === copy || !table.has(key) || table.has(copy)) continue
        if (types.isWeakMap(table)) table.set(copy, this.value(table.get(key), { ...place, path: `${place.path}'s entry` }))
        else table.add(copy)
        hasAdded = true
      }
    }
    return hasAdded
  }

  /** A copy without fields, which `finish` fills. */
  module(module: CopyableModule): CopyableModule {
    const owner = module.constructor.name || 'the module'
    const name = privateNameOf(module, this.kind.base.prototype)
    if (name !== null) throw new ArgumentError(`${owner} cannot be copied, for ${onlyConstructed(name)}`)
    const copy = this.kind.shell(module)
    this.memo.set(module, copy)
    this.unfinished.push(() => this.fillModule(module, copy, owner))
    return copy
  }

  private fillModule(module: CopyableModule, copy: CopyableModule, owner: string): void {
    const { members } = module[internals]
    const places = members.all()
    const done = new Set<PropertyKey>([internals])
    for (const [name, member] of places) {
      done.add(name)
      if (member === null) {
        this.property(module, copy, name, { owner, path: name })
        copy[internals].members.reserve(name)
      } else {
        done.add(member.slot)
        copy[internals].members.copy(member, this.value(members.valueOf(member), { owner, path: name }))
      }
    }
    for (const key of Reflect.ownKeys(module)) if (!done.has(key)) this.property(module, copy, key, { owner, path: String(key) })
  }

  private property(from: object, to: object, key: PropertyKey, place: Place): void {
    const descriptor = Object.getOwnPropertyDescriptor(from, key)!
    if ('value' in descriptor) descriptor.value = this.value(descriptor.value, place)
    if (descriptor.get !== undefined) descriptor.get = this.value(descriptor.get, place) as () => unknown
    if (descriptor.set !== undefined) descriptor.set = this.value(descriptor.set, place) as (value: unknown) => void
    Object.defineProperty(to, key, descriptor)
  }

  private value(value: unknown, place: Place): unknown {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value
    if (this.memo.has(value)) return this.memo.get(value)
    if (isModule(value) && this.isPlain(value as CopyableModule)) return this.module(value as CopyableModule)
    const copy =
      typeof value === 'function'
        ? this.callable(value as Callable, place)
        : hasDeepcopy(value)
          ? value.deepcopy(this.memo)
          : this.object(value, place)
    this.memo.set(value, copy)
    return copy
  }

  private isPlain(module: CopyableModule): boolean {
    return module.deepcopy === this.kind.base.prototype.deepcopy
  }

  private object(value: object, place: Place): object {
    if (isTensor(value)) return copyOfTensor(value)
    if (types.isDate(value)) return new Date(value.getTime())
    if (types.isTypedArray(value)) return elementsOf(value)
    if (types.isArrayBuffer(value)) return value.slice(0)
    if (Array.isArray(value)) return this.shellOf(value, [], place)
    if (types.isMap(value)) {
      const copy = this.shellOf(value, new Map<unknown, unknown>(), place)
      const entry = { ...place, path: `${place.path}'s entry` }
      this.unfinished.push(() =>
        value.forEach((item, key) => Map.prototype.set.call(copy, this.value(key, entry), this.value(item, entry))),
      )
      return copy
    }
    if (types.isSet(value)) {
      const copy = this.shellOf(value, new Set<unknown>(), place)
      this.unfinished.push(() =>
        value.forEach((item) => Set.prototype.add.call(copy, this.value(item, { ...place, path: `${place.path}'s item` }))),
      )
      return copy
    }
    if (types.isWeakMap(value) || types.isWeakSet(value)) this.weakTables.set(value, place)
    if (isWeakRef(value)) {
      const held = value.deref()
      return held === undefined ? value : new WeakRef(this.value(held, place) as object)
    }
    if (isBuiltIn(value) || ownsHandle(value)) return value
    const name = privateNameOf(value, Object.prototype)
    if (name !== null)
      throw new ArgumentError(
        `${place.owner} cannot be copied, for its ${place.path} is a ${value.constructor.name}, and ${onlyConstructed(name)}`,
      )
    return this.shellOf(value, {}, place)
  }

  /** Gives the empty copy the original's class; its properties are copied later, without recursion. */
  private shellOf<Shell extends object>(from: object, shell: Shell, place: Place): Shell {
    const prototype = Object.getPrototypeOf(from) as object | null
    if (Object.getPrototypeOf(shell) !== prototype) Object.setPrototypeOf(shell, prototype)
    this.unfinished.push(() => {
      const isList = Array.isArray(from)
      for (const key of Reflect.ownKeys(from)) {
        const path = isList ? `${place.path}[${String(key)}]` : `${place.path}.${String(key)}`
        this.property(from, shell, key, { ...place, path })
      }
      if (Object.isFrozen(from)) Object.freeze(shell)
      else if (Object.isSealed(from)) Object.seal(shell)
      else if (!Object.isExtensible(from)) Object.preventExtensions(shell)
    })
    return shell
  }

  /** Rebinds a bound function to the copy; shares any other function, if it does not use the original. */
  private callable(callable: Callable, place: Place): Callable {
    const closure = closureOf(callable)
    if (closure === null) return shareUnknown(callable, place)
    if (closure.bound !== null) return this.rebound(callable, closure.bound, place)
    if (closure.capturesThis) throw usesOriginal(place, "an arrow function that uses the original's this")
    const captured = [...closure.captured, ...propertiesOf(callable)]
    if (captured.length > 0) checksOf.get(this.memo)!.push({ place, captured })
    return callable
  }

  private rebound(callable: Callable, { target, self, args }: NonNullable<Closure['bound']>, place: Place): Callable {
    const copyOf = (value: unknown) => (typeof value === 'object' && value !== null && isBuiltIn(value) ? value : this.value(value, place))
    const held = [target, self, ...args]
    const copies = held.map(copyOf)
    if (copies.every((copy, i) => copy === held[i])) return callable
    const [function_, ...bound] = copies
    return Reflect.apply(Function.prototype.bind, function_ as Callable, bound) as Callable
  }
}

function isWeakRef(value: object): value is WeakRef<object> {
  return Object.prototype.toString.call(value) === '[object WeakRef]'
}

/** The values of all own properties, except of accessors. */
function propertiesOf(value: object): unknown[] {
  return Object.values(Object.getOwnPropertyDescriptors(value)).map((descriptor): unknown => descriptor.value)
}

function hasDeepcopy(value: object): value is { deepcopy(memo: Memo): unknown } {
  return 'deepcopy' in value && typeof value.deepcopy === 'function'
}

function copyOfTensor(value: Tensor): Tensor {
  const data = value.detach().clone()
  if (value instanceof Parameter) return keep(new Parameter(data, value.requiresGrad))
  return keep(data.requiresGrad_(value.requiresGrad && value.isLeaf))
}

/** Copies a typed array; `slice` of a Buffer would share its memory. */
function elementsOf(value: NodeJS.TypedArray): object {
  const { slice } = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array
  return slice.call(value as Uint8Array)
}

/** Whether an object owns a native handle that cannot be copied, such as a generator or taps. */
function ownsHandle(value: object): boolean {
  return Object.values(value).some(types.isExternal)
}

function onlyConstructed(name: string): string {
  const plain = name.replace(/^#/, '')
  return name.startsWith('#')
    ? `only its constructor can make ${name}: write private ${plain}, or give the class a method deepcopy(memo)`
    : `only its constructor can make its #private fields: write them as private ones, or give the class a method deepcopy(memo)`
}

function usesOriginal({ owner, path }: Place, what: string): ArgumentError {
  const name = /^[\w$]+$/.test(path) ? path : 'method'
  return new ArgumentError(
    `${owner} cannot be copied, for its ${path} is a field with ${what}: write it as a method, ${name}(x) { … }; where a function is needed, bind one: this.${name}.bind(this)`,
  )
}

function shareUnknown(callable: Callable, place: Place): Callable {
  if (callable.name.startsWith('bound ')) throw usesOriginal(place, 'a bound function, which this Node cannot inspect')
  process.emitWarning(
    `${place.owner} was copied, and the copy shares the function at ${place.path}, which this Node cannot inspect: a module that it uses is the original's`,
    { code: 'PIXELCL_SHARED_FUNCTION' },
  )
  return callable
}

/** Rejects a function that refers to a module or tensor of the original through its outer variables. */
function refuseUseOfOriginal({ place, captured }: Check, memo: Memo): void {
  const seen = new Set<unknown>()
  const queue = [...captured]
  let inspected = 0
  while (queue.length > 0 && seen.size < MOST_SEARCHED) {
    const value = queue.pop()
    if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) continue
    seen.add(value)
    if ((isModule(value) || isTensor(value)) && memo.has(value) && memo.get(value) !== value)
      throw usesOriginal(place, `a function that uses a ${value.constructor.name} of the original`)
    if (typeof value === 'function') {
      if (inspected++ < MOST_INSPECTED) queue.push(...heldBy(value as Callable))
    } else queue.push(...contentsOf(value))
  }
}

function heldBy(callable: Callable): readonly unknown[] {
  const closure = closureOf(callable)
  return closure === null ? [] : [...closure.captured, ...(closure.bound === null ? [] : [closure.bound.self, ...closure.bound.args])]
}

/** The values in an object, without functions, because the functions of a library refer to everything. */
function contentsOf(value: object): unknown[] {
  if (isTensor(value)) return []
  const entries = types.isMap(value) ? [...value].flat() : types.isSet(value) ? [...value] : []
  const members = isModule(value) ? [...value[internals].members.all().keys()].map((name): unknown => Reflect.get(value, name)) : []
  return [...propertiesOf(value), ...entries, ...members].filter((held) => typeof held === 'object' && held !== null)
}
