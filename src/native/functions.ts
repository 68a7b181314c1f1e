import type { Binding } from './binding'

/** A function that C++ calls: it receives handles, numbers, strings, booleans, arrays and null; an array means several results, undefined none. */
export interface CalledFunction {
  call(...values: unknown[]): unknown
  /** Called when C++ has dropped the key, so that nothing calls the function again. */
  released?(): void
}

/**
 * The functions that C++ may call, by key.
 *
 * C++ holds the keys alone, never a closure: a hook that refers to its own tensor would make a cycle between the C++ and the JavaScript heap,
 * which neither side could free. The code that registers a function decides how long this table holds it.
 */
export class FunctionTable {
  private readonly held = new Map<number, CalledFunction>()
  private isInstalled = false

  constructor(private readonly binding: Binding) {}

  get size(): number {
    return this.held.size
  }

  /** Lets C++ call the function until C++ drops the key or `drop` is called. Calling a key without a function does nothing. */
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

  /** Forgets the functions that C++ has dropped now, rather than later in the event loop. */
  sweep(): void {
    this.binding.releaseFunctions()
  }

  private release(key: number): void {
    const called = this.held.get(key)
    this.held.delete(key)
    called?.released?.()
  }
}
