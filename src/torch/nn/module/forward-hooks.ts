import { ArgumentError } from '../../../native'
import { isTensor } from '../../tensor/base'
import { describe } from '../../../common/describe'
import type { RemovableHandle } from '../../autograd/hooks'

/** The forward of any module. */
export type Forward = (...args: never[]) => unknown

/** The arguments of a forward; anything for a forward of unknown type. */
export type ForwardArguments<F extends Forward> = never[] extends Parameters<F> ? unknown[] : Parameters<F>

export interface HookOptions {
  /** Calls the hook before existing ones. Default false. */
  prepend?: boolean | null | undefined
}

/** A forward pre-hook or a forward hook of any module. */
type Hook = (module: never, args: never, output: never) => unknown

/** Hooks in order, under unique keys, because a function may be registered twice. */
export type Hooks = Map<symbol, Hook>

/** @internal */
export function registerHook(hooks: Hooks, hook: Hook, prepend: boolean): RemovableHandle {
  const key = Symbol('forward hook')
  const later = prepend ? [...hooks] : []
  for (const [known] of later) hooks.delete(known)
  hooks.set(key, hook)
  for (const [known, value] of later) hooks.set(known, value)
  return { remove: () => void hooks.delete(key) }
}

/** @internal The arguments after a pre-hook. As in Python, a single returned value replaces all arguments. */
export function argumentsAfter(hook: Hook, module: object, args: unknown[]): unknown[] {
  const result: unknown = Reflect.apply(hook, undefined, [module, args])
  if (result === undefined || result === null) return args
  if (Array.isArray(result)) return result as unknown[]
  if (isTensor(result)) return [result]
  throw new ArgumentError(
    `a forward pre-hook must return an array of arguments, a Tensor or nothing, but it returned ${describe(result)}: write { … } around a body that returns nothing`,
  )
}

/** @internal The output after a forward hook. */
export function outputAfter(hook: Hook, module: object, args: unknown[], output: unknown): unknown {
  const result: unknown = Reflect.apply(hook, undefined, [module, args, output])
  if (result === undefined || result === null) return output
  const fits = isTensor(output) ? isTensor(result) : typeof result === 'object' || typeof output !== 'object'
  if (fits) return result
  const wanted = isTensor(output) ? 'a Tensor, as forward does,' : 'an object, as forward does,'
  throw new ArgumentError(
    `a forward hook must return ${wanted} or nothing, but it returned ${describe(result)}: write { … } around a body that returns nothing`,
  )
}
