import { inspect } from 'node:util'
import { ArgumentError } from '../../../native'
import { noGrad } from '../../autograd'
import { moduleConversion, type ModuleTarget } from '../../tensor/convert'
import { read } from '../../call/declared'
import { misfit } from '../../call/errors'
import * as declared from '../../generated/declared/module-methods'
import type { Device } from '../../tensor/dtype'
import type { RemovableHandle } from '../../autograd/hooks'
import type { Tensor } from '../../tensor/tensor'
import { Parameter, clearGradients } from '../parameter'
import { deepCopy, type Memo } from './copy'
import { argumentsAfter, outputAfter, registerHook, type Forward, type ForwardArguments, type HookOptions } from './forward-hooks'
import { namedIn, submoduleOf, tensorsOf } from './listing'
import { giveInternals, type Internals } from './internals'
import { internals, isModule } from './members'
import { moduleForm, printed } from './print'
import {
  compareStates,
  loadState,
  stateOf,
  type LoadOptions,
  type LoadResult,
  type StateComparison,
  type StateDict,
  type StateDictOptions,
} from './state'
import { cascade, distinct, walk } from './traverse'

/** A module with any forward; the class of the value `Module`. */
export class AnyModule {
  /** @internal */
  declare readonly [internals]: Internals

  constructor() {
    giveInternals(this, true)
  }

  /** The module's computation; use `call`, which also runs the hooks. */
  forward(..._args: never[]): unknown {
    throw new ArgumentError(`${this.constructor.name} has no forward: write what it computes as a method, forward(x) { … }`)
  }

  /** Runs the hooks and `forward`, with the arguments and the result of `forward`. */
  call<F extends Forward>(this: { forward: F }, ...args: Parameters<F>): ReturnType<F>
  call(...args: never[]): unknown {
    const own = this[internals]
    own.adoptOnce()
    const { preHooks, hooks } = own
    if (preHooks.size === 0 && hooks.size === 0) return this.forward(...args)
    let given: unknown[] = args
    for (const hook of preHooks.values()) given = argumentsAfter(hook, this, given)
    let output = this.forward(...(given as never[]))
    for (const hook of hooks.values()) output = outputAfter(hook, this, given, output)
    return output
  }

  /** @internal The fields by their names. */
  protected get fields(): Record<string, unknown> {
    return this as object as Record<string, unknown>
  }

  get training(): boolean {
    return this[internals].training
  }

  set training(value: boolean) {
    this[internals].training = value
  }

  /**
   * Calls `hook` before forward. A returned array replaces the arguments, a tensor becomes the only one, undefined or null changes nothing.
   *
   * @throws ArgumentError for what is no function; `call` throws one for a hook that returns anything else.
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_pre_hook
   * @example
   * const layer = new torch.nn.Identity()
   * layer.registerForwardPreHook((module, [x]) => x.add(1))
   * layer.call(torch.ones([2])).tolist() // [2, 2]
   */
  registerForwardPreHook<M extends AnyModule, F extends Forward>(
    this: M & { forward: F },
    hook: ForwardPreHook<M, F>,
    options?: HookOptions,
  ): RemovableHandle {
    const { prepend } = read(declared.registerForwardPreHook, [hook, options])
    return registerHook(this[internals].preHooks, hook, prepend)
  }

  /**
   * Calls `hook` after forward. A returned value replaces the output; undefined or null changes nothing.
   *
   * @throws ArgumentError for what is no function; `call` throws one for a hook that returns no Tensor where forward gave one.
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_hook
   * @example
   * const layer = new torch.nn.Identity()
   * layer.registerForwardHook((module, args, output) => output.mul(3))
   * layer.call(torch.ones([2])).tolist() // [3, 3]
   */
  registerForwardHook<M extends AnyModule, F extends Forward>(
    this: M & { forward: F },
    hook: ForwardHook<M, F>,
    options?: HookOptions,
  ): RemovableHandle {
    const { prepend } = read(declared.registerForwardHook, [hook, options])
    return registerHook(this[internals].hooks, hook, prepend)
  }

  /**
   * Registers a buffer: a tensor in the field of this name that is moved and, if persistent, saved, but not trained.
   *
   * @param persistent - Default true.
   * @throws ArgumentError for what is no Tensor, and for a name that something else has.
   */
  registerBuffer(
    name: string,
    tensor: Tensor | null,
    persistent: boolean | { readonly persistent?: boolean | null | undefined } | null = true,
  ): void {
    const buffer = read(declared.registerBuffer, [name, tensor, persistent])
    this[internals].members.register('buffer', buffer.name, buffer.tensor, buffer.persistent)
  }

  /**
   * Registers a parameter in the field of this name; assigning the field does the same.
   *
   * @throws ArgumentError for what is no Parameter, and for a name that something else has.
   */
  registerParameter(name: string, param: Parameter | null): void {
    if (param !== null && !(param instanceof Parameter))
      throw misfit('registerParameter', 'param', 'a Parameter or null', param, ': wrap a tensor as new torch.nn.Parameter(tensor)')
    this[internals].members.register('parameter', name, param)
  }

  /**
   * Registers a child, which is saved under exactly this name, such as a number. If no field has the name, it becomes one.
   *
   * @throws ArgumentError for what is no Module, and for a name that another field has.
   */
  registerModule(name: string, module: AnyModule): void {
    if (!isModule(module)) throw misfit('registerModule', 'module', 'a Module', module)
    this[internals].members.registerModule(name, module)
  }

  /** This module's own parameters, without its children's. */
  *ownParameters(): IterableIterator<[string, Parameter]> {
    for (const [{ savedName }, parameter] of this[internals].members.of('parameter')) yield [savedName, parameter as Parameter]
  }

  /** This module's own buffers, without its children's. */
  *ownBuffers(): IterableIterator<[name: string, tensor: Tensor, persistent: boolean]> {
    for (const [{ savedName, isPersistent }, buffer] of this[internals].members.of('buffer'))
      yield [savedName, buffer as Tensor, isPersistent]
  }

  /** @internal This module's own part of a state dict. */
  *ownStateTensors(): IterableIterator<[string, Tensor]> {
    yield* this.ownParameters()
    for (const [name, buffer, persistent] of this.ownBuffers()) if (persistent) yield [name, buffer]
  }

  /** This module's own children with their names, in order: a shared one under each. */
  *ownChildren(): IterableIterator<[name: string, child: ChildModule]> {
    for (const [{ savedName }, child] of this[internals].members.of('module')) yield [savedName, child as ChildModule]
  }

  /** Direct children with their names, in order; a shared child once. */
  *namedChildren(): IterableIterator<[name: string, child: ChildModule]> {
    const seen = new Set<ChildModule>()
    for (const [name, child] of this.ownChildren()) {
      if (seen.has(child)) continue
      seen.add(child)
      yield [name, child]
    }
  }

  /** Direct children in order, each once. */
  children(): ChildModule[] {
    return [...distinct(asChild(this))]
  }

  /**
   * All modules with their dotted names, this one first as `''`; a shared module once.
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
    prefix?: string | null,
    removeDuplicate?: boolean | null,
  ): IterableIterator<[string, ChildModule]>
  namedModules(memo: Set<AnyModule> | null, options?: declared.NamedModulesNamed): IterableIterator<[string, ChildModule]>
  namedModules(prefix?: string | null, removeDuplicate?: boolean | null): IterableIterator<[string, ChildModule]>
  namedModules(prefix: string | null, options: Omit<declared.NamedModulesNamed, 'prefix'>): IterableIterator<[string, ChildModule]>
  namedModules(options: declared.NamedModulesNamed): IterableIterator<[string, ChildModule]>
  namedModules(...given: unknown[]): IterableIterator<[string, ChildModule]> {
    const [first] = given
    const memo = first instanceof Set ? (first as Set<ChildModule>) : null
    const rest = memo !== null || first === null ? given.slice(1) : given
    const { prefix, removeDuplicate } = read(declared.namedModules, rest)
    return walk(asChild(this), prefix, removeDuplicate ? (memo ?? new Set()) : null)
  }

  modules(): ChildModule[] {
    return Array.from(this.namedModules(), ([, module]) => module)
  }

  /**
   * Parameters with their dotted names; a shared parameter once.
   *
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.named_parameters
   * @example
   * const net = new torch.nn.Sequential(new torch.nn.Linear(2, 1))
   * Array.from(net.namedParameters('net'), ([name]) => name) // ['net.0.weight', 'net.0.bias']
   */
  namedParameters(prefix?: string | null, recurse?: boolean | null, removeDuplicate?: boolean | null): IterableIterator<[string, Parameter]>
  namedParameters(prefix: string | null, options: Omit<declared.NamedParametersNamed, 'prefix'>): IterableIterator<[string, Parameter]>
  namedParameters(options: declared.NamedParametersNamed): IterableIterator<[string, Parameter]>
  namedParameters(...given: unknown[]): IterableIterator<[string, Parameter]> {
    return tensorsOf(asChild(this), read(declared.namedParameters, given), (module) => module.ownParameters())
  }

  /** Parameters; without `recurse` those of this module alone. */
  parameters(recurse: boolean | { readonly recurse?: boolean | null | undefined } | null = true): Parameter[] {
    return Array.from(this.namedParameters(read(declared.parameters, [recurse])), ([, parameter]) => parameter)
  }

  /** Buffers with their dotted names; a shared buffer once. */
  namedBuffers(prefix?: string | null, recurse?: boolean | null, removeDuplicate?: boolean | null): IterableIterator<[string, Tensor]>
  namedBuffers(prefix: string | null, options: Omit<declared.NamedBuffersNamed, 'prefix'>): IterableIterator<[string, Tensor]>
  namedBuffers(options: declared.NamedBuffersNamed): IterableIterator<[string, Tensor]>
  namedBuffers(...given: unknown[]): IterableIterator<[string, Tensor]> {
    return tensorsOf(asChild(this), read(declared.namedBuffers, given), (module) => module.ownBuffers())
  }

  /** Buffers; without `recurse` those of this module alone. */
  buffers(recurse: boolean | { readonly recurse?: boolean | null | undefined } | null = true): Tensor[] {
    return Array.from(this.namedBuffers(read(declared.buffers, [recurse])), ([, buffer]) => buffer)
  }

  /** The module of a dotted name. */
  getSubmodule(path: string): ChildModule {
    return submoduleOf(asChild(this), read(declared.getSubmodule, [path]).target)
  }

  /** The parameter of a dotted name, as `'layer1.0.conv1.weight'`. */
  getParameter(path: string): Parameter {
    return namedIn(this.namedParameters(), 'parameter', read(declared.getParameter, [path]).target)
  }

  /** The buffer of a dotted name, as `'layer1.0.bn1.running_mean'`. */
  getBuffer(path: string): Tensor {
    return namedIn(this.namedBuffers(), 'buffer', read(declared.getBuffer, [path]).target)
  }

  /**
   * Switches this module and all below between training and evaluation.
   *
   * @throws ArgumentError for a mode that is neither true, the default, nor false.
   */
  train(mode: boolean | { readonly mode?: boolean | null | undefined } | null = true): this {
    const training = read(declared.train, [mode]).mode
    cascade(asChild(this), {
      task: MODE,
      enter: (module) => void (module.training = training),
      delegate: (child) => (child.train === AnyModule.prototype.train ? null : () => child.train(training)),
    })
    return this
  }

  eval(): this {
    return this.train(false)
  }

  /** Calls `visit` with every module, children first, and with a shared module once per path, unless some module contains itself. */
  apply(visit: (module: ChildModule) => void): this {
    read(declared.apply, [visit])
    cascade(asChild(this), {
      task: visit,
      revisits: true,
      leave: visit,
      delegate: (child) => (child.apply === AnyModule.prototype.apply ? null : () => child.apply(visit)),
    })
    return this
  }

  /** Sets whether all parameters require gradients; default true. */
  requiresGrad_(requiresGrad: boolean | { readonly requiresGrad?: boolean | null | undefined } | null = true): this {
    const value = read(declared.requiresGrad_, [requiresGrad]).requiresGrad
    for (const parameter of this.parameters()) parameter.requiresGrad = value
    return this
  }

  /** Sets all gradients to null (the default), or fills existing ones with zeros. */
  zeroGrad(setToNone: boolean | { readonly setToNone?: boolean | null | undefined } | null = true): void {
    clearGradients(this.parameters(), read(declared.zeroGrad, [setToNone]).setToNone)
  }

  /**
   * Converts parameters and buffers: a device applies to all, a dtype (floating-point or complex) to floating-point and complex ones, a memory format to those of four dimensions.
   *
   * Parameters keep their identity. A dtype and a device may be given one after the other, or as a tensor with both.
   *
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.to
   * @example
   * new torch.nn.Linear(2, 2).to('float64').weight.dtype // 'float64'
   */
  to(...targets: [ModuleTarget, ...ModuleTarget[]]): this {
    const convert = moduleConversion(targets)
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
      parameter.data = convert(parameter.data)
      if (grad !== null) parameter.grad = convert(grad)
    }
    const { members } = this[internals]
    for (const [{ name }, buffer] of members.of('buffer')) members.assign(name, convert(buffer as Tensor))
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

  /**
   * Parameters and persistent buffers under Python's names: the module's tensors themselves, detached from the graph unless `keepVars`.
   *
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.state_dict
   * @example
   * Object.keys(new torch.nn.Linear(2, 1).stateDict({ prefix: 'head.' })) // ['head.weight', 'head.bias']
   */
  stateDict(options?: StateDictOptions): StateDict {
    return stateOf(asChild(this), read(declared.stateDict, [options]))
  }

  /**
   * Copies values into the module's tensors, converting dtype and device.
   *
   * A name may be spelled as the field (`fcA`) or as Python usually does (`fc_a`); from then on the module is saved in the spelling that was loaded.
   *
   * With `assign` the state's tensors themselves take their place, with their dtype and device: parameters, unless the state holds such, become
   * new objects, so make the optimizer afterwards. Whether a parameter requires a gradient stays.
   *
   * @param strict - Whether each name must be both in the module and in the state. Default true.
   * @param assign - Default false.
   * @throws ArgumentError for wrong shapes always, and for missing and unexpected keys when strict (the default); then nothing is changed.
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.load_state_dict
   * @example
   * const linear = new torch.nn.Linear(2, 1)
   * linear.loadStateDict({ weight: torch.ones([1, 2]) }, { strict: false }) // { missingKeys: ['bias'], unexpectedKeys: [] }
   */
  loadStateDict(
    stateDict: Readonly<StateDict>,
    strict?: boolean | LoadOptions | null,
    assign?: boolean | { readonly assign?: boolean | null | undefined } | null,
  ): LoadResult {
    return loadState(asChild(this), stateDict, read(declared.loadStateDict, [strict, assign]), isTolerated)
  }

  /** The differences between a state dict and this module's state; changes nothing. */
  compareState(state: Readonly<StateDict>): StateComparison {
    return compareStates(asChild(this), state, isTolerated).comparison
  }

  /** @internal Whether a state may lack this key, in this module's naming. */
  protected toleratesMissing(_key: string): boolean {
    return false
  }

  /** @internal Replaces the tensor that is saved under this name. */
  exchange(name: string, tensor: Tensor): void {
    const { members } = this[internals]
    members.assign(members.savedAs(name)!.name, tensor)
  }

  /** @internal Whether `exchange` is possible; the tensors of a TorchScript module belong to its program. */
  canExchange(name: string): boolean {
    return this[internals].members.savedAs(name) !== undefined
  }

  /**
   * An independent copy of the module and of everything in its fields, like Python's `copy.deepcopy`; hooks and gradients are not copied.
   *
   * Shared objects stay shared. Bound methods (`this.pre.bind(this)`) are rebound to the copy. An object with a method `deepcopy(memo)` is copied
   * by that method.
   *
   * @param memo - Copied objects with their copies; an overriding `deepcopy` passes it on: `super.deepcopy(memo)`.
   * @throws ArgumentError for values that would keep using the original: an arrow function in a field that uses `this`, a function that uses one of
   * the original's modules, an object whose class has `#private` fields, which only its constructor can create.
   * @example
   * const linear = new torch.nn.Linear(2, 1)
   * linear.deepcopy().weight === linear.weight // false
   */
  deepcopy(memo: Memo = new Map()): this {
    if (!(memo instanceof Map)) throw misfit('deepcopy', 'memo', 'a Map of copied objects', memo)
    return deepCopy(this, memo, MODULES_TO_COPY)
  }

  /**
   * The TorchScript source of forward, for files that Python runs; null if there is none.
   *
   * Define it in the same class as forward: a subclass that overrides forward must override it, too.
   */
  torchScript(): string | null {
    return null
  }

  /** The text between the brackets of the printed form, such as `3, 64, kernel_size=(7, 7)`. */
  extraRepr(): string {
    return ''
  }

  toString(): string {
    return printed(this, () => moduleForm(this.constructor.name, this.extraRepr(), this.ownChildren()))
  }

  /** For `console.log`: as `toString()`. */
  [inspect.custom](depth: number | null = 2): string {
    return depth !== null && depth < 0 ? `[${this.constructor.name}]` : this.toString()
  }
}

// The public name, for errors and the printed form.
Object.defineProperty(AnyModule, 'name', { value: 'Module' })

/** Tests whether a state may lack a key; null for a module whose class does not override `toleratesMissing`. */
const isTolerated = (module: AnyModule): ((key: string) => boolean) | null =>
  module['toleratesMissing'] === AnyModule.prototype['toleratesMissing'] ? null : (key) => module['toleratesMissing'](key)

/** The common task of `train` and `eval`, because a module may implement one by the other. */
const MODE = {}

const MODULES_TO_COPY = {
  base: AnyModule,
  shell: (module: AnyModule) => giveInternals(Object.create(Object.getPrototypeOf(module) as object) as AnyModule, module.training),
}

/** A child of unknown type: it may be called with anything and is assumed to return a tensor. */
export type ChildModule = Module<unknown[]>

/** Runs before forward with its arguments. A returned array replaces the arguments, a tensor becomes the only one, undefined or null changes nothing. */
export type ForwardPreHook<M extends AnyModule = AnyModule, F extends Forward = Forward> = (
  module: M,
  args: ForwardArguments<F>,
) => unknown[] | Tensor | null | void

/** Runs after forward with its arguments and its output. A returned value replaces the output; undefined or null changes nothing. */
export type ForwardHook<M extends AnyModule = AnyModule, F extends Forward = Forward> = (
  module: M,
  args: ForwardArguments<F>,
  output: ReturnType<F>,
) => unknown

function asChild(module: AnyModule): ChildModule {
  return module as ChildModule
}

/** A module with these arguments and this output; by default one tensor each. */
export interface Module<Args extends unknown[] = [Tensor], Output = Tensor> extends AnyModule {
  forward(...args: Args): Output
}

interface ModuleClass {
  new (): AnyModule
  /** With type arguments, the compiler checks forward against them. */
  new <Args extends unknown[], Output = Tensor>(): Module<Args, Output>
  readonly prototype: AnyModule
}

/**
 * The base class of layers and models. Fields that are Parameters or Modules are registered automatically.
 *
 * Extend it and write `forward` with any arguments and any result; `call` has the same types.
 *
 * Fields are camelCase; in `stateDict()`, `namedParameters()` and the like they bear Python's names (`runningMean` → `running_mean`), and names that begin
 * with a capital stay as they are. They come in the order in which their names appeared on the object: a field that is declared in the class body at its
 * declaration, even if it is assigned later (with `useDefineForClassFields: false`, or after `declare`, a declaration without a value does not count), and
 * any other when it is first assigned or registered. For Python's order, declare fields in the order in which Python assigns them.
 *
 * A field that held a Parameter takes a Parameter or null from then on, a buffer's a Tensor or null, a child's a Module, a Parameter or null: anything else
 * throws an ArgumentError, as Python's TypeError. JavaScript does not tell of class fields, so fields of one's own classes are checked from the first
 * `call`, `parameters()` or the like on; those of this package's layers always.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
 * @example
 * class Twice extends torch.nn.Module {
 *   linear = new torch.nn.Linear(2, 2)
 *   forward(x) { return this.linear.call(this.linear.call(x)) }
 * }
 * new Twice().call(torch.ones([1, 2])).shape // [1, 2]
 */
export const Module: ModuleClass = AnyModule
