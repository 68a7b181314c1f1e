import { expectFunction } from './call/expected'
import { ArgumentError, native, type TensorHandle } from '../native'
import { isTensor, wrap } from './tensor/base'
import { describe } from './call/describe'
import { named, type Given } from './call/named'
import { isOptions } from './call/bind'
import { sweepHooks } from './hooks'
import { checkSynchronous } from './synchronous'
import type { Tensor } from './tensor/tensor'

export interface BackwardOptions {
  /** The gradient of what comes after; needed unless the tensor has one element. */
  gradient?: Tensor
  /** Keeps the graph for another backward; default: `createGraph`. */
  retainGraph?: boolean
  /** Builds a graph of the gradients, for second derivatives. */
  createGraph?: boolean
  /** Accumulates into these leaves only. */
  inputs?: readonly Tensor[]
}

type BackwardAllOptions = Omit<BackwardOptions, 'gradient'> & {
  /** The gradient of each tensor; null stands for one, where it has one element. */
  gradTensors?: Tensor | readonly (Tensor | null)[]
}
const BACKWARD_ALL = ['gradTensors', 'retainGraph', 'createGraph', 'inputs'] as const

/**
 * Accumulates gradients into the leaves of the tensors' graphs.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.autograd.backward.html
 */
export function backward(tensors: Tensor | readonly Tensor[], ...given: Given<BackwardAllOptions, typeof BACKWARD_ALL>): void {
  const options = named<BackwardAllOptions>('backward', BACKWARD_ALL, given)
  const roots = tensorsOf('backward', tensors)
  const inputs = options.inputs === undefined ? null : tensorsOf('backward', options.inputs)
  const createGraph = options.createGraph ?? false
  try {
    native.backward(
      roots.map((root) => root._h),
      gradientsOf(roots, options.gradTensors),
      options.retainGraph ?? createGraph,
      createGraph,
      inputs?.map((input) => input._h) ?? null,
    )
  } finally {
    sweepHooks()
  }
}

function tensorsOf(call: string, given: Tensor | readonly Tensor[]): readonly Tensor[] {
  const tensors = isTensor(given) ? [given] : given
  if (Array.isArray(tensors) && tensors.every(isTensor)) return tensors
  throw new ArgumentError(`${call}() takes a Tensor or an array of them but received ${describe(given)}`)
}

/** The gradient that each root starts with; null stands for one, where the root has one element. */
function gradientsOf(roots: readonly Tensor[], given: Tensor | readonly (Tensor | null)[] | undefined): (TensorHandle | null)[] {
  if (given === undefined) return roots.map(() => null)
  const gradients: readonly (Tensor | null)[] = Array.isArray(given) ? (given as readonly (Tensor | null)[]) : [given as Tensor]
  if (gradients.length !== roots.length)
    throw new ArgumentError(`expected one gradient for each of ${roots.length} tensors but received ${gradients.length}`)
  return gradients.map((gradient, i) => {
    const root = roots[i]!
    if (gradient !== null && !isTensor(gradient)) throw new ArgumentError(`a gradient must be a Tensor but is ${describe(gradient)}`)
    if (gradient !== null && gradient.shape.join() !== root.shape.join()) {
      throw new ArgumentError(
        `a gradient must have its tensor's shape: expected [${root.shape.join(', ')}] but received [${gradient.shape.join(', ')}]`,
      )
    }
    return gradient?._h ?? null
  })
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
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions & { allowUnused: true },
): (Tensor | null)[]
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  ...given: Given<GradOptions, ['gradOutputs', 'retainGraph', 'createGraph']>
): Tensor[]
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  ...given: Given<GradOptions, ['gradOutputs', 'retainGraph', 'createGraph']>
): (Tensor | null)[] {
  if (given.length > 3 && !isOptions(given[3]))
    throw new ArgumentError('grad() takes gradOutputs, retainGraph and createGraph by position, and allowUnused by name')
  const options = named<GradOptions>('grad', ['gradOutputs', 'retainGraph', 'createGraph', 'allowUnused'], given)
  const roots = tensorsOf('grad', outputs)
  const leaves = tensorsOf('grad', inputs)
  const createGraph = options.createGraph ?? false
  try {
    const results = native.autogradGrad(
      roots.map((root) => root._h),
      leaves.map((leaf) => leaf._h),
      gradientsOf(roots, options.gradOutputs),
      options.retainGraph ?? createGraph,
      createGraph,
      options.allowUnused ?? false,
    )
    return results.map((handle) => (handle === null ? null : wrap(handle)))
  } finally {
    sweepHooks()
  }
}

export function isGradEnabled(): boolean {
  return native.isGradEnabled()
}

function withGrad<T>(enabled: boolean, body: () => T): T {
  expectFunction(enabled ? 'enableGrad' : 'noGrad', body)
  const previous = native.isGradEnabled()
  native.setGradEnabled(enabled)
  try {
    return checkSynchronous(body(), enabled ? 'enableGrad' : 'noGrad')
  } finally {
    native.setGradEnabled(previous)
  }
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
  expectFunction('inferenceMode', body)
  native.enterInferenceMode()
  try {
    return checkSynchronous(body(), 'inferenceMode')
  } finally {
    native.leaveInferenceMode()
  }
}
