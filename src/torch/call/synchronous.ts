import { ArgumentError } from '../../native'

/** @internal Rejects async callbacks: the scope would end at their first await. */
export function checkSynchronous<T>(result: T, name: string): T {
  if (typeof result === 'object' && result !== null && 'then' in result && typeof result.then === 'function') {
    // The promise is discarded, so its rejection must not end the process as unhandled.
    if ('catch' in result && typeof result.catch === 'function') result.catch(() => {})
    throw new ArgumentError(
      `${name}() takes a function that is not async: it would end at the first await. Await before it, or call ${name}() around each synchronous part`,
    )
  }
  return result
}
