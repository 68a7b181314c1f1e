import { isGradEnabled } from '../autograd'
import type { Tensor } from '../tensor'
import { BatchNorm1d, BatchNorm2d } from './layers/batch-norm'
import { Conv2d } from './layers/conv'
import { Identity, Linear } from './layers/linear'
import { AdaptiveAvgPool2d, AvgPool2d, MaxPool2d } from './layers/pooling'
import { ReLU } from './layers/activation'
import { Dropout } from './layers/dropout'
import { Flatten } from './layers/shape'
import { internals, type AnyModule, type Module } from './module'

const passing = new WeakSet<object>()

/** @internal Says of classes, but of none derived from them, that `forward` keeps neither what it is given nor what it gives. */
export function declarePassing(...classes: readonly { readonly prototype: AnyModule }[]): void {
  for (const { prototype } of classes) passing.add(prototype)
}

declarePassing(Conv2d, Linear, BatchNorm1d, BatchNorm2d, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, ReLU, Flatten, Dropout, Identity)

/** Whether nobody keeps a tensor that goes in or comes out: no module, no hook. */
function passes(module: AnyModule): boolean {
  for (const part of module.modules()) {
    const { preHooks, hooks } = part[internals]
    if (preHooks.size + hooks.size > 0 || !passing.has(Object.getPrototypeOf(part) as object) || Object.hasOwn(part, 'forward'))
      return false
  }
  return true
}

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
    const forgotten = frees && passes(module)
    const output = module.call(given)
    if (frees) {
      if (output === given) {
        ours &&= forgotten
      } else {
        if (ours && forgotten) given.dispose()
        ours = forgotten && output !== input
      }
    }
    given = output
  }
  return given
}
