import { camelCase, snakeCase } from '../../common/text'
import { ArgumentError } from '../../native'
import { isTensor, keep } from '../tensor/base'
import { scalarTensor } from '../tensor/creation'
import { describe } from '../../common/describe'
import { misfit } from '../call/errors'
import type { Tensor } from '../tensor/tensor'

/** The state of one parameter, under Python's names. */
export type ParamState = Record<string, Tensor | number | null>

/** An optimizer's state in Python's form: state by parameter number, and groups with numbers in place of parameters. */
export interface OptimizerState {
  state: Map<number, ParamState>
  param_groups: Record<string, unknown>[]
}

type Group = { params: Tensor[] } & object

/** Converts groups and states to Python's form. Parameters are numbered across all groups. */
export function writeState(groups: readonly Group[], states: ReadonlyMap<Tensor, ParamState>): OptimizerState {
  const numbers = new Map(groups.flatMap(({ params }) => params).map((param, i) => [param, i]))
  const state = new Map<number, ParamState>()
  for (const [param, number] of numbers) {
    const own = states.get(param)
    if (own !== undefined && Object.keys(own).length > 0) state.set(number, { ...own })
  }
  const written = groups.map(({ params, ...options }) => ({
    // Frozen arrays are saved as tuples, as Python's betas are.
    ...Object.fromEntries(
      Object.entries(options).map(([key, value]) => [
        snakeCase(key),
        Array.isArray(value) ? Object.freeze([...(value as unknown[])]) : (value as unknown),
      ]),
    ),
    params: params.map((param) => numbers.get(param)!),
  }))
  return { state, param_groups: written }
}

/** The required and optional entries of a parameter's state. */
export interface StateNames {
  readonly always: readonly string[]
  readonly sometimes: readonly string[]
  /** Entries with a single number besides the step counter; others have the parameter's shape. */
  readonly scalars?: readonly string[]
}

interface ReadState {
  /** The options of each group, under this package's names. */
  readonly groups: readonly Record<string, unknown>[]
  readonly state: ReadonlyMap<Tensor, ParamState>
}

/** Reads and checks a state for these groups; copies its tensors and changes nothing. */
export function readState(optimizer: string, dict: OptimizerState, groups: readonly Group[], names: StateNames | null): ReadState {
  const given = groupsOf(optimizer, dict)
  const [theirs, ours] = [given.map(({ params }) => params.length), groups.map(({ params }) => params.length)]
  if (theirs.join() !== ours.join()) {
    throw new ArgumentError(
      `the state has groups of ${theirs.join(', ')} parameters, but this ${optimizer} has groups of ${ours.join(', ')}`,
    )
  }
  const byNumber = new Map<number, Tensor>()
  given.forEach(({ params }, i) => params.forEach((number, j) => byNumber.set(Number(number), groups[i]!.params[j]!)))
  const state = new Map<Tensor, ParamState>()
  const remembered: Iterable<[unknown, ParamState]> =
    dict.state instanceof Map ? dict.state : Object.entries(dict.state as Record<string, ParamState>)
  for (const [number, values] of remembered) {
    const param = byNumber.get(Number(number))
    if (param === undefined) throw new ArgumentError(`the state remembers parameter ${describe(number)}, which is in none of its groups`)
    checkValues(optimizer, number, values, names)
    const entries = Object.entries(values).map(([key, value]) => [key, valueFor(param, number, key, value, names)] as const)
    state.set(param, Object.fromEntries(entries))
  }
  return { groups: given.map(({ options }) => optionsOf(options)), state }
}

/** The options of a group, including entries added by a scheduler, such as `initial_lr`. */
function optionsOf(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [camelCase(key), isTensor(value) && value.numel() === 1 ? value.item() : value]),
  )
}

function groupsOf(optimizer: string, dict: OptimizerState): { params: unknown[]; options: Record<string, unknown> }[] {
  const groups = typeof dict === 'object' && dict !== null ? dict.param_groups : undefined
  if (!Array.isArray(groups) || typeof dict.state !== 'object' || dict.state === null)
    throw misfit('loadStateDict', 'dict', `{ state, param_groups } of ${optimizer}, as stateDict() gives here and in Python`, dict)
  return groups.map((group: unknown, i) => {
    const { params, ...options } = (typeof group === 'object' && group !== null ? group : {}) as Record<string, unknown>
    if (!Array.isArray(params) || !params.every((number) => Number.isInteger(Number(number)) && number !== null))
      throw misfit('loadStateDict', `dict.param_groups[${i}]`, '{ params: [0, 1, …], … }', group)
    return { params, options }
  })
}

function checkValues(optimizer: string, number: unknown, values: unknown, names: StateNames | null): void {
  if (typeof values !== 'object' || values === null || isTensor(values) || Array.isArray(values))
    throw misfit('loadStateDict', `dict.state[${String(number)}]`, 'values by name', values)
  if (names === null) return
  const { always, sometimes } = names
  const given = Object.keys(values)
  const fits = always.every((name) => given.includes(name)) && given.every((name) => always.includes(name) || sometimes.includes(name))
  if (fits) return
  const wanted = [...always, ...sometimes.map((name) => `perhaps ${name}`)].join(', ')
  throw new ArgumentError(
    `the state is of another optimizer: parameter ${String(number)} remembers ${given.join(', ')}, but ${optimizer} expects ${wanted}`,
  )
}

type Value = Tensor | number | null

function valueFor(param: Tensor, number: unknown, key: string, value: Value, names: StateNames | null): Value {
  if (key === 'step' || names?.scalars?.includes(key) === true) return scalarOf(key, number, value)
  if (!isTensor(value)) {
    if (names === null || (value === null && names.sometimes.includes(key))) return value
    throw misfit('loadStateDict', `dict.state[${String(number)}].${key}`, 'a Tensor', value)
  }
  if (names !== null && value.shape.join() !== param.shape.join()) {
    throw new ArgumentError(
      `${key} of parameter ${String(number)} is [${value.shape.join(', ')}] in the state, but the parameter is [${param.shape.join(', ')}]`,
    )
  }
  return keep(value.detach().to({ dtype: param.dtype, device: param.device, copy: true }))
}

/** Converts a plain number to a tensor; optimizers before PyTorch 1.12 counted steps in numbers. */
function scalarOf(key: string, number: unknown, value: Value): Tensor {
  if (isTensor(value) && value.numel() === 1) return keep(value.detach().to({ device: 'cpu', copy: true }))
  if (typeof value === 'number' && value >= 0) return keep(scalarTensor(value, { dtype: 'float32' }))
  throw misfit('loadStateDict', `dict.state[${String(number)}].${key}`, 'a number from 0', value)
}
