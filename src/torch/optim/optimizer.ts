import { inspect } from 'node:util'
import { ArgumentError, native } from '../../native'
import { camelCase } from '../../common/text'
import { enableGrad, noGrad } from '../autograd'
import { isTensor, keep, wrap } from '../tensor/base'
import { constructed, declared, parametersOf, read, type DeclaredClass } from '../call/declared'
import { misfit } from '../call/errors'
import { itemsOf } from '../call/items'
import { suggestion } from '../../common/suggestions'
import { clearGradients } from '../nn/parameter'
import { pythonRepr } from '../nn/layers/repr'
import { pythonFloatRepr } from '../tensor/print-format'
import { scope } from '../memory'
import type { Tensor } from '../tensor/tensor'
import { readState, writeState, type OptimizerState, type ParamState, type StateNames } from './state'

/** Options as the caller gives them: a learning rate may be a tensor of one element, whose value every step reads. */
export type Accepted<Options> = { [Key in keyof Options]: Key extends 'lr' ? Options[Key] | Tensor : Options[Key] }

/** Parameters that share options; missing options are the optimizer's defaults. */
export type ParamGroup<Options> = { params: Iterable<Tensor> } & Partial<Accepted<Options>>

/** Parameters, or groups of parameters with separate options. */
export type Params<Options> = Iterable<Tensor> | Iterable<ParamGroup<Options>>

const ZERO_GRAD = declared<{ setToNone: boolean }>('zeroGrad', 'set_to_none:b=true')

/**
 * The base class of optimizers: parameter groups, and state by parameter that is exchanged with Python.
 *
 * Options may be changed between steps, as in `optimizer.paramGroups[0].lr = 1e-5`; `step` rejects values outside their ranges. A subclass passes
 * the defaults of its options to the constructor and defines `update`, which changes one parameter.
 *
 * @throws ArgumentError for wrong options and for parameters that are not leaves.
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
  /** The state of each parameter, under Python's names; empty before the first step. */
  readonly state = new Map<Tensor, ParamState>()
  private readonly known = new Set<Tensor>()

  static {
    // Called if a subclass in JavaScript, which is not checked by the compiler, has no `update`.
    this.prototype.update = function (this: Optimizer<object>): never {
      throw new ArgumentError(`${this.constructor.name} has no update(param, grad, state, group), which changes one parameter: write it`)
    }
  }

  /** @param names - The names of the options; default: those of `defaults`. */
  constructor(
    params: Params<Options>,
    readonly defaults: Options = {} as Options,
    names: readonly string[] = Object.keys(defaults),
  ) {
    if (typeof defaults !== 'object' || (defaults as object | null) === null)
      throw misfit(this.constructor.name, 'defaults', 'an object of options', defaults)
    if (!Array.isArray(names)) throw misfit(this.constructor.name, 'names', 'an array of strings', names)
    const unknown = Object.keys(defaults).find((key) => !names.includes(key))
    if (unknown !== undefined)
      throw new ArgumentError(`${this.constructor.name}(): unknown option '${unknown}'${suggestion(unknown, names)}`)
    const list = this.listOf(params)
    if (list.length === 0) throw misfit(this.constructor.name, 'params', 'at least one parameter', list)
    if (list.some(isTensor)) this.addParamGroup({ params: list as Tensor[] } as unknown as ParamGroup<Options>)
    else for (const group of list) this.addParamGroup(group as ParamGroup<Options>)
  }

  private listOf(params: unknown): unknown[] {
    return itemsOf(this.constructor.name, 'params', 'a list of tensors, as module.parameters() gives, or of groups { params, … }', params)
  }

  /**
   * Adds a group of parameters with separate options, for instance layers that are trained from now on.
   *
   * @throws ArgumentError for parameters that are not leaves or belong to a group already, and for wrong options.
   */
  addParamGroup(group: ParamGroup<Options>): void {
    const name = this.constructor.name
    if (typeof group !== 'object' || group === null || !('params' in group)) throw misfit(name, 'paramGroup', '{ params, … }', group)
    const { params: given, ...options } = group
    const params = (isTensor(given) ? [given] : this.listOf(given)) as Tensor[]
    const own = new Set<Tensor>()
    for (const [i, param] of params.entries()) {
      if (!isTensor(param)) throw misfit(name, `params[${i}]`, 'a Tensor', param)
      if (!param.isLeaf)
        throw misfit(name, `params[${i}]`, 'a leaf', param, ', the result of an operation: detach it, and let it require a gradient')
      if (this.known.has(param) || own.has(param)) throw misfit(name, `params[${i}]`, 'each parameter once, in one group', param, ' again')
      own.add(param)
    }
    const unknown = Object.keys(options).find((key) => !Object.hasOwn(this.defaults, key))
    if (unknown !== undefined)
      throw new ArgumentError(`${name}(): unknown option '${unknown}' of a group${suggestion(unknown, Object.keys(this.defaults))}`)
    const whole: Options = { ...this.defaults, ...(options as unknown as Partial<Options>) }
    this.checkOptions(this.resolved(whole))
    for (const param of own) this.known.add(param)
    this.paramGroups.push({ ...whole, params })
  }

  /** Sets all gradients to null, or fills existing ones with zeros. */
  zeroGrad(setToNone: boolean | { readonly setToNone?: boolean | null | undefined } | null = true): void {
    const forgets = read(ZERO_GRAD, [setToNone]).setToNone
    for (const { params } of this.paramGroups) clearGradients(params, forgets)
  }

  /**
   * Updates all parameters that have a gradient.
   *
   * @throws ArgumentError for options of a group outside their ranges or in Python's spelling, before any parameter changes.
   * @param closure - Computes the loss and its gradients before the step; its result is returned.
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

  /** Validated groups with tensor `lr` as a number; users may edit them between steps. */
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
        throw new ArgumentError(`${this.constructor.name}(): unknown option '${key}' of a group (did you mean '${meant}'?)`)
    }
  }

  /** The options, with a learning rate that is a tensor replaced by its value. */
  private resolved<Given extends Options>(options: Given): Given {
    const { lr } = options as { lr?: unknown }
    if (!isTensor(lr)) return options
    if (lr.numel() !== 1) throw misfit(this.constructor.name, 'lr', 'a number or a Tensor of one element', lr)
    return { ...options, lr: Number(lr.item()) }
  }

  /** Updates the parameters of a group that have a gradient. Tensors made by an update are freed at its end, except those put into the state. */
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

  /** Updates one parameter in place. */
  protected abstract update(param: Tensor, grad: Tensor, state: ParamState, group: Options): void

  /** Rejects options outside their ranges. */
  protected checkOptions(_options: Options): void {}

  /** The names in a parameter's state, required and optional ones; null allows any. */
  protected readonly stateNames: StateNames | null = null

  /** The state of a parameter, initially empty. */
  protected stateOf(param: Tensor): ParamState {
    let state = this.state.get(param)
    if (state === undefined) this.state.set(param, (state = {}))
    return state
  }

  /**
   * The state in Python's form, which Python's optimizers load. It holds the tensors themselves, not copies.
   *
   * @throws ArgumentError for a group with an option in Python's spelling.
   */
  stateDict(): OptimizerState {
    for (const group of this.paramGroups) this.refusePythonNames(group)
    return writeState(this.paramGroups, this.state)
  }

  /**
   * Loads a state in Python's form; tensors are copied to the parameters' dtypes and devices.
   *
   * @throws ArgumentError for a state with other groups or shapes, or of another optimizer, before anything changes.
   */
  loadStateDict(dict: OptimizerState): void {
    const { groups, state } = readState(this.constructor.name, dict, this.paramGroups, this.stateNames)
    for (const group of groups) this.checkOptions({ ...this.defaults, ...group })
    groups.forEach((group, i) => Object.assign(this.paramGroups[i]!, group))
    this.state.clear()
    for (const [param, values] of state) this.state.set(param, values)
  }

  /** The groups' options, sorted by Python's names, as Python prints them. */
  toString(): string {
    const groups = writeState(this.paramGroups, new Map()).param_groups
    const shown = groups.map((group, i) => shownGroup(group, i, (option) => this.floatsOf(option)))
    return `${this.constructor.name} (${shown.join('')}\n)`
  }

  /** The numbers in the default of an option, under Python's name, that are floats in Python. */
  protected floatsOf(_option: string): readonly number[] {
    return []
  }

  /** For `console.log`: the text of `toString()`. */
  [inspect.custom](depth: number | null = 2): string {
    return depth !== null && depth < 0 ? `[${this.constructor.name}]` : this.toString()
  }
}

function shownGroup(
  { params: _, ...options }: Record<string, unknown>,
  i: number,
  floatsOf: (option: string) => readonly number[],
): string {
  const lines = Object.keys(options)
    .sort()
    .map((name) => `\n    ${name}: ${shownValue(options[name], floatsOf(name))}`)
  return `${i === 0 ? '' : '\n'}\nParameter Group ${i}${lines.join('')}`
}

function shownValue(value: unknown, defaultFloats: readonly number[]): string {
  if (isTensor(value)) {
    if (value.dim() > 0) return value.toString()
    const number = value.item()
    return shownValue(number, value.isFloatingPoint() ? [number as number] : [])
  }
  if (Array.isArray(value)) return `(${value.map((item) => shownValue(item, defaultFloats)).join(', ')})`
  if (typeof value === 'number' && defaultFloats.includes(value)) return pythonFloatRepr(value)
  return typeof value === 'string' ? value : pythonRepr(value)
}

/**
 * @internal The gradient under a new handle, which the caller disposes.
 *
 * The object of `param.grad` would keep the gradient's memory until a collection, even after `zeroGrad`.
 */
export function gradientOf(param: Tensor): Tensor | null {
  const handle = native.grad(param._h, null)
  return handle === null || handle === true ? null : wrap(handle)
}

/** An optimizer with any options. */
export interface AnyOptimizer {
  readonly defaults: object
  readonly paramGroups: readonly { readonly params: Tensor[] }[]
  step(): void
}

/**
 * @internal The base class of an optimizer with a declared constructor: options are checked by their kinds, at construction and before each step.
 *
 * @param fixed - Options that Python stores in the groups but does not accept.
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

    override loadStateDict(dict: OptimizerState): void {
      super.loadStateDict(dict)
      // As Python's AdamW, which is AdamW whatever a state says.
      for (const group of this.paramGroups) Object.assign(group, fixed)
    }

    protected override floatsOf(option: string): readonly number[] {
      return parametersOf(signature).find(({ name }) => name === option)?.defaultFloats ?? []
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
  return constructed(signature, DeclaredOptimizer)
}

/** Python's options of which only the default is supported. */
const UNSUPPORTED: readonly string[] = ['capturable', 'differentiable']
