import { isGradEnabled } from '../autograd'
import type { Tensor } from '../tensor/tensor'
import { isTensor } from '../tensor/base'
import { keepsNothing } from './library'
import type { Module } from './module'

/**
 * @internal Calls modules one after another. Without a graph, a tensor between two of them is freed as soon as it was read, unless somebody might keep
 * it: to wait for the collector would hold many maps of a network at once.
 */
export function pipeline(input: Tensor, modules: Iterable<Module>): Tensor {
  const frees = !isGradEnabled()
  let given = input
  let ours = false
  for (const module of modules) {
    // Asked before the call: a hook may take itself away in it.
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
