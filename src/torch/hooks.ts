import { native, type TensorHandle } from '../native'
import { wrap } from './base'
import type { Tensor } from './tensor'

/** Called with a gradient; a tensor that it returns takes the gradient's place. */
export type TensorHook = (grad: Tensor) => Tensor | undefined | null | void

/** What `registerHook` gives: `remove()` ends the hook. */
export interface RemovableHandle {
  remove(): void
}

/**
 * Closures by key. They are strong until the hook has run, then only the Tensor that registered them holds them: a closure
 * that captures its own tensor would otherwise make a cycle that no collector of either heap can see.
 */
const closures = new Map<number, TensorHook | WeakRef<TensorHook>>()
let isInstalled = false

function dispatch(key: number, handle: TensorHandle): TensorHandle | undefined {
  const entry = closures.get(key)
  const hook = entry instanceof WeakRef ? entry.deref() : entry
  if (hook === undefined) return undefined
  if (!(entry instanceof WeakRef)) closures.set(key, new WeakRef(hook))
  return hook(wrap(handle))?._h
}

/** @internal Registers a hook on a tensor; `held` is the tensor's own list of its closures. */
export function registerTensorHook(handle: TensorHandle, held: Map<number, TensorHook>, hook: TensorHook): RemovableHandle {
  if (!isInstalled) {
    native.setHookDispatcher(dispatch)
    isInstalled = true
  }
  for (const key of native.takeReleasedHooks()) closures.delete(key)
  const key = native.registerHook(handle)
  closures.set(key, hook)
  held.set(key, hook)
  return {
    remove() {
      if (!held.delete(key)) return
      closures.delete(key)
      native.removeHook(handle, key)
    },
  }
}
