import { isGradEnabled } from '../autograd'
import type { Tensor } from '../tensor/tensor'
import { isTensor } from '../tensor/base'
import { keepsNothing } from './library'
import type { Module } from './module'

/**
 * @internal Calls modules one after another. Without a graph, an intermediate tensor is freed as soon as the next module has read it, unless something
 * may have kept it; waiting for a collection would keep many feature maps alive.
 */
export function pipeline(input: Tensor, modules: Iterable<Module>): Tensor {
  const frees = !isGradEnabled()
  let given = input
  let ours = false
  for (const module of modules) {
    // Checked before the call, because a hook may remove itself during it.
    const forgotten = frees && keepsNothing(module)
    const output = module.call(given)
    if (frees) {
      if (output === given) {
        ours &&= forgotten
      } else {
        if (ours && forgotten && isTensor(given)) given.dispose()
        ours = forgotten && output !== input
      }
    }
    given = output
  }
  return given
}
