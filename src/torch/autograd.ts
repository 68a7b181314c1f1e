import { ArgumentError, native } from '../native'
import { isTensor, wrap } from './base'
import type { Tensor } from './tensor'

export interface BackwardOptions {
  /** The gradient of what comes after; needed unless the tensor has one element. */
  gradient?: Tensor | null
  /** Keeps the graph for another backward; default: `createGraph`. */
  retainGraph?: boolean
  /** Builds a graph of the gradients, for second derivatives. */
  createGraph?: boolean
  /** Accumulates into these leaves only. */
  inputs?: readonly Tensor[]
}

/** Accumulates gradients into the leaves of the tensors' graphs. */
export function backward(tensors: Tensor | readonly Tensor[], options: Omit<BackwardOptions, 'gradient'> & { gradTensors?: readonly (Tensor | null)[] } = {}): void {
  const roots = isTensor(tensors) ? [tensors] : tensors
  const gradients = options.gradTensors ?? roots.map(() => null)
  const createGraph = options.createGraph ?? false
  native.backward(
    roots.map((root) => root._h),
    gradients.map((gradient) => gradient?._h ?? null),
    options.retainGraph ?? createGraph,
    createGraph,
    options.inputs?.map((input) => input._h) ?? null,
  )
}

export interface GradOptions {
  gradOutputs?: Tensor | readonly (Tensor | null)[]
  retainGraph?: boolean
  createGraph?: boolean
  /** An input outside the graph gives null in place of an error. */
  allowUnused?: boolean
}

/**
 * Gradients of the outputs with respect to the inputs, without touching any `grad`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html
 * @example
 * const x = torch.tensor([3], { requiresGrad: true })
 * torch.autograd.grad(x.mul(x), [x])[0].item() // 6
 */
export function grad(outputs: Tensor | readonly Tensor[], inputs: Tensor | readonly Tensor[], options: GradOptions & { allowUnused: true }): (Tensor | null)[]
export function grad(outputs: Tensor | readonly Tensor[], inputs: Tensor | readonly Tensor[], options?: GradOptions): Tensor[]
export function grad(outputs: Tensor | readonly Tensor[], inputs: Tensor | readonly Tensor[], options: GradOptions = {}): (Tensor | null)[] {
  const roots = isTensor(outputs) ? [outputs] : outputs
  const leaves = isTensor(inputs) ? [inputs] : inputs
  const given = options.gradOutputs
  const gradients: readonly (Tensor | null)[] = given === undefined ? roots.map(() => null) : isTensor(given) ? [given] : given
  const createGraph = options.createGraph ?? false
  const results = native.autogradGrad(
    roots.map((root) => root._h),
    leaves.map((leaf) => leaf._h),
    gradients.map((gradient) => gradient?._h ?? null),
    options.retainGraph ?? createGraph,
    createGraph,
    options.allowUnused ?? false,
  )
  return results.map((handle) => (handle === null ? null : wrap(handle)))
}

export function isGradEnabled(): boolean {
  return native.isGradEnabled()
}

function withGrad<T>(enabled: boolean, body: () => T): T {
  const previous = native.isGradEnabled()
  native.setGradEnabled(enabled)
  try {
    return checkSynchronous(body(), enabled ? 'enableGrad' : 'noGrad')
  } finally {
    native.setGradEnabled(previous)
  }
}

/** A mode ends when its function returns, so what an async one does later would run outside of it. */
function checkSynchronous<T>(result: T, name: string): T {
  if (typeof result === 'object' && result !== null && 'then' in result && typeof result.then === 'function') {
    throw new ArgumentError(`${name}() takes a function that is not async: its mode would end at the first await. Await before it, or call ${name}() around each synchronous part`)
  }
  return result
}

/**
 * Runs `body` without recording a graph.
 *
 * @example
 * const w = torch.ones([2], { requiresGrad: true })
 * torch.noGrad(() => w.mul(2)).requiresGrad // false
 */
export function noGrad<T>(body: () => T): T {
  return withGrad(false, body)
}

export function enableGrad<T>(body: () => T): T {
  return withGrad(true, body)
}

/** Runs `body` with the graph on or off, or switches it until the next call when no body is given. */
export function setGradEnabled<T = undefined>(enabled: boolean, body?: () => T): T | undefined {
  if (body !== undefined) return withGrad(enabled, body)
  native.setGradEnabled(enabled)
  return undefined
}

export function isInferenceModeEnabled(): boolean {
  return native.isInferenceMode()
}

/** Runs `body` in inference mode: no graph, no version counters; what it makes can never require a gradient. */
export function inferenceMode<T>(body: () => T): T {
  native.enterInferenceMode()
  try {
    return checkSynchronous(body(), 'inferenceMode')
  } finally {
    native.leaveInferenceMode()
  }
}
