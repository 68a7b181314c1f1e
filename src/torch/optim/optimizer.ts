import { ArgumentError, native } from '../../native'
import { enableGrad, noGrad } from '../autograd'
import { isTensor, wrap } from '../base'
import { describe } from '../dispatch/describe'
import { suggestion } from '../dispatch/suggestion'
import { flagOf, type Flag } from '../nn/checks'
import { clearGradients } from '../nn/gradients'
import type { Tensor } from '../tensor'
import { readState, writeState, type OptimizerState, type ParamState } from './state'

/** Parameters that share options: what is left out is the optimizer's default. */
export type ParamGroup<Options> = { params: Iterable<Tensor> } & Partial<Options>

/** Parameters, or groups of them with options of their own. */
export type Params<Options> = Iterable<Tensor> | Iterable<ParamGroup<Options>>

/**
 * The base of the optimizers: parameter groups, state by parameter, and its exchange with Python.
 *
 * Options may be changed between steps, as `optimizer.paramGroups[0].lr = 1e-5`.
 *
 * @see https://docs.pytorch.org/docs/stable/optim.html#torch.optim.Optimizer
 */
export abstract class Optimizer<Options extends object> {
  readonly paramGroups: ({ params: Tensor[] } & Options)[] = []
  /** What is remembered of each parameter, by Python's names; empty before the first step. */
  readonly state = new Map<Tensor, ParamState>()
  private readonly known = new Set<Tensor>()

  /** @param names - The options that this optimizer has. */
  constructor(
    params: Params<Options>,
    readonly defaults: Options,
    names: readonly string[],
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
    const unknown = Object.keys(options).find((key) => !(key in this.defaults))
    if (unknown !== undefined)
      throw new ArgumentError(`${name}: unknown option '${unknown}' of a group${suggestion(unknown, Object.keys(this.defaults))}`)
    const whole: Options = { ...this.defaults, ...(options as unknown as Partial<Options>) }
    this.checkOptions(whole)
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
   * @param closure - Computes the loss anew and its gradients, before the step; its result is given back.
   */
  step(): void
  step<Loss>(closure: () => Loss): Loss
  step<Loss>(closure?: () => Loss): Loss | undefined {
    const loss = closure === undefined ? undefined : enableGrad(closure)
    noGrad(() => {
      for (const group of this.paramGroups) this.updateGroup(group)
    })
    return loss
  }

  /** Changes the parameters of a group that have a gradient. */
  protected updateGroup(group: { readonly params: readonly Tensor[] } & Options): void {
    for (const param of group.params) {
      const grad = gradientOf(param)
      if (grad === null) continue
      this.update(param, grad, this.stateOf(param), group)
      grad.dispose()
    }
  }

  /** Changes one parameter in place. */
  protected abstract update(param: Tensor, grad: Tensor, state: ParamState, group: Options): void

  /** Refuses options outside their ranges. */
  protected abstract checkOptions(options: Options): void

  /** The names in a parameter's state: those it always has, and those it may have. */
  protected abstract readonly stateNames: { readonly always: readonly string[]; readonly sometimes: readonly string[] }

  /** Options that Python's optimizer has in its groups and this one does not. */
  protected abstract pythonDefaults(): Record<string, unknown>

  /** What is remembered of a parameter: empty at first. */
  protected stateOf(param: Tensor): ParamState {
    let state = this.state.get(param)
    if (state === undefined) this.state.set(param, (state = {}))
    return state
  }

  /** The state in Python's form, which its optimizers load: the very tensors, not copies. */
  stateDict(): OptimizerState {
    return writeState(this.paramGroups, this.state, this.pythonDefaults())
  }

  /**
   * Takes a state of Python's form; tensors are copied to the parameters' dtypes and devices.
   *
   * @throws ArgumentError for a state of other groups, of another optimizer or of other shapes; then nothing is changed.
   */
  loadStateDict(dict: OptimizerState): void {
    const { groups, state } = readState(this.constructor.name, dict, this.paramGroups, this.stateNames, Object.keys(this.pythonDefaults()))
    for (const group of groups) this.checkOptions({ ...this.defaults, ...group })
    groups.forEach((group, i) => Object.assign(this.paramGroups[i]!, group))
    this.state.clear()
    for (const [param, values] of state) this.state.set(param, values)
  }
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

/** @internal Refuses a number outside its range. */
export function checkRange(name: string, value: number, low: number, high = Infinity): void {
  if (!(typeof value === 'number' && value >= low && value < high)) {
    throw new ArgumentError(
      `${name} must be ${high === Infinity ? `a number from ${low} on` : `in [${low}, ${high})`} but is ${describe(value)}`,
    )
  }
}

/** @internal Refuses options by position, as Python takes them. */
export function checkNamed(optimizer: string, options: unknown, example: string): void {
  if (typeof options !== 'object' || options === null || isTensor(options)) {
    throw new ArgumentError(`${optimizer} takes its options by name, as ${example}, but received ${describe(options)}`)
  }
}
