import { ArgumentError } from '../../native'
import { isTensor } from '../base'
import { describe } from '../call/describe'
import { expectFunction } from '../call/expected'
import { type Given, named } from '../call/named'
import type { RemovableHandle } from '../hooks'
import type { Tensor } from '../tensor'
import { expectFlag } from './checks'
import type { AnyModule } from './module'

/** Called before forward with its arguments; an array that it gives takes their place, a tensor that of all of them. */
export type ForwardPreHook = (module: AnyModule, args: unknown[]) => unknown[] | Tensor | null | void

/** Called after forward with its arguments and its output; what it gives takes the output's place, unless undefined or null. */
export type ForwardHook = (module: AnyModule, args: unknown[], output: unknown) => unknown

export interface HookOptions {
  /** Calls the hook before those that are there. Default false. */
  prepend?: boolean
}

/** Hooks in order, each under a key of its own: one function may be registered twice. */
export type Hooks<Hook> = Map<symbol, Hook>

/** @internal */
export function registerHook<Hook>(call: string, hooks: Hooks<Hook>, hook: Hook, given: Given<HookOptions, []>): RemovableHandle {
  expectFunction(call, hook)
  const { prepend = false } = named<HookOptions>(call, [], given, ['prepend'])
  expectFlag(`${call}()`, 'prepend', prepend)
  const key = Symbol(call)
  const later = prepend ? [...hooks] : []
  for (const [known] of later) hooks.delete(known)
  hooks.set(key, hook)
  for (const [known, value] of later) hooks.set(known, value)
  return { remove: () => void hooks.delete(key) }
}

/** @internal The arguments for forward after a hook has seen them; Python, too, takes one value for a tuple of it. */
export function argumentsAfter(hook: ForwardPreHook, module: AnyModule, args: unknown[]): unknown[] {
  const result: unknown = hook(module, args)
  if (result === undefined || result === null) return args
  if (Array.isArray(result)) return result as unknown[]
  if (isTensor(result)) return [result]
  throw new ArgumentError(
    `a forward pre-hook must return an array of arguments, a Tensor or nothing, but it returned ${describe(result)}: write { … } around a body that returns nothing`,
  )
}

/** @internal The output after a hook has seen it. */
export function outputAfter(hook: ForwardHook, module: AnyModule, args: unknown[], output: unknown): unknown {
  const result = hook(module, args, output)
  if (result === undefined || result === null) return output
  const fits = isTensor(output) ? isTensor(result) : typeof result === 'object' || typeof output !== 'object'
  if (fits) return result
  const wanted = isTensor(output) ? 'a Tensor, as forward does,' : 'an object, as forward does,'
  throw new ArgumentError(
    `a forward hook must return ${wanted} or nothing, but it returned ${describe(result)}: write { … } around a body that returns nothing`,
  )
}
