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
 * @internal A canonical form for all spellings of a dotted name: `fcA.W` and `fc_a._w` are the same.
 *
 * Files may use the field's spelling (if Python code used such names), or `_w` for a capital (written by versions before 0.2).
 */
export function commonSpelling(path: string): string {
  return snakeCase(path)
}

/** @internal */
export function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`
}

/** @internal Rejects a name that cannot be part of a dotted path. */
export function checkName(call: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '' || name.includes('.'))
    throw misfit(call, 'name', 'a name that is not empty and holds no dot', name)
}
