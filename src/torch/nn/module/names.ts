import { snakeCase } from '../../../common/text'
import { misfit } from '../../call/errors'

/**
 * The name under which a field is saved: camelCase becomes Python's snake_case, and a name that begins with a capital stays as it is.
 *
 * @example
 * torch.nn.savedName('runningMean') // 'running_mean'
 */
export function savedName(field: string): string {
  const isCapitalised = /^[^A-Za-z]*[A-Z]/.test(field)
  return isCapitalised ? field : snakeCase(field)
}

/**
 * @internal One form for all spellings of a dotted name: `fcA.W` and `fc_a._w` are the same.
 *
 * Files may hold the field's own spelling (written by Python under such names), or a capital as `_w` (written by versions before 0.2).
 */
export function commonSpelling(path: string): string {
  return snakeCase(path)
}

/** @internal */
export function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`
}

/** @internal Refuses a name that a dotted path could not hold. */
export function checkName(call: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '' || name.includes('.'))
    throw misfit(call, 'name', 'a name that is not empty and holds no dot', name)
}
