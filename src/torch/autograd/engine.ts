import { native, type TensorHandle } from '../../native'
import { misfit } from '../call/errors'
import type * as declared from '../generated/declared/autograd-signatures'
import type { BackwardNamed } from '../generated/declared/tensor-methods'
import { wrap } from '../tensor/base'
import type { Tensor } from '../tensor/tensor'
import { sweepHooks } from './hooks'

/** The options of a tensor's `backward`. */
export type BackwardOptions = BackwardNamed

/** The options of `grad`. */
export type GradOptions = Omit<declared.GradNamed, 'outputs' | 'inputs'>

/**
 * Accumulates gradients into the leaves of the tensors' graphs, or into `inputs` alone.
 *
 * `gradTensors` are the gradients with respect to the tensors, needed for tensors of several elements; `retainGraph` keeps the graph for another backward
 * and defaults to `createGraph`, which records a graph of the gradients, for second derivatives.
 *
 * @throws ArgumentError if number or shapes of the gradients differ from the tensors'; TorchError for tensors without a graph.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.autograd.backward.html
 * @example
 * const x = torch.tensor([3], { requiresGrad: true })
 * torch.autograd.backward(x.mul(x))
 * x.grad.item() // 6
 */
export function backward({ tensors, gradTensors, retainGraph, createGraph, inputs }: declared.BackwardArguments): void {
  try {
    native.backward(
      handles(tensors),
      gradientsOf('backward', 'gradTensors', tensors, gradTensors),
      retainGraph ?? createGraph,
      createGraph,
      inputs === null ? null : handles(inputs),
    )
  } finally {
    sweepHooks()
  }
}

/**
 * Gradients of the outputs with respect to the inputs, without changing any `grad`.
 *
 * For an input outside the graph, `allowUnused` returns null instead of throwing, `materializeGrads` returns zeros.
 *
 * @throws ArgumentError if number or shapes of the gradients differ from the outputs'; TorchError for inputs outside the graph.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html
 * @example
 * const x = torch.tensor([3], { requiresGrad: true })
 * torch.autograd.grad(x.mul(x), [x])[0].item() // 6
 */
export function grad({
  outputs,
  inputs,
  gradOutputs,
  retainGraph,
  createGraph,
  allowUnused,
  materializeGrads,
}: declared.GradArguments): (Tensor | null)[] {
  if (materializeGrads && allowUnused === false) throw misfit('grad', 'allowUnused', 'true or null with materializeGrads', allowUnused)
  try {
    const results = native.autogradGrad(
      handles(outputs),
      handles(inputs),
      gradientsOf('grad', 'gradOutputs', outputs, gradOutputs),
      retainGraph ?? createGraph,
      createGraph,
      allowUnused ?? materializeGrads,
    )
    return results.map((handle, i) => (handle !== null ? wrap(handle) : materializeGrads ? inputs[i]!.newZeros(inputs[i]!.shape) : null))
  } finally {
    sweepHooks()
  }
}

function handles(tensors: readonly Tensor[]): TensorHandle[] {
  return tensors.map((tensor) => tensor._h)
}

/** The initial gradient of each root; null means 1 for a root of one element. */
function gradientsOf(
  call: string,
  name: string,
  roots: readonly Tensor[],
  given: readonly (Tensor | null)[] | null,
): (TensorHandle | null)[] {
  if (given === null) return roots.map(() => null)
  if (given.length !== roots.length) throw misfit(call, name, `one gradient for each of ${roots.length} tensors`, given)
  return given.map((gradient, i) => {
    const { shape } = roots[i]!
    if (gradient !== null && gradient.shape.join() !== shape.join())
      throw misfit(call, name, `a gradient of its tensor's shape [${shape.join(', ')}]`, gradient)
    return gradient?._h ?? null
  })
}
