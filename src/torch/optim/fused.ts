import { callAten } from '../call/resolve'
import { float } from '../tensor/dtype'
import type { Tensor } from '../tensor/tensor'
import type { AdamOptions } from '../generated/declared/optim'

/** A parameter with its gradient and Adam's state of it. */
export interface Trained {
  readonly param: Tensor
  readonly grad: Tensor
  readonly counter: Tensor
  /** Running mean of the gradient. */
  readonly mean: Tensor
  /** Running mean of its square. */
  readonly square: Tensor
  /** The largest mean square so far, with amsgrad. */
  readonly largest: Tensor | null
}

/**
 * One step of Adam or AdamW for many parameters with one kernel per device and dtype.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
 */
export function fusedStep(trained: readonly Trained[], group: AdamOptions): void {
  const { lr, betas, eps, weightDecay, amsgrad, maximize } = group
  const kernel = group.decoupledWeightDecay ? '_fused_adamw_' : '_fused_adam_'
  const options = [float(lr), float(betas[0]), float(betas[1]), float(weightDecay), float(eps), amsgrad, maximize]
  const kinds = new Map<string, Trained[]>()
  for (const entry of trained) {
    const kind = `${entry.param.device} ${entry.param.dtype}`
    const entries = kinds.get(kind)
    if (entries === undefined) kinds.set(kind, [entry])
    else entries.push(entry)
  }
  for (const entries of kinds.values()) {
    const counters = entries.map(({ counter }) => counter)
    callAten('_foreach_add_', 'Scalar', counters, 1)
    const largest = entries.flatMap((entry) => (entry.largest === null ? [] : [entry.largest]))
    const [params, grads, means, squares] = (['param', 'grad', 'mean', 'square'] as const).map((key) => entries.map((entry) => entry[key]))
    callAten(kernel, '', params, grads, means, squares, largest, counters, ...options)
  }
}
