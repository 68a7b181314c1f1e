import type { Binding } from './binding'

/** A function as C++ calls it: with handles, numbers, strings, booleans, arrays and null; an array gives several results, undefined none. */
export interface CalledFunction {
  call(...values: unknown[]): unknown
  /** C++ has dropped the key: nothing will call the function again. */
  released?(): void
}

/**
 * The functions that C++ may call, by the keys that it holds of them.
 *
 * C++ never holds a closure itself: one that refers to the tensor it belongs to would make a cycle between the two heaps, which neither
 * collector could free. Who registers a function decides how long it is held here.
 */
export class FunctionTable {
  private readonly held = new Map<number, CalledFunction>()
  private isInstalled = false

  constructor(private readonly binding: Binding) {}

  get size(): number {
    return this.held.size
  }

  /** Lets C++ call the function until it drops the key, or until `drop`. A key without a function is called to no effect. */
  hold(key: number, called: CalledFunction): void {
    if (!this.isInstalled) {
      this.binding.setDispatcher(
        (calledKey, ...values) => this.held.get(calledKey)?.call(...values),
        (keys) => keys.forEach((released) => this.release(released)),
      )
      this.isInstalled = true
    }
    this.held.set(key, called)
  }

  drop(key: number): void {
    this.held.delete(key)
  }

  /** Forgets at once what C++ has dropped; the event loop does so by itself. */
  sweep(): void {
    this.binding.releaseFunctions()
  }

  private release(key: number): void {
    const called = this.held.get(key)
    this.held.delete(key)
    called?.released?.()
  }
}
