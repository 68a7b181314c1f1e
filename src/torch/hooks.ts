import { ArgumentError, native, type TensorHandle } from '../native'
import { isTensor, wrap } from './base'
import { describe } from './call/describe'
import type { Tensor } from './tensor'

/** Called with a gradient; a tensor that it returns takes the gradient's place. */
export type TensorHook = (grad: Tensor) => Tensor | undefined | null | void

/** What `registerHook` gives: `remove()` ends the hook. */
export interface RemovableHandle {
  remove(): void
}

/**
 * The closures of one tensor, held by its object.
 *
 * libtorch keeps a key of each hook, and a closure may hold its own tensor: were it always reachable from this module,
 * neither heap's collector could ever free the two. So this module holds closures only while something else than the
 * tensor's object can reach the hook, a graph or another handle ("pinned"). A WeakRef would not do: it keeps its
 * target to the end of a synchronous job, which may be a whole training run.
 */
class HookOwner {
  readonly hooks = new Map<number, TensorHook>()

  constructor(readonly handle: TensorHandle) {}

  /** Whether more than the tensor's object leads to the hooks; a disposed tensor's are left to libtorch, which tells when it drops them. */
  isHeld(): boolean {
    return native.isDisposed(this.handle) || native.isHeldElsewhere(this.handle, [...this.hooks.keys()])
  }

  pin(): void {
    pinned.add(this)
    for (const key of this.hooks.keys()) pinnedByKey.set(key, this)
  }

  unpin(): void {
    pinned.delete(this)
    for (const key of this.hooks.keys()) pinnedByKey.delete(key)
  }

  forget(key: number): void {
    this.hooks.delete(key)
    pinnedByKey.delete(key)
    if (this.hooks.size === 0) pinned.delete(this)
  }
}

const owners = new WeakMap<Tensor, HookOwner>()
const pinned = new Set<HookOwner>()
const pinnedByKey = new Map<number, HookOwner>()
let registered = 0
let sweepAt = 64
let isInstalled = false

function dispatch(key: number, handle: TensorHandle): TensorHandle | undefined {
  const hook = pinnedByKey.get(key)?.hooks.get(key)
  if (hook === undefined) return undefined
  const result: unknown = hook(wrap(handle))
  if (result === undefined || result === null) return undefined
  if (!isTensor(result)) throw new ArgumentError(`a tensor hook must return a Tensor or nothing, but it returned ${describe(result)}`)
  return result._h
}

/** @internal Forgets hooks that libtorch has dropped, and unpins those that only their own tensor can still reach. */
export function sweepHooks(): void {
  if (registered === 0) return
  for (const key of native.takeReleasedHooks()) pinnedByKey.get(key)?.forget(key)
  for (const owner of pinned) if (!owner.isHeld()) owner.unpin()
  sweepAt = registered + 64 + pinned.size
}

function ownerOf(tensor: Tensor): HookOwner {
  const known = owners.get(tensor)
  if (known !== undefined) return known
  const handle = tensor._h
  const owner = new HookOwner(handle)
  owners.set(tensor, owner)
  // Every use of a tensor goes through its handle, and a use may put the hooks into a graph.
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
  if (typeof hook !== 'function') throw new ArgumentError(`registerHook() expected a function but received ${describe(hook)}`)
  if (!isInstalled) {
    native.setHookDispatcher(dispatch)
    isInstalled = true
  }
  const owner = ownerOf(tensor)
  const key = native.registerHook(owner.handle)
  owner.hooks.set(key, hook)
  if (owner.isHeld()) owner.pin()
  else owner.unpin()
  if (++registered > sweepAt) sweepHooks()
  return {
    remove() {
      if (!owner.hooks.has(key)) return
      owner.forget(key)
      native.removeHook(key)
    },
  }
}
