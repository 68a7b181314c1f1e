import { ArgumentError } from '../../native'

/** @internal What holds for a function ends when it returns, so what an async one does later would run outside of it. */
export function checkSynchronous<T>(result: T, name: string): T {
  if (typeof result === 'object' && result !== null && 'then' in result && typeof result.then === 'function') {
    // The error below is the one to see; the other would end the process as an unhandled rejection.
    if ('catch' in result && typeof result.catch === 'function') result.catch(() => {})
    throw new ArgumentError(
      `${name}() takes a function that is not async: it would end at the first await. Await before it, or call ${name}() around each synchronous part`,
    )
  }
  return result
}
