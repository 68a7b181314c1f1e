import { ArgumentError } from '../../native'
import { describe } from './describe'

/**
 * @internal The error for an argument that does not fit, in the one form that all of torch uses: what was expected, what came.
 *
 * @param call - The public name that was called, such as `crossEntropy`.
 * @param expected - As it reads after 'expected', such as `a number from 0 to 1`.
 */
export function misfit(call: string, name: string, expected: string, received: unknown, hint = ''): ArgumentError {
  return new ArgumentError(`${call}(): ${name}: expected ${expected} but received ${describe(received)}${hint}`)
}
