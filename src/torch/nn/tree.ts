import { ArgumentError } from '../../native'
import { isTensor, keep } from '../base'
import { describe } from '../call/describe'
import { type Given, named } from '../call/named'
import { suggestion } from '../../common/suggestions'
import { Tensor } from '../tensor'
import { expectFlag, flagOf, type Flag } from './checks'
import type { ForwardHook, ForwardPreHook, Hooks } from './hooks'
import type { AnyModule } from './module'
import { Parameter } from './parameter'

interface Internals {
  readonly buffers: Map<string, { persistent: boolean }>
  /** Children whose names are no fields, such as a Sequential's numbers. */
  readonly children: Map<string, AnyModule>
  readonly preHooks: Hooks<ForwardPreHook>
  readonly hooks: Hooks<ForwardHook>
  training: boolean
}

export interface MembersOptions {
  /** What all names begin with, before a dot. Default ''. */
  prefix?: string
  /** Goes through the modules below, too. Default true. */
  recurse?: boolean
  /** Gives what stands at several places once. Default true. */
  removeDuplicate?: boolean
}

const MEMBERS = ['prefix', 'recurse', 'removeDuplicate'] as const
const MODULES = ['prefix', 'removeDuplicate'] as const

/** @internal Under which a module keeps what is no field of its own. */
export const internals = Symbol('internals')

/** Python's name of a field: `runningMean` is saved as `running_mean`. */
export function savedName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** @internal */
export function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`
}

/** What a module holds: parameters, buffers and children, found among its fields or registered, and read by dotted names. */
export abstract class ModuleTree {
  /** @internal */
  declare readonly [internals]: Internals

  constructor() {
    this.renew()
  }

  /** @internal Gives internals of its own, those of another module without its children and hooks. */
  protected renew(from?: ModuleTree): void {
    const value: Internals = {
      buffers: new Map(from?.[internals].buffers),
      children: new Map(),
      preHooks: new Map(),
      hooks: new Map(),
      training: from?.[internals].training ?? true,
    }
    Object.defineProperty(this, internals, { value, enumerable: false, configurable: true, writable: true })
  }

  /** Adds a tensor that is saved (unless not persistent) and moved but not trained, as the field of this name. */
  registerBuffer(field: string, tensor: Tensor | null, persistent: Flag<'persistent'> = true): void {
    const isPersistent = flagOf('registerBuffer', 'persistent', persistent)
    if (tensor !== null && !isTensor(tensor)) throw new ArgumentError(`a buffer must be a Tensor or null but is ${describe(tensor)}`)
    this.checkField(field)
    this[internals].buffers.set(field, { persistent: isPersistent })
    this.fields[field] = tensor === null ? null : keep(tensor)
  }

  /** Sets the field of this name to a parameter; assigning the field does the same. */
  registerParameter(field: string, parameter: Parameter | null): void {
    if (parameter !== null && !(parameter instanceof Parameter)) {
      throw new ArgumentError(
        `a parameter must be a Parameter or null but is ${describe(parameter)}: wrap it as new torch.nn.Parameter(tensor)`,
      )
    }
    this.checkField(field)
    this.fields[field] = parameter
  }

  /** Adds a child under a name that may be no field's, such as a number. */
  registerModule(name: string, module: AnyModule): void {
    if (!(module instanceof ModuleTree)) throw new ArgumentError(`a child must be a Module but '${name}' is ${describe(module)}`)
    checkName(name)
    this[internals].children.set(name, module)
  }

  /** A method or a field of another kind must not be overwritten. */
  private checkField(field: string): void {
    checkName(field)
    const value = field in this ? this.fields[field] : null
    if (value !== null && value !== undefined && !isTensor(value))
      throw new ArgumentError(`the name '${field}' is already taken by something else`)
  }

  /** @internal */
  protected get fields(): Record<string, unknown> {
    return this as unknown as Record<string, unknown>
  }

  /** This module's own parameters, without its children's. */
  *ownParameters(): IterableIterator<[string, Parameter]> {
    for (const [field, value] of Object.entries(this)) if (value instanceof Parameter) yield [savedName(field), value]
  }

  /** This module's own buffers, without its children's. */
  *ownBuffers(): IterableIterator<[name: string, tensor: Tensor, persistent: boolean]> {
    for (const [field, { persistent }] of this[internals].buffers) {
      const tensor = this.fields[field]
      if (tensor instanceof Tensor) yield [savedName(field), tensor, persistent]
    }
  }

  /** @internal This module's own part of a state dict. */
  *ownStateTensors(): IterableIterator<[string, Tensor]> {
    yield* this.ownParameters()
    for (const [name, buffer, persistent] of this.ownBuffers()) if (persistent) yield [name, buffer]
  }

  /** @internal The field whose tensor is saved under this name. */
  fieldOf(name: string): string {
    const field = Object.keys(this).find((key) => savedName(key) === name && isTensor(this.fields[key]))
    if (field !== undefined) return field
    throw new ArgumentError(
      `'${name}' of ${this.constructor.name} is no field, so nothing can take its place: load without assign, which copies`,
    )
  }

  /** @internal Sets a field. */
  exchange(field: string, tensor: Tensor): void {
    this.fields[field] = tensor
  }

  /** This module's own children with their names, in order: a shared one under each. */
  *ownChildren(): IterableIterator<[string, AnyModule]> {
    for (const [field, value] of Object.entries(this))
      if (value instanceof ModuleTree) yield [savedName(field), value as unknown as AnyModule]
    yield* this[internals].children
  }

  /** Direct children with their names, in order; a shared one once. */
  *namedChildren(): IterableIterator<[string, AnyModule]> {
    const seen = new Set<AnyModule>()
    for (const [name, child] of this.ownChildren()) {
      if (seen.has(child)) continue
      seen.add(child)
      yield [name, child]
    }
  }

  children(): AnyModule[] {
    return [...this.namedChildren()].map(([, child]) => child)
  }

  /**
   * Every module with its dotted name, this one first as `''`; a shared one once.
   *
   * Takes PyTorch's arguments in its order: a set of modules to leave out, which takes up those that are given, then `prefix` and `removeDuplicate`.
   *
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.named_modules
   * @example
   * const net = new torch.nn.Sequential(new torch.nn.ReLU())
   * Array.from(net.namedModules({ prefix: 'net' }), ([name]) => name) // ['net', 'net.0']
   */
  namedModules(
    memo: Set<AnyModule> | null,
    ...given: Given<Omit<MembersOptions, 'recurse'>, typeof MODULES>
  ): IterableIterator<[string, AnyModule]>
  namedModules(...given: Given<Omit<MembersOptions, 'recurse'>, typeof MODULES>): IterableIterator<[string, AnyModule]>
  namedModules(...given: unknown[]): IterableIterator<[string, AnyModule]> {
    const [first] = given
    const memo = first instanceof Set ? (first as Set<AnyModule>) : null
    const rest = memo !== null || first === null ? given.slice(1) : given
    const { prefix, removeDuplicate } = membersOptions('namedModules', MODULES, rest)
    return this.walk(prefix, removeDuplicate ? (memo ?? new Set()) : null)
  }

  /** @internal Goes through the modules; what is in the set was seen. */
  *walk(prefix: string, seen: Set<AnyModule> | null): IterableIterator<[string, AnyModule]> {
    const self = this as unknown as AnyModule
    if (seen?.has(self) === true) return
    seen?.add(self)
    yield [prefix, self]
    for (const [name, child] of this.ownChildren()) yield* child.walk(joined(prefix, name), seen)
  }

  modules(): AnyModule[] {
    return [...this.walk('', new Set())].map(([, module]) => module)
  }

  /**
   * Trainable tensors with their dotted names; a shared one once.
   *
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.named_parameters
   * @example
   * const net = new torch.nn.Sequential(new torch.nn.Linear(2, 1))
   * Array.from(net.namedParameters('net'), ([name]) => name) // ['net.0.weight', 'net.0.bias']
   */
  namedParameters(...given: Given<MembersOptions, typeof MEMBERS>): IterableIterator<[string, Parameter]> {
    return this.members(membersOptions('namedParameters', MEMBERS, given), (module) => module.ownParameters())
  }

  /** Trainable tensors; without `recurse` those of this module alone. */
  parameters(recurse: Flag<'recurse'> = true): Parameter[] {
    return [...this.namedParameters('', flagOf('parameters', 'recurse', recurse))].map(([, parameter]) => parameter)
  }

  /** Buffers with their dotted names; a shared one once. */
  namedBuffers(...given: Given<MembersOptions, typeof MEMBERS>): IterableIterator<[string, Tensor]> {
    return this.members(membersOptions('namedBuffers', MEMBERS, given), (module) => module.ownBuffers())
  }

  /** Buffers; without `recurse` those of this module alone. */
  buffers(recurse: Flag<'recurse'> = true): Tensor[] {
    return [...this.namedBuffers('', flagOf('buffers', 'recurse', recurse))].map(([, buffer]) => buffer)
  }

  private *members<Member extends Tensor>(
    { prefix, recurse, removeDuplicate }: Required<MembersOptions>,
    membersOf: (module: ModuleTree) => Iterable<readonly [string, Member, ...unknown[]]>,
  ): IterableIterator<[string, Member]> {
    const modules = recurse ? this.walk(prefix, removeDuplicate ? new Set() : null) : [[prefix, this] as const]
    const seen = new Set<Member>()
    for (const [path, module] of modules) {
      for (const [name, member] of membersOf(module)) {
        if (seen.has(member)) continue
        if (removeDuplicate) seen.add(member)
        yield [joined(path, name), member]
      }
    }
  }

  /** The module of a dotted name. */
  getSubmodule(path: string): AnyModule {
    let module = this as unknown as AnyModule
    for (const name of path === '' ? [] : path.split('.')) {
      const child: AnyModule | undefined = new Map(module.ownChildren()).get(name)
      if (child === undefined)
        throw new ArgumentError(
          `there is no module '${path}'${suggestion(path, [...this.namedModules()].map(([known]) => known).filter(Boolean))}`,
        )
      module = child
    }
    return module
  }

  /** The parameter of a dotted name, as `'layer1.0.conv1.weight'`. */
  getParameter(path: string): Parameter {
    const all = new Map(this.namedParameters())
    const parameter = all.get(path)
    if (parameter === undefined) throw new ArgumentError(`there is no parameter '${path}'${suggestion(path, [...all.keys()])}`)
    return parameter
  }
}

function membersOptions(call: string, names: readonly (keyof MembersOptions)[], given: readonly unknown[]): Required<MembersOptions> {
  const { prefix = '', recurse = true, removeDuplicate = true } = named<MembersOptions>(call, names, given)
  if (typeof prefix !== 'string') throw new ArgumentError(`${call}(): prefix must be a string but is ${describe(prefix)}`)
  expectFlag(`${call}()`, 'recurse', recurse)
  expectFlag(`${call}()`, 'removeDuplicate', removeDuplicate)
  return { prefix, recurse, removeDuplicate }
}

function checkName(name: string): void {
  if (name === '' || name.includes('.')) throw new ArgumentError(`a name must not be empty or hold a dot: '${name}'`)
}
