import { ArgumentError } from '../../native'
import { isTensor, keep } from '../base'
import { describe } from '../dispatch/describe'
import { suggestion } from '../dispatch/suggestion'
import { Tensor } from '../tensor'
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
  registerBuffer(field: string, tensor: Tensor | null, options: { persistent?: boolean } = {}): void {
    if (tensor !== null && !isTensor(tensor)) throw new ArgumentError(`a buffer must be a Tensor or null but is ${describe(tensor)}`)
    this.checkField(field)
    this[internals].buffers.set(field, { persistent: options.persistent ?? true })
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
    if (!(module instanceof ModuleTree)) throw new ArgumentError(`a child must be a Module but is ${describe(module)}`)
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

  /** Every module with its dotted name, this one first as `''`; a shared one once. */
  *namedModules(prefix = '', seen = new Set<AnyModule>()): IterableIterator<[string, AnyModule]> {
    const self = this as unknown as AnyModule
    if (seen.has(self)) return
    seen.add(self)
    yield [prefix, self]
    for (const [name, child] of this.ownChildren()) yield* child.namedModules(joined(prefix, name), seen)
  }

  modules(): AnyModule[] {
    return [...this.namedModules()].map(([, module]) => module)
  }

  /** Trainable tensors with their dotted names; a shared one once. */
  *namedParameters(): IterableIterator<[string, Parameter]> {
    const seen = new Set<Parameter>()
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, parameter] of module.ownParameters()) {
        if (seen.has(parameter)) continue
        seen.add(parameter)
        yield [joined(prefix, name), parameter]
      }
    }
  }

  parameters(): Parameter[] {
    return [...this.namedParameters()].map(([, parameter]) => parameter)
  }

  *namedBuffers(): IterableIterator<[string, Tensor]> {
    const seen = new Set<Tensor>()
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, buffer] of module.ownBuffers()) {
        if (seen.has(buffer)) continue
        seen.add(buffer)
        yield [joined(prefix, name), buffer]
      }
    }
  }

  buffers(): Tensor[] {
    return [...this.namedBuffers()].map(([, buffer]) => buffer)
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

function checkName(name: string): void {
  if (name === '' || name.includes('.')) throw new ArgumentError(`a name must not be empty or hold a dot: '${name}'`)
}
