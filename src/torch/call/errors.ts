import { ArgumentError } from '../../native'
import { describe } from '../../common/describe'

/**
 * @internal The error for an invalid argument, in the form that all of torch uses: what was expected and what was received.
 *
 * @param call - The public name that was called, such as `crossEntropy`.
 * @param expected - Continues the word 'expected', such as `a number from 0 to 1`.
 */
export function misfit(call: string, name: string, expected: string, received: unknown, hint = ''): ArgumentError {
  return new ArgumentError(`${call}(): ${name}: expected ${expected} but received ${describe(received)}${hint}`)
}
