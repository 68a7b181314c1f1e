import { ArgumentError } from '../../native'
import { noGrad } from '../autograd'
import { isTensor, keep } from '../base'
import { describe, suggestion } from '../dispatch/resolve'
import type { Device, DType } from '../dtype'
import type { RemovableHandle } from '../hooks'
import { Tensor } from '../tensor'
import { conversionTo, type ModuleToOptions } from './conversion'
import { Parameter } from './parameter'
import { checkState, refuseMisfit, type LoadResult, type ShapeMismatch, type StateComparison, type StateDict } from './state'

export type { StateDict } from './state'

/** A module whatever it takes and gives. */
export type AnyModule = Module<never[], unknown>

export type ForwardPreHook = (module: AnyModule, args: unknown[]) => unknown[] | void
export type ForwardHook = (module: AnyModule, args: unknown[], output: unknown) => unknown

interface Internals {
  readonly buffers: Map<string, { persistent: boolean }>
  /** Children whose names are no fields, such as a Sequential's numbers. */
  readonly children: Map<string, AnyModule>
  readonly preHooks: Set<ForwardPreHook>
  readonly hooks: Set<ForwardHook>
  training: boolean
}

const internals = Symbol('internals')

/** Python's name of a field: `runningMean` is saved as `running_mean`. */
export function savedName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/**
 * The base of every layer and model: fields that are Parameters or Modules are found by themselves, in order of assignment.
 *
 * Fields are camelCase; in `stateDict()`, `namedParameters()` and the like they bear Python's names (`runningMean` → `running_mean`).
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
 * @example
 * class Twice extends torch.nn.Module {
 *   linear = new torch.nn.Linear(2, 2)
 *   forward(x) { return this.linear.call(this.linear.call(x)) }
 * }
 * new Twice().call(torch.ones([1, 2])).shape // [1, 2]
 */
export abstract class Module<Args extends unknown[] = [Tensor], Output = Tensor> {
  /** @internal */
  declare readonly [internals]: Internals

  constructor() {
    const own: Internals = { buffers: new Map(), children: new Map(), preHooks: new Set(), hooks: new Set(), training: true }
    Object.defineProperty(this, internals, { value: own, enumerable: false, configurable: true, writable: true })
  }

  /** What the module computes; call it through `call`, which runs the hooks. */
  abstract forward(...args: Args): Output

  call(...args: Args): Output {
    const { preHooks, hooks } = this[internals]
    if (preHooks.size === 0 && hooks.size === 0) return this.forward(...args)
    let given: unknown[] = args
    for (const hook of preHooks) given = hook(this as AnyModule, given) ?? given
    let output: unknown = this.forward(...(given as Args))
    for (const hook of hooks) {
      const replaced = hook(this as AnyModule, given, output)
      if (replaced !== undefined) output = replaced
    }
    return output as Output
  }

  get training(): boolean {
    return this[internals].training
  }

  set training(value: boolean) {
    this[internals].training = value
  }

  /** Calls `hook` before forward; an array that it returns takes the arguments' place. */
  registerForwardPreHook(hook: ForwardPreHook): RemovableHandle {
    this[internals].preHooks.add(hook)
    return { remove: () => void this[internals].preHooks.delete(hook) }
  }

  /** Calls `hook` after forward; what it returns takes the output's place, unless undefined. */
  registerForwardHook(hook: ForwardHook): RemovableHandle {
    this[internals].hooks.add(hook)
    return { remove: () => void this[internals].hooks.delete(hook) }
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
      throw new ArgumentError(`a parameter must be a Parameter or null but is ${describe(parameter)}: wrap it as new torch.nn.Parameter(tensor)`)
    }
    this.checkField(field)
    this.fields[field] = parameter
  }

  /** Adds a child under a name that may be no field's, such as a number. */
  registerModule(name: string, module: AnyModule): void {
    if (!(module instanceof Module)) throw new ArgumentError(`a child must be a Module but is ${describe(module)}`)
    checkName(name)
    this[internals].children.set(name, module)
  }

  /** A method or a field of another kind must not be overwritten. */
  private checkField(field: string): void {
    checkName(field)
    const value = field in this ? this.fields[field] : null
    if (value !== null && value !== undefined && !isTensor(value)) throw new ArgumentError(`the name '${field}' is already taken by something else`)
  }

  private get fields(): Record<string, unknown> {
    return this as unknown as Record<string, unknown>
  }

  *ownParameters(): IterableIterator<[string, Parameter]> {
    for (const [field, value] of Object.entries(this)) if (value instanceof Parameter) yield [savedName(field), value]
  }

  *ownBuffers(): IterableIterator<[name: string, tensor: Tensor, persistent: boolean]> {
    for (const [field, { persistent }] of this[internals].buffers) {
      const tensor = this.fields[field]
      if (tensor instanceof Tensor) yield [savedName(field), tensor, persistent]
    }
  }

  /** Direct children with their names, in order. */
  *namedChildren(): IterableIterator<[string, AnyModule]> {
    for (const [field, value] of Object.entries(this)) if (value instanceof Module) yield [savedName(field), value as AnyModule]
    yield* this[internals].children
  }

  children(): AnyModule[] {
    return [...this.namedChildren()].map(([, child]) => child)
  }

  /** Every module with its dotted name, this one first as `''`; a shared one once. */
  *namedModules(prefix = '', seen = new Set<AnyModule>()): IterableIterator<[string, AnyModule]> {
    const self = this as AnyModule
    if (seen.has(self)) return
    seen.add(self)
    yield [prefix, self]
    for (const [name, child] of this.namedChildren()) yield* child.namedModules(joined(prefix, name), seen)
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
    let module = this as AnyModule
    for (const name of path === '' ? [] : path.split('.')) {
      const child: AnyModule | undefined = new Map(module.namedChildren()).get(name)
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

  /** Switches this module and all below between training and evaluation. */
  train(mode = true): this {
    this.training = mode
    for (const child of this.children()) child.train(mode)
    return this
  }

  eval(): this {
    return this.train(false)
  }

  requiresGrad_(value = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = value
    return this
  }

  /** Forgets all gradients (sets them to null), or zeroes them. */
  zeroGrad(options: { setToNone?: boolean } = {}): void {
    for (const parameter of this.parameters()) {
      if (options.setToNone ?? true) parameter.grad = null
      else parameter.grad = parameter.grad?.detach().zero_() ?? null
    }
  }

  /** Calls `visit` with every module, children first. */
  apply(visit: (module: AnyModule) => void): this {
    for (const child of this.children()) child.apply(visit)
    visit(this as AnyModule)
    return this
  }

  /**
   * Moves all parameters and buffers; a dtype, which must be floating-point or complex, changes only those that are, a memory format those of four dimensions.
   *
   * Parameters keep their identity.
   *
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.to
   * @example
   * new torch.nn.Linear(2, 2).to('float64').weight.dtype // 'float64'
   */
  to(target: DType | Device | ModuleToOptions): this {
    return this.convertTensors(conversionTo(target))
  }

  /** @internal Replaces the data of every parameter and every buffer. */
  convertTensors(convert: (tensor: Tensor) => Tensor): this {
    noGrad(() => {
      const seen = new Set<Parameter>()
      for (const module of this.modules()) module.convertOwnTensors(convert, seen)
    })
    return this
  }

  /** @internal */
  convertOwnTensors(convert: (tensor: Tensor) => Tensor, seen: Set<Parameter>): void {
    for (const [, parameter] of this.ownParameters()) {
      if (seen.has(parameter)) continue
      seen.add(parameter)
      const { grad } = parameter
      const moved = convert(parameter.data)
      parameter.data = moved
      if (grad !== null) parameter.grad = convert(grad)
    }
    for (const field of this[internals].buffers.keys()) {
      const buffer = this.fields[field]
      if (buffer instanceof Tensor) this.fields[field] = keep(convert(buffer))
    }
  }

  cuda(device: Device = 'cuda'): this {
    return this.to(device)
  }

  cpu(): this {
    return this.to('cpu')
  }

  float(): this {
    return this.to('float32')
  }

  double(): this {
    return this.to('float64')
  }

  half(): this {
    return this.to('float16')
  }

  bfloat16(): this {
    return this.to('bfloat16')
  }

  /** Parameters and persistent buffers by Python's names: the module's own tensors, outside of the graph. */
  stateDict(): StateDict {
    const state: StateDict = {}
    for (const [name, tensor] of this.stateTensors()) state[name] = keep(tensor.detach())
    return state
  }

  /**
   * Copies values into the module's own tensors, whatever their dtype and device.
   *
   * @throws ArgumentError for wrong shapes always, and for missing and unexpected keys when strict (the default); then nothing is changed.
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.load_state_dict
   * @example
   * const linear = new torch.nn.Linear(2, 1)
   * linear.loadStateDict({ weight: torch.ones([1, 2]) }, { strict: false }) // { missingKeys: ['bias'], unexpectedKeys: [] }
   */
  loadStateDict(state: Readonly<StateDict>, options: { strict?: boolean } = {}): LoadResult {
    const comparison = this.compareState(state)
    refuseMisfit(this.constructor.name, comparison, options.strict ?? true)
    noGrad(() => {
      for (const [key, target] of this.stateTensors()) if (Object.hasOwn(state, key)) target.copy_(state[key]!)
    })
    const { missingKeys, unexpectedKeys } = comparison
    return { missingKeys, unexpectedKeys }
  }

  /** How a state dict differs from what this module would load: nothing is changed. */
  compareState(state: Readonly<StateDict>): StateComparison {
    checkState(state)
    const own = new Map(this.stateTensors())
    const modules = [...namedModulesWithShared(this as AnyModule)].map(([name, module]) => [name === '' ? '' : `${name}.`, module] as const)
    const tolerated = (key: string) =>
      modules.some(([prefix, module]) => key.startsWith(prefix) && module.toleratesMissing(key.slice(prefix.length)))
    const mismatches: ShapeMismatch[] = []
    for (const [key, target] of own) {
      if (!Object.hasOwn(state, key)) continue
      const given = state[key]!.shape
      if (given.join() !== target.shape.join()) mismatches.push({ key, given, expected: target.shape })
    }
    return {
      missingKeys: [...own.keys()].filter((key) => !Object.hasOwn(state, key) && !tolerated(key)),
      unexpectedKeys: Object.keys(state).filter((key) => !own.has(key)),
      mismatches,
    }
  }

  /** @internal The tensors themselves that a state dict holds and fills. */
  *stateTensors(): IterableIterator<[string, Tensor]> {
    for (const [prefix, module] of namedModulesWithShared(this as AnyModule)) {
      for (const [name, parameter] of module.ownParameters()) yield [joined(prefix, name), parameter]
      for (const [name, buffer, persistent] of module.ownBuffers()) if (persistent) yield [joined(prefix, name), buffer]
    }
  }

  /** @internal Keys, as this module names them, whose absence from a state is no error. */
  protected toleratesMissing(_key: string): boolean {
    return false
  }

  /** An independent copy: parameters and buffers are copied (shared ones stay shared), hooks are not. */
  deepcopy(memo = new Map<unknown, unknown>()): this {
    const known = memo.get(this)
    if (known !== undefined) return known as this
    const copy = Object.create(Object.getPrototypeOf(this) as object) as this
    memo.set(this, copy)
    const own: Internals = {
      buffers: new Map(this[internals].buffers),
      children: new Map(),
      preHooks: new Set(),
      hooks: new Set(),
      training: this.training,
    }
    Object.defineProperty(copy, internals, { value: own, enumerable: false, configurable: true, writable: true })
    for (const [name, child] of this[internals].children) own.children.set(name, child.deepcopy(memo))
    for (const [field, value] of Object.entries(this)) copy.fields[field] = copyOf(value, memo)
    return copy
  }

  /**
   * The TorchScript source of forward, for files that Python runs; null where there is none.
   *
   * It stands beside forward in the same class: a subclass with a forward of its own needs a source of its own.
   */
  torchScript(): string | null {
    return null
  }

  /** What stands between the brackets of the printed form, such as `3, 64, kernel_size=(7, 7)`. */
  extraRepr(): string {
    return ''
  }

  toString(): string {
    const extra = this.extraRepr()
    const children = [...this.namedChildren()].map(([name, child]) => `(${name}): ${indented(child.toString())}`)
    if (children.length === 0) return `${this.constructor.name}(${extra})`
    const lines = [...(extra === '' ? [] : [extra]), ...children].map((line) => `  ${line}`)
    return `${this.constructor.name}(\n${lines.join('\n')}\n)`
  }
}

function indented(text: string): string {
  return text.replaceAll('\n', '\n  ')
}

function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`
}

function checkName(name: string): void {
  if (name === '' || name.includes('.')) throw new ArgumentError(`a name must not be empty or hold a dot: '${name}'`)
}

/** A state dict names a shared module under each of its names. */
function* namedModulesWithShared(module: AnyModule, prefix = ''): IterableIterator<[string, AnyModule]> {
  yield [prefix, module]
  for (const [name, child] of module.namedChildren()) yield* namedModulesWithShared(child, joined(prefix, name))
}

function copyOf(value: unknown, memo: Map<unknown, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Module) return (value as AnyModule).deepcopy(memo)
  const known = memo.get(value)
  if (known !== undefined) return known
  const copy = copyOfPlain(value, memo)
  memo.set(value, copy)
  return copy
}

/** Objects of other classes, such as a generator, are shared with the copy. */
function copyOfPlain(value: object, memo: Map<unknown, unknown>): unknown {
  if (value instanceof Parameter) return keep(new Parameter(value.detach().clone(), value.requiresGrad))
  if (isTensor(value))
    return keep(
      value
        .detach()
        .clone()
        .requiresGrad_(value.requiresGrad && value.isLeaf),
    )
  if (Array.isArray(value)) return value.map((item) => copyOf(item, memo))
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, copyOf(item, memo)]))
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item, memo)]))
}
