import { ArgumentError } from '../../native'
import { noGrad } from '../autograd'
import { isTensor, keep } from '../base'
import type { Tensor } from '../tensor'

/** Parameters that share options: what is left out is the optimizer's default. */
export type ParamGroup<Options> = { params: readonly Tensor[] } & Partial<Options>

/** What an optimizer remembers of one parameter, by Python's names. */
export type ParamState = Record<string, Tensor | number | null>

/** Python's form: state by the parameter's number, and the groups with numbers in place of parameters. */
export interface OptimizerState {
  state: Map<number, ParamState>
  param_groups: Record<string, unknown>[]
}

/** Python's name of an option, and back. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** The base of the optimizers: parameter groups, state by parameter, and its exchange with Python. */
export abstract class Optimizer<Options extends object> {
  readonly paramGroups: ({ params: Tensor[] } & Options)[] = []
  protected readonly state = new Map<Tensor, ParamState>()

  constructor(
    params: Iterable<Tensor> | readonly ParamGroup<Options>[],
    readonly defaults: Options,
  ) {
    const list = [...(params as Iterable<Tensor | ParamGroup<Options>>)]
    if (list.length === 0) throw new ArgumentError('an optimizer needs at least one parameter')
    if (isTensor(list[0])) this.addParamGroup({ params: list as Tensor[] } as unknown as ParamGroup<Options>)
    else for (const group of list) this.addParamGroup(group as ParamGroup<Options>)
  }

  addParamGroup(group: ParamGroup<Options>): void {
    const params = [...group.params]
    for (const param of params) {
      if (!isTensor(param)) throw new ArgumentError('an optimizer takes tensors, or groups `{ params, … }`')
      if (!param.isLeaf) throw new ArgumentError('an optimizer can only train leaves: this tensor is the result of an operation')
      if (this.paramGroups.some((known) => known.params.includes(param))) throw new ArgumentError('a parameter appears in more than one group')
    }
    this.paramGroups.push({ ...this.defaults, ...group, params })
  }

  /** Forgets all gradients (sets them to null), or zeroes them. */
  zeroGrad(options: { setToNone?: boolean } = {}): void {
    for (const { params } of this.paramGroups) {
      for (const param of params) {
        if (options.setToNone ?? true) param.grad = null
        else param.grad?.zero_()
      }
    }
  }

  /** One step along the gradients; parameters without one stay. */
  step(): void {
    noGrad(() => {
      for (const group of this.paramGroups) {
        for (const param of group.params) {
          const { grad } = param
          if (grad !== null) this.update(param, grad, this.stateOf(param), group)
        }
      }
    })
  }

  /** Changes one parameter in place. */
  protected abstract update(param: Tensor, grad: Tensor, state: ParamState, group: Options): void

  private stateOf(param: Tensor): ParamState {
    let state = this.state.get(param)
    if (state === undefined) this.state.set(param, (state = {}))
    return state
  }

  /** The state in Python's form, which its optimizers load. */
  stateDict(): OptimizerState {
    const numbers = new Map(this.paramGroups.flatMap(({ params }) => params).map((param, i) => [param, i]))
    const state = new Map<number, ParamState>()
    for (const [param, number] of numbers) {
      const own = this.state.get(param)
      if (own !== undefined && Object.keys(own).length > 0) state.set(number, { ...own })
    }
    const groups = this.paramGroups.map(({ params, ...options }) => ({
      ...Object.fromEntries(Object.entries(options).map(([key, value]) => [snake(key), value])),
      ...this.pythonDefaults(),
      params: params.map((param) => numbers.get(param)!),
    }))
    return { state, param_groups: groups }
  }

  /** Options that Python's optimizer has in its groups and this one does not. */
  protected pythonDefaults(): Record<string, unknown> {
    return {}
  }

  /** Takes a state of Python's form; tensors are copied to the parameters' devices. */
  loadStateDict(dict: OptimizerState): void {
    const groups = dict.param_groups
    const sizes = groups.map((group) => (group['params'] as unknown[]).length)
    if (sizes.join() !== this.paramGroups.map(({ params }) => params.length).join()) {
      throw new ArgumentError(
        `the state's groups have ${sizes.join(', ')} parameters, this optimizer's ${this.paramGroups.map(({ params }) => params.length).join(', ')}`,
      )
    }
    const byNumber = new Map<number, Tensor>()
    groups.forEach((group, i) => {
      const own = this.paramGroups[i]!
      ;(group['params'] as number[]).forEach((number, j) => byNumber.set(Number(number), own.params[j]!))
      for (const [key, value] of Object.entries(group)) {
        const name = camel(key)
        if (name !== 'params' && name in this.defaults) (own as Record<string, unknown>)[name] = value
      }
    })
    this.state.clear()
    const entries: Iterable<[unknown, ParamState]> = dict.state instanceof Map ? dict.state : Object.entries(dict.state as Record<string, ParamState>)
    for (const [number, values] of entries) {
      const param = byNumber.get(Number(number))
      if (param === undefined) throw new ArgumentError(`the state names parameter ${String(number)}, which no group has`)
      const own: ParamState = {}
      for (const [key, value] of Object.entries(values)) {
        if (!isTensor(value)) own[key] = value
        else own[key] = keep(key === 'step' ? value.detach().clone() : value.detach().to({ dtype: param.dtype, device: param.device, copy: true }))
      }
      this.state.set(param, own)
    }
  }
}

/** @internal Refuses a number outside its range. */
export function checkRange(name: string, value: number, low: number, high = Infinity): void {
  if (!(value >= low && value < high)) throw new ArgumentError(`${name} must be ${high === Infinity ? `at least ${low}` : `in [${low}, ${high})`} but is ${value}`)
}
