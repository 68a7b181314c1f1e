import { inspect } from 'node:util'
import { ArgumentError } from '../../native'
import { noGrad } from '../autograd'
import { keep } from '../base'
import { describe } from '../call/describe'
import { type Given, named } from '../call/named'
import type { Device } from '../dtype'
import type { RemovableHandle } from '../hooks'
import { Tensor } from '../tensor'
import { expectFlag, flagOf, type Flag } from './checks'
import { conversionTo, type ModuleTarget } from './conversion'
import { copyOf } from './copy'
import { clearGradients } from './gradients'
import { argumentsAfter, outputAfter, registerHook, type ForwardHook, type ForwardPreHook, type HookOptions } from './hooks'
import type { Parameter } from './parameter'
import { assignState } from './assign'
import { checkState, fitted, refuseMisfit, type LoadResult, type ShapeMismatch, type StateComparison, type StateDict } from './state'
import { ModuleTree, internals, joined } from './tree'

export type { StateDict } from './state'

export { savedName } from './tree'

export interface StateDictOptions {
  /** What all names begin with, such as `'head.'`. Default ''. */
  prefix?: string
  /** Gives the tensors themselves, with their graph. Default false. */
  keepVars?: boolean
  /** To which the tensors are added; default: a new object. */
  destination?: StateDict
}

export interface LoadOptions {
  /** Refuses missing and unexpected names. Default true. */
  strict?: boolean
  /** Puts the state's tensors in place of the module's own. Default false. */
  assign?: boolean
}

const STATE_DICT = ['prefix', 'keepVars', 'destination'] as const
const LOAD = ['strict', 'assign'] as const

export type { ForwardHook, ForwardPreHook, HookOptions } from './hooks'

/** A module whatever it takes and gives. */
export type AnyModule = Module<never[], unknown>

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
export abstract class Module<Args extends unknown[] = [Tensor], Output = Tensor> extends ModuleTree {
  /** What the module computes; call it through `call`, which runs the hooks. */
  abstract forward(...args: Args): Output

  call(...args: Args): Output {
    const { preHooks, hooks } = this[internals]
    if (preHooks.size === 0 && hooks.size === 0) return this.forward(...args)
    let given: unknown[] = args
    for (const hook of preHooks.values()) given = argumentsAfter(hook, this as AnyModule, given)
    let output: unknown = this.forward(...(given as Args))
    for (const hook of hooks.values()) output = outputAfter(hook, this as AnyModule, given, output)
    return output as Output
  }

  get training(): boolean {
    return this[internals].training
  }

  set training(value: boolean) {
    this[internals].training = value
  }

  /**
   * Calls `hook` before forward; an array that it returns takes the arguments' place, a tensor that of all of them, undefined and null keep them.
   *
   * @throws ArgumentError for what is no function; `call` throws one for a hook that returns anything else.
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_pre_hook
   * @example
   * const layer = new torch.nn.Identity()
   * layer.registerForwardPreHook((module, [x]) => x.add(1))
   * layer.call(torch.ones([2])).tolist() // [2, 2]
   */
  registerForwardPreHook(hook: ForwardPreHook, ...given: Given<HookOptions, []>): RemovableHandle {
    return registerHook('registerForwardPreHook', this[internals].preHooks, hook, given)
  }

  /**
   * Calls `hook` after forward; what it returns takes the output's place, undefined and null keep it.
   *
   * @throws ArgumentError for what is no function; `call` throws one for a hook that returns no Tensor where forward gave one.
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_hook
   * @example
   * const layer = new torch.nn.Identity()
   * layer.registerForwardHook((module, args, output) => output.mul(3))
   * layer.call(torch.ones([2])).tolist() // [3, 3]
   */
  registerForwardHook(hook: ForwardHook, ...given: Given<HookOptions, []>): RemovableHandle {
    return registerHook('registerForwardHook', this[internals].hooks, hook, given)
  }

  /**
   * Switches this module and all below between training and evaluation.
   *
   * @throws ArgumentError for a mode that is neither true, the default, nor false.
   */
  train(mode: Flag<'mode'> = true): this {
    const training = flagOf('train', 'mode', mode)
    this.training = training
    for (const child of this.children()) child.train(training)
    return this
  }

  eval(): this {
    return this.train(false)
  }

  /** Lets all parameters require gradients, the default, or freezes them. */
  requiresGrad_(requiresGrad: Flag<'requiresGrad'> = true): this {
    const value = flagOf('requiresGrad_', 'requiresGrad', requiresGrad)
    for (const parameter of this.parameters()) parameter.requiresGrad = value
    return this
  }

  /** Forgets all gradients (sets them to null), or fills them with zeros where they are. */
  zeroGrad(setToNone: Flag<'setToNone'> = true): void {
    clearGradients(this.parameters(), flagOf('zeroGrad', 'setToNone', setToNone))
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
   * Parameters keep their identity. Takes a dtype and a device one after the other, too, or a tensor that has both.
   *
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.to
   * @example
   * new torch.nn.Linear(2, 2).to('float64').weight.dtype // 'float64'
   */
  to(...targets: [ModuleTarget, ...ModuleTarget[]]): this {
    return this.convertTensors(conversionTo(targets))
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

  /**
   * Parameters and persistent buffers by Python's names: the module's own tensors, outside of the graph unless `keepVars`.
   *
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.state_dict
   * @example
   * Object.keys(new torch.nn.Linear(2, 1).stateDict({ prefix: 'head.' })) // ['head.weight', 'head.bias']
   */
  stateDict(...given: Given<StateDictOptions, []>): StateDict {
    const { prefix = '', keepVars = false, destination = {} } = named<StateDictOptions>('stateDict', [], given, STATE_DICT)
    if (typeof prefix !== 'string') throw new ArgumentError(`stateDict(): prefix must be a string but is ${describe(prefix)}`)
    expectFlag('stateDict()', 'keepVars', keepVars)
    for (const [name, tensor] of this.stateTensors()) destination[`${prefix}${name}`] = keepVars ? tensor : keep(tensor.detach())
    return destination
  }

  /**
   * Copies values into the module's own tensors, whatever their dtype and device.
   *
   * With `assign` the state's tensors themselves take their place, with their dtype and device: parameters, unless the state holds such, become
   * new objects, so make the optimizer afterwards. Whether a parameter requires a gradient stays.
   *
   * @throws ArgumentError for wrong shapes always, and for missing and unexpected keys when strict (the default); then nothing is changed.
   * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.load_state_dict
   * @example
   * const linear = new torch.nn.Linear(2, 1)
   * linear.loadStateDict({ weight: torch.ones([1, 2]) }, { strict: false }) // { missingKeys: ['bias'], unexpectedKeys: [] }
   */
  loadStateDict(state: Readonly<StateDict>, ...given: Given<LoadOptions, typeof LOAD>): LoadResult {
    const { strict = true, assign = false } = named<LoadOptions>('loadStateDict', LOAD, given)
    expectFlag('loadStateDict()', 'strict', strict)
    expectFlag('loadStateDict()', 'assign', assign)
    const comparison = this.compareState(state)
    refuseMisfit(this.constructor.name, comparison, strict)
    if (assign) assignState(this as AnyModule, state)
    else this.copyState(state)
    const { missingKeys, unexpectedKeys } = comparison
    return { missingKeys, unexpectedKeys }
  }

  private copyState(state: Readonly<StateDict>): void {
    noGrad(() => {
      for (const [key, target] of this.stateTensors()) if (Object.hasOwn(state, key)) target.copy_(fitted(state[key]!, target))
    })
  }

  /** How a state dict differs from what this module would load: nothing is changed. */
  compareState(state: Readonly<StateDict>): StateComparison {
    checkState(state)
    const own = new Map(this.stateTensors())
    const modules = [...this.walk('', null)].map(([name, module]) => [name === '' ? '' : `${name}.`, module] as const)
    const tolerated = (key: string) =>
      modules.some(([prefix, module]) => key.startsWith(prefix) && module.toleratesMissing(key.slice(prefix.length)))
    const mismatches: ShapeMismatch[] = []
    for (const [key, target] of own) {
      if (!Object.hasOwn(state, key)) continue
      const given = fitted(state[key]!, target).shape
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
    // A state dict names a shared module under each of its names.
    for (const [prefix, module] of this.walk('', null))
      for (const [name, tensor] of module.ownStateTensors()) yield [joined(prefix, name), tensor]
  }

  /** @internal Keys, as this module names them, whose absence from a state is no error. */
  protected toleratesMissing(_key: string): boolean {
    return false
  }

  /**
   * An independent copy: parameters and buffers are copied (shared ones stay shared), hooks are not.
   *
   * @throws ArgumentError for a module whose forward is a field: the copy's would use the original's weights.
   */
  deepcopy(memo = new Map<unknown, unknown>()): this {
    const known = memo.get(this)
    if (known !== undefined) return known as this
    const copy = Object.create(Object.getPrototypeOf(this) as object) as this
    memo.set(this, copy)
    copy.renew(this)
    if (Object.hasOwn(this, 'forward'))
      throw new ArgumentError(
        `${this.constructor.name} cannot be copied, for its forward is a field, which would compute with the original's weights: write it as a method, forward(x) { … }`,
      )
    for (const [name, child] of this[internals].children) copy.registerModule(name, child.deepcopy(memo))
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

  override toString(): string {
    const extra = this.extraRepr()
    const children = [...this.ownChildren()].map(([name, child]) => `(${name}): ${indented(child.toString())}`)
    if (children.length === 0) return `${this.constructor.name}(${extra})`
    const lines = [...(extra === '' ? [] : [extra]), ...children].map((line) => `  ${line}`)
    return `${this.constructor.name}(\n${lines.join('\n')}\n)`
  }

  /** For `console.log`: as `toString()`. */
  [inspect.custom](depth: number | null = 2): string {
    return depth !== null && depth < 0 ? `[${this.constructor.name}]` : this.toString()
  }
}

/** @internal The lines after the first two spaces further in. */
export function indented(text: string): string {
  return text.replaceAll('\n', '\n  ')
}

/** In place of a method that a class in JavaScript may lack. */
Module.prototype.forward = function (this: AnyModule): never {
  throw new ArgumentError(`${this.constructor.name} has no forward: write what it computes as a method, forward(x) { … }`)
}
