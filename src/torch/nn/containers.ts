import { ArgumentError } from '../../native'
import { misfit } from '../call/errors'
import { itemsOf } from '../call/items'
import type { Tensor } from '../tensor/tensor'
import { Module, indented, internals, printed, type AnyModule, type ChildModule } from './module'
import { LibraryModule } from './library'
import { givePositions } from './positions'
import { ParameterDict, ParameterList, entriesOf, isPlainObject, missingKey, positionOf, type Entries } from './parameter-containers'
import { pipeline } from './pipeline'
import { forwardSource } from './torch-script'

/** Refuses what is no module, and says how to make one of what came. */
function expectModule(container: string, name: unknown, value: unknown): asserts value is AnyModule {
  if (typeof name !== 'string') throw misfit(container, 'name', 'a string', name)
  if (value instanceof Module) return
  const isClass = typeof value === 'function' && value.prototype instanceof Module
  const hint = isClass
    ? `: write new ${value.name}(…)`
    : typeof value === 'function'
      ? `: a function stands in a class that extends Module, in its forward${moduleLike(value.name)}`
      : ''
  throw misfit(container, name, 'a Module', value, hint)
}

/** A hint at layers that correspond to a function. */
function moduleLike(name: string): string {
  const layer = { relu: 'new torch.nn.ReLU()', dropout: 'new torch.nn.Dropout()', flatten: 'new torch.nn.Flatten()' }[name]
  return layer === undefined ? '' : `; for this one there is ${layer}`
}

const MODULES = 'an array of modules'

type Named = readonly (readonly [name: string, module: unknown])[]

/** Children by key of a plain object or a Map; null for anything else. */
function namedModulesOf(value: unknown): Named | null {
  if (value instanceof Map) return [...(value as Map<string, unknown>)]
  const prototype: unknown = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined
  if (Array.isArray(value)) return Object.entries(value)
  return prototype === Object.prototype || prototype === null ? checkOrder(Object.entries(value as object)) : null
}

/** Rejects integer keys of a plain object, because JavaScript orders them before all others and the written order is lost. */
function checkOrder(named: Named): Named {
  const isNumber = ([name]: Named[number]) => /^(0|[1-9]\d*)$/.test(name)
  const moved = named.find((entry, i) => isNumber(entry) && entry[0] !== String(i))
  if (moved !== undefined || (named.some(isNumber) && !named.every(isNumber))) {
    throw new ArgumentError(
      `JavaScript puts names like '${(moved ?? named.find(isNumber)!)[0]}' first in a plain object, in order of size: give a Map, which keeps the order, new Map([['name', module], …])`,
    )
  }
  return named
}

/** The name of the child at a position. */
function nameAt(container: AnyModule, index: number, length: number): string {
  return [...container.ownChildren()][positionOf('set', index, length)]![0]
}

/** Gives a container these modules in place of its own, named by their positions as Python renumbers them. */
function renumber(container: AnyModule, modules: readonly AnyModule[]): void {
  const { members } = container[internals]
  for (const [{ name }] of [...members.of('module')]) members.remove(name)
  modules.forEach((module, i) => container.registerModule(String(i), module))
}

/**
 * Calls modules one after another; children are named `0`, `1`, …, or by the keys of an object or a Map.
 *
 * @throws ArgumentError for what is no module, such as a function.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html
 * @example
 * new torch.nn.Sequential(new torch.nn.Linear(2, 3), new torch.nn.ReLU()).call(torch.ones([1, 2])).shape // [1, 3]
 */
export class Sequential extends LibraryModule {
  /** As `at` and `set`: negative from the end, undefined where there is none. */
  [position: number]: Module

  static {
    givePositions(this.prototype)
  }

  constructor(modules: Readonly<Record<string, AnyModule>> | ReadonlyMap<string, AnyModule>)
  constructor(...modules: AnyModule[])
  constructor(...modules: unknown[]) {
    super()
    const named = modules.length === 1 ? namedModulesOf(modules[0]) : null
    for (const [name, module] of named ?? modules.map((module, i) => [String(i), module] as const)) this.add(name, module)
  }

  private add(name: string, module: unknown): void {
    expectModule(this.constructor.name, name, module)
    this.registerModule(name, module)
  }

  /** Adds a module at the end, named by its position. */
  append(module: AnyModule): this {
    this.add(String(this.length), module)
    return this
  }

  /** Adds the modules of another container, or of an array, at the end. */
  extend(modules: Iterable<AnyModule>): this {
    for (const module of itemsOf('extend', 'modules', MODULES, modules)) this.append(module as AnyModule)
    return this
  }

  /** Adds a module before a position, negative from the end; all are named by their positions from then on. */
  insert(index: number, module: AnyModule): this {
    const position = positionOf('insert', index, this.length, this.length)
    expectModule(this.constructor.name, String(position), module)
    renumber(this, [...this].toSpliced(position, 0, module as never))
    return this
  }

  /** Takes the module at a position out and gives it; the others are named by their positions from then on. */
  pop(index = -1): Module {
    const position = positionOf('pop', index, this.length)
    const module = this.at(position)
    renumber(this, [...this].toSpliced(position, 1))
    return module
  }

  override forward(input: Tensor): Tensor {
    return pipeline(input, this)
  }

  override torchScript(): string {
    const names = [...this.ownChildren()].map(([name]) => name)
    return forwardSource(...names.map((name) => `input = getattr(self, "${name}").forward(input)`), 'return input')
  }

  /** The module at a position, negative from the end. */
  at(index: number): Module {
    return [...this][positionOf('at', index, this.length)]!
  }

  /** Replaces the module at a position, negative from the end; it takes over the name. */
  set(index: number, module: AnyModule): this {
    this.add(nameAt(this, index, this.length), module)
    return this
  }

  get length(): number {
    return [...this].length
  }

  *[Symbol.iterator](): IterableIterator<Module> {
    for (const [, child] of this[internals].members.of('module')) yield child as Module
  }
}

/**
 * A list of modules that are registered as children; it has no forward.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
 * @example
 * new torch.nn.ModuleList([new torch.nn.ReLU(), new torch.nn.Identity()]).length // 2
 */
export class ModuleList<M extends AnyModule = ChildModule> extends Module {
  /** As `at` and `set`: negative from the end, undefined where there is none. */
  [position: number]: M

  static {
    givePositions(this.prototype)
  }

  constructor(modules: Iterable<M> | null = []) {
    super()
    if ((modules as unknown) instanceof Map) throw misfit(new.target.name, 'modules', MODULES, modules)
    for (const module of itemsOf(new.target.name, 'modules', MODULES, modules ?? [])) this.append(module as M)
  }

  private add(name: string, module: M): void {
    expectModule(this.constructor.name, name, module)
    this.registerModule(name, module)
  }

  /** Adds a module at the end, named by its position. */
  append(module: M): this {
    this.add(String(this.length), module)
    return this
  }

  /** Adds the modules of another container, or of an array, at the end. */
  extend(modules: Iterable<M>): this {
    for (const module of itemsOf('extend', 'modules', MODULES, modules)) this.append(module as M)
    return this
  }

  /** Adds a module before a position, negative from the end; all are named by their positions from then on. */
  insert(index: number, module: M): this {
    const position = positionOf('insert', index, this.length, this.length)
    expectModule(this.constructor.name, String(position), module)
    renumber(this, [...this].toSpliced(position, 0, module as never))
    return this
  }

  /** Takes the module at a position out and gives it; the others are named by their positions from then on. */
  pop(index = -1): M {
    const position = positionOf('pop', index, this.length)
    const module = this.at(position)
    renumber(this, [...this].toSpliced(position, 1))
    return module
  }

  /** The module at a position, negative from the end. */
  at(index: number): M {
    return [...this][positionOf('at', index, this.length)]!
  }

  /** Replaces the module at a position, negative from the end. */
  set(index: number, module: M): this {
    this.add(nameAt(this, index, this.length), module)
    return this
  }

  get length(): number {
    return [...this].length
  }

  *[Symbol.iterator](): IterableIterator<M> {
    for (const [, child] of this[internals].members.of('module')) yield child as M
  }

  /** As Python prints it: consecutive equal modules share a line. */
  override toString(): string {
    return printed(this, () => this.form())
  }

  private form(): string {
    const runs: { text: string; first: number; count: number }[] = []
    for (const [i, module] of [...this].entries()) {
      const text = module.toString()
      const last = runs.at(-1)
      if (last?.text === text) last.count++
      else runs.push({ text, first: i, count: 1 })
    }
    const lines = runs.map(({ text, first, count }) =>
      indented(count === 1 ? `(${first}): ${text}` : `(${first}-${first + count - 1}): ${count} x ${text}`),
    )
    return `${this.constructor.name}(${lines.map((line) => `\n  ${line}`).join('')}${lines.length === 0 ? '' : '\n'})`
  }

  override forward(): never {
    throw new ArgumentError('a ModuleList computes nothing: call its modules')
  }
}

/**
 * Modules by name, found by their owner; it computes nothing itself. `for … of` gives the keys, as in Python.
 *
 * @throws ArgumentError for what is no module, and for a key that is not there.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html
 * @example
 * const choices = new torch.nn.ModuleDict({ relu: new torch.nn.ReLU(), none: new torch.nn.Identity() })
 * choices.get('relu').call(torch.tensor([-1, 2])).tolist() // [0, 2]
 */
export class ModuleDict<M extends AnyModule = ChildModule> extends Module {
  constructor(modules: Entries<M> | ModuleDict<M> | null = null) {
    super()
    if (modules !== null) this.update(modules)
  }

  get(key: string): M {
    const { members } = this[internals]
    const member = members.all().get(key)
    if (member?.kind !== 'module') throw missingKey('get', key, this.keys())
    return members.valueOf(member) as M
  }

  /** Adds a module under a name, or puts it in the place of the one that has it. */
  set(key: string, module: M): this {
    expectModule(this.constructor.name, key, module)
    this.registerModule(key, module)
    return this
  }

  has(key: string): boolean {
    return this[internals].members.all().get(key)?.kind === 'module'
  }

  /** Takes a module out and gives it. */
  pop(key: string): M {
    const module = this.get(key)
    this[internals].members.remove(key)
    return module
  }

  clear(): void {
    for (const key of [...this.keys()]) this.pop(key)
  }

  /** Adds modules in order, each under its name. */
  update(modules: Entries<M> | ModuleDict<M>): this {
    const entries = isPlainObject(modules) ? namedModulesOf(modules) : entriesOf(modules)
    if (entries === null) throw misfit('update', 'modules', 'modules by name: an object, a Map or pairs', modules)
    for (const [key, module] of entries) this.set(key, module as M)
    return this
  }

  *items(): IterableIterator<[key: string, module: M]> {
    for (const [{ name }, module] of this[internals].members.of('module')) yield [name, module as M]
  }

  *keys(): IterableIterator<string> {
    for (const [key] of this.items()) yield key
  }

  *values(): IterableIterator<M> {
    for (const [, module] of this.items()) yield module
  }

  [Symbol.iterator](): IterableIterator<string> {
    return this.keys()
  }

  get length(): number {
    return [...this.items()].length
  }

  override forward(): never {
    throw new ArgumentError('a ModuleDict computes nothing: call its modules')
  }
}

const CONTAINERS: ReadonlySet<unknown> = new Set([ModuleList, ModuleDict, ParameterList, ParameterDict].map(({ prototype }) => prototype))

/** @internal Whether a prototype is that of a container whose forward computes nothing. */
export function computesNothing(prototype: object): boolean {
  return CONTAINERS.has(prototype)
}
