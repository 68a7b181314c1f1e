import { ArgumentError, functions, native, type CalledFunction, type TensorHandle } from '../../native'
import { isTensor, wrap } from '../tensor/base'
import { describe } from '../../common/describe'
import type { Tensor } from '../tensor/tensor'

/** Receives a gradient; a returned tensor replaces it. */
export type TensorHook = (grad: Tensor) => Tensor | undefined | null | void

/** The result of `registerHook`; `remove()` removes the hook. */
export interface RemovableHandle {
  remove(): void
}

/**
 * The hooks of one tensor, held by its object.
 *
 * libtorch keeps a key of each hook, and the hook may refer to its own tensor. If the table of functions always held the hook, neither could
 * ever be freed. So the table holds hooks ("pinned") only while a graph or another handle can reach them. A WeakRef would not help, because it
 * keeps its target until the end of the synchronous job, which may be a whole training run.
 */
class HookOwner {
  readonly hooks = new Map<number, CalledFunction>()

  constructor(readonly handle: TensorHandle) {}

  /** Whether a graph or another handle can reach the hooks; those of a disposed tensor stay until libtorch drops them. */
  isHeld(): boolean {
    return native.isDisposed(this.handle) || native.isHeldElsewhere(this.handle, [...this.hooks.keys()])
  }

  add(key: number, hook: TensorHook): void {
    const called = { call: (handle: unknown) => callHook(hook, handle as TensorHandle), released: () => this.forget(key) }
    this.hooks.set(key, called)
    if (pinned.has(this)) functions.hold(key, called)
  }

  pin(): void {
    pinned.add(this)
    for (const [key, called] of this.hooks) functions.hold(key, called)
  }

  unpin(): void {
    pinned.delete(this)
    for (const key of this.hooks.keys()) functions.drop(key)
  }

  forget(key: number): void {
    this.hooks.delete(key)
    functions.drop(key)
    if (this.hooks.size === 0) pinned.delete(this)
  }
}

const owners = new WeakMap<Tensor, HookOwner>()
const pinned = new Set<HookOwner>()
let registered = 0
let sweepAt = 64

function callHook(hook: TensorHook, handle: TensorHandle): TensorHandle | undefined {
  const result: unknown = hook(wrap(handle))
  if (result === undefined || result === null) return undefined
  if (!isTensor(result)) throw new ArgumentError(`a tensor hook must return a Tensor or nothing, but it returned ${describe(result)}`)
  return result._h
}

/** @internal Forgets hooks that libtorch has dropped, and unpins those that only their tensor can reach. */
export function sweepHooks(): void {
  if (registered === 0) return
  functions.sweep()
  for (const owner of pinned) if (!owner.isHeld()) owner.unpin()
  // A sweep visits every pinned hook, so the next one waits until as many more hooks were registered.
  sweepAt = registered + 64 + functions.size
}

function ownerOf(tensor: Tensor): HookOwner {
  const known = owners.get(tensor)
  if (known !== undefined) return known
  const handle = tensor._h
  const owner = new HookOwner(handle)
  owners.set(tensor, owner)
  // Every use of a tensor goes through its handle, and any use may put the hooks into a graph.
  Object.defineProperty(tensor, '_h', {
    get: () => {
      if (!pinned.has(owner)) owner.pin()
      return handle
    },
  })
  return owner
}

/** @internal Registers a hook on a tensor. */
export function registerTensorHook(tensor: Tensor, hook: TensorHook): RemovableHandle {
  const owner = ownerOf(tensor)
  const key = native.registerHook(owner.handle)
  owner.add(key, hook)
  if (owner.hooks.size === 1) {
    // Earlier uses of the tensor are unknown; from now on every use pins its hooks.
    if (owner.isHeld()) owner.pin()
    else owner.unpin()
  }
  if (++registered > sweepAt) sweepHooks()
  return {
    remove() {
      if (!owner.hooks.has(key)) return
      owner.forget(key)
      native.removeHook(key)
    },
  }
}
