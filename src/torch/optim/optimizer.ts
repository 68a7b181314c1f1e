import { inspect } from 'node:util'
import { ArgumentError, native } from '../../native'
import { camelCase } from '../../common/text'
import { enableGrad, noGrad } from '../autograd'
import { isTensor, keep, wrap } from '../tensor/base'
import { parametersOf, read, type DeclaredClass } from '../call/declared'
import { misfit } from '../call/errors'
import { describe } from '../call/describe'
import { suggestion } from '../../common/suggestions'
import { flagOf, type Flag } from '../nn/checks'
import { clearGradients } from '../nn/parameter'
import { shownFlag, shownNumber } from '../nn/layers/options'
import { scope } from '../memory'
import type { Tensor } from '../tensor/tensor'
import { readState, writeState, type OptimizerState, type ParamState, type StateNames } from './state'

/** As options are given: a learning rate may be a tensor of one element, whose value each step reads anew. */
export type Accepted<Options> = { [Key in keyof Options]: Key extends 'lr' ? Options[Key] | Tensor : Options[Key] }

/** Parameters that share options: what is left out is the optimizer's default. */
export type ParamGroup<Options> = { params: Iterable<Tensor> } & Partial<Accepted<Options>>

/** Parameters, or groups of them with options of their own. */
export type Params<Options> = Iterable<Tensor> | Iterable<ParamGroup<Options>>

/**
 * The base of the optimizers: parameter groups, state by parameter, and its exchange with Python.
 *
 * Options may be changed between steps, as `optimizer.paramGroups[0].lr = 1e-5`; a step refuses those outside their ranges. An optimizer of
 * one's own gives its options' defaults to the constructor and has an `update`, which changes one parameter.
 *
 * @throws ArgumentError for wrong options and for parameters that are no leaves.
 * @see https://docs.pytorch.org/docs/stable/optim.html#torch.optim.Optimizer
 * @example
 * class SignDescent extends torch.optim.Optimizer {
 *   update(param, grad, state, { lr }) { param.sub_(grad.sign().mul(lr)) }
 * }
 * const weight = torch.ones([2], { requiresGrad: true })
 * const optimizer = new SignDescent([weight], { lr: 0.25 })
 * weight.square().sum().backward()
 * optimizer.step()
 * weight.tolist() // [0.75, 0.75]
 */
export abstract class Optimizer<Options extends object> {
  readonly paramGroups: ({ params: Tensor[] } & Options)[] = []
  /** What is remembered of each parameter, by Python's names; empty before the first step. */
  readonly state = new Map<Tensor, ParamState>()
  private readonly known = new Set<Tensor>()

  static {
    // In place of a method that a class in JavaScript may lack.
    this.prototype.update = function (this: Optimizer<object>): never {
      throw new ArgumentError(`${this.constructor.name} has no update(param, grad, state, group), which changes one parameter: write it`)
    }
  }

  /** @param names - The options that this optimizer has; default: those of `defaults`. */
  constructor(
    params: Params<Options>,
    readonly defaults: Options = {} as Options,
    names: readonly string[] = Object.keys(defaults),
  ) {
    const unknown = Object.keys(defaults).find((key) => !names.includes(key))
    if (unknown !== undefined) throw new ArgumentError(`${this.constructor.name}: unknown option '${unknown}'${suggestion(unknown, names)}`)
    const list = this.listOf(params)
    if (list.length === 0) throw new ArgumentError(`${this.constructor.name} needs at least one parameter`)
    if (list.some(isTensor)) this.addParamGroup({ params: list as Tensor[] } as unknown as ParamGroup<Options>)
    else for (const group of list) this.addParamGroup(group as ParamGroup<Options>)
  }

  private listOf(params: unknown): unknown[] {
    const isIterable = typeof params === 'object' && params !== null && Symbol.iterator in params && !isTensor(params)
    if (isIterable) return [...(params as Iterable<unknown>)]
    throw new ArgumentError(
      `${this.constructor.name} takes a list of tensors, as module.parameters() gives, or of groups { params, … }, but received ${describe(params)}`,
    )
  }

  /**
   * Adds parameters with options of their own, such as layers that begin to be trained.
   *
   * @throws ArgumentError for what is no leaf, belongs to a group already, and for wrong options.
   */
  addParamGroup(group: ParamGroup<Options>): void {
    const name = this.constructor.name
    if (typeof group !== 'object' || group === null || !('params' in group))
      throw new ArgumentError(`${name}: a group must be { params, … } but is ${describe(group)}`)
    const { params: given, ...options } = group
    const params = (isTensor(given) ? [given] : this.listOf(given)) as Tensor[]
    const own = new Set<Tensor>()
    for (const [i, param] of params.entries()) {
      if (!isTensor(param)) throw new ArgumentError(`${name} trains tensors, but parameter ${i} is ${describe(param)}`)
      if (!param.isLeaf)
        throw new ArgumentError(
          `${name} can only train leaves, but parameter ${i} is the result of an operation: detach it, and let it require a gradient`,
        )
      if (this.known.has(param) || own.has(param))
        throw new ArgumentError(`parameter ${i} ([${param.shape.join(', ')}]) appears in more than one group, or twice`)
      own.add(param)
    }
    const unknown = Object.keys(options).find((key) => !Object.hasOwn(this.defaults, key))
    if (unknown !== undefined)
      throw new ArgumentError(`${name}: unknown option '${unknown}' of a group${suggestion(unknown, Object.keys(this.defaults))}`)
    const whole: Options = { ...this.defaults, ...(options as unknown as Partial<Options>) }
    this.checkOptions(this.resolved(whole))
    for (const param of own) this.known.add(param)
    this.paramGroups.push({ ...whole, params })
  }

  /** Forgets all gradients (sets them to null), or fills them with zeros where they are. */
  zeroGrad(setToNone: Flag<'setToNone'> = true): void {
    const forgets = flagOf('zeroGrad', 'setToNone', setToNone)
    for (const { params } of this.paramGroups) clearGradients(params, forgets)
  }

  /**
   * One step along the gradients; parameters without one stay.
   *
   * @throws ArgumentError for options of a group that are outside their ranges, or in Python's spelling; then no parameter is changed.
   * @param closure - Computes the loss anew and its gradients, before the step; its result is given back.
   */
  step(): void
  step<Loss>(closure: () => Loss): Loss
  step<Loss>(closure?: () => Loss): Loss | undefined {
    const loss = closure === undefined ? undefined : enableGrad(closure)
    noGrad(() => {
      for (const group of this.checkedGroups()) this.updateGroup(group)
    })
    return loss
  }

  /** The groups with numbers for options, for anything may have been written into them since the last step. */
  private checkedGroups(): ({ params: Tensor[] } & Options)[] {
    return this.paramGroups.map((group) => {
      this.refusePythonNames(group)
      const resolved = this.resolved(group)
      this.checkOptions(resolved)
      return resolved
    })
  }

  private refusePythonNames(group: object): void {
    for (const key in group) {
      if (!key.includes('_')) continue
      const meant = camelCase(key)
      if (Object.hasOwn(this.defaults, meant))
        throw new ArgumentError(`${this.constructor.name}: a group has '${key}', which nothing reads: write '${meant}'`)
    }
  }

  /** The options with the value of a learning rate that is a tensor. */
  private resolved<Given extends Options>(options: Given): Given {
    const { lr } = options as { lr?: unknown }
    if (!isTensor(lr)) return options
    if (lr.numel() !== 1)
      throw new ArgumentError(`${this.constructor.name}: lr must be a number or a Tensor of one element but is ${describe(lr)}`)
    return { ...options, lr: Number(lr.item()) }
  }

  /** Changes the parameters of a group that have a gradient. What an update makes is freed at its end, save what it puts into the state. */
  protected updateGroup(group: { readonly params: readonly Tensor[] } & Options): void {
    for (const param of group.params) {
      scope(() => {
        const grad = gradientOf(param)
        if (grad === null) return
        const state = this.stateOf(param)
        this.update(param, grad, state, group)
        for (const value of Object.values(state)) if (isTensor(value)) keep(value)
      })
    }
  }

  /** Changes one parameter in place. */
  protected abstract update(param: Tensor, grad: Tensor, state: ParamState, group: Options): void

  /** Refuses options outside their ranges. */
  protected checkOptions(_options: Options): void {}

  /** The names in a parameter's state: those it always has, and those it may have; null for any. */
  protected readonly stateNames: StateNames | null = null

  /** What is remembered of a parameter: empty at first. */
  protected stateOf(param: Tensor): ParamState {
    let state = this.state.get(param)
    if (state === undefined) this.state.set(param, (state = {}))
    return state
  }

  /**
   * The state in Python's form, which its optimizers load: the very tensors, not copies.
   *
   * @throws ArgumentError for a group with an option in Python's spelling.
   */
  stateDict(): OptimizerState {
    for (const group of this.paramGroups) this.refusePythonNames(group)
    return writeState(this.paramGroups, this.state)
  }

  /**
   * Takes a state of Python's form; tensors are copied to the parameters' dtypes and devices.
   *
   * @throws ArgumentError for a state of other groups, of another optimizer or of other shapes; then nothing is changed.
   */
  loadStateDict(dict: OptimizerState): void {
    const { groups, state } = readState(this.constructor.name, dict, this.paramGroups, this.stateNames)
    for (const group of groups) this.checkOptions({ ...this.defaults, ...group })
    groups.forEach((group, i) => Object.assign(this.paramGroups[i]!, group))
    this.state.clear()
    for (const [param, values] of state) this.state.set(param, values)
  }

  /** As Python prints it: the groups' options, sorted by Python's names. */
  toString(): string {
    const groups = writeState(this.paramGroups, new Map()).param_groups
    return `${this.constructor.name} (${groups.map(shownGroup).join('')}\n)`
  }

  /** For `console.log`: as `toString()`. */
  [inspect.custom](depth: number | null = 2): string {
    return depth !== null && depth < 0 ? `[${this.constructor.name}]` : this.toString()
  }
}

function shownGroup({ params: _, ...options }: Record<string, unknown>, i: number): string {
  const lines = Object.keys(options)
    .sort()
    .map((name) => `\n    ${name}: ${shownValue(options[name])}`)
  return `${i === 0 ? '' : '\n'}\nParameter Group ${i}${lines.join('')}`
}

function shownValue(value: unknown): string {
  if (isTensor(value)) return value.dim() === 0 ? shownValue(value.item()) : value.toString()
  if (Array.isArray(value)) return `(${value.map(shownValue).join(', ')})`
  if (typeof value === 'boolean') return shownFlag(value)
  return typeof value === 'number' || value === null ? shownNumber(value) : String(value)
}

/**
 * @internal The gradient under a handle of its own, to be disposed after use.
 *
 * `param.grad` keeps its object, and with it the memory, until the collector runs, though `zeroGrad` has let go of the gradient.
 */
export function gradientOf(param: Tensor): Tensor | null {
  const handle = native.grad(param._h, null)
  return handle === null || handle === true ? null : wrap(handle)
}

/** An optimizer, whatever its options. */
export interface AnyOptimizer {
  readonly defaults: object
  readonly paramGroups: readonly { readonly params: Tensor[] }[]
  step(): void
}

/**
 * @internal The base of an optimizer whose constructor PyTorch declares: options are checked by their kinds, at first and before each step.
 *
 * @param fixed - Options that Python keeps in the groups without taking them.
 */
export function optimizer<Options extends object, Constructor>(
  signature: DeclaredClass<Options, Constructor>,
  fixed: Readonly<Record<string, unknown>> = {},
): Constructor {
  abstract class DeclaredOptimizer extends Optimizer<Options> {
    constructor(...given: unknown[]) {
      const { params, ...options } = read(signature, given) as Options & { params: Params<Options> }
      super(params, { ...options, ...fixed } as unknown as Options)
    }

    protected override checkOptions(options: Options): void {
      for (const { camelName, kind, optional } of parametersOf(signature).slice(1)) {
        const value = (options as Record<string, unknown>)[camelName]
        if (value === null ? !optional : !kind.accepts(value)) throw misfit(this.constructor.name, camelName, kind.text, value)
        if (value === true && UNSUPPORTED.includes(camelName))
          throw misfit(this.constructor.name, camelName, 'false', value, ': no step here is captured or differentiated')
      }
    }
  }
  return DeclaredOptimizer as unknown as Constructor
}

/** Options of Python's whose other value changes what a step may be used for. */
const UNSUPPORTED: readonly string[] = ['capturable', 'differentiable']
