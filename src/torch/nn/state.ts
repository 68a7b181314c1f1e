import { ArgumentError } from '../../native'
import { isTensor } from '../base'
import { describe } from '../call/describe'
import type { Tensor } from '../tensor'

/** Tensors by Python's dotted names, in order. */
export type StateDict = Record<string, Tensor>

export interface LoadResult {
  /** Names that the module has and the state lacks. */
  readonly missingKeys: readonly string[]
  /** Names that the state has and the module lacks. */
  readonly unexpectedKeys: readonly string[]
}

/** A tensor of the state that has another shape than the module's of that name. */
export interface ShapeMismatch {
  readonly key: string
  readonly given: readonly number[]
  readonly expected: readonly number[]
}

export interface StateComparison extends LoadResult {
  readonly mismatches: readonly ShapeMismatch[]
}

/** @internal Refuses what is no state dict. */
export function checkState(state: unknown): void {
  if (typeof state !== 'object' || state === null || isTensor(state) || Array.isArray(state) || state instanceof Map) {
    const hint = typeof state === 'string' ? ': read the file first, with torch.loadStateDictFile(path)' : ''
    throw new ArgumentError(`expected a state dict, tensors by name, but received ${describe(state)}${hint}`)
  }
  const other = Object.entries(state).find(([, value]) => !isTensor(value))
  if (other !== undefined) throw new ArgumentError(`a state dict holds tensors, but '${other[0]}' is ${describe(other[1])}`)
}

/** @internal A tensor of a state for this target: before PyTorch 0.4 one number was saved as a list of one. */
export function fitted(given: Tensor, target: Tensor): Tensor {
  return target.dim() === 0 && given.dim() === 1 && given.shape[0] === 1 ? given.select(0, 0) : given
}

/** @internal Throws what keeps a state from being loaded. */
export function refuseMisfit(module: string, { missingKeys, unexpectedKeys, mismatches }: StateComparison, isStrict: boolean): void {
  const quoted = (keys: readonly string[]) => keys.map((key) => `"${key}"`).join(', ')
  const problems: string[] = []
  if (isStrict && unexpectedKeys.length > 0) problems.push(`Unexpected key(s) in the state: ${quoted(unexpectedKeys)}.`)
  if (isStrict && missingKeys.length > 0) problems.push(`Missing key(s) in the state: ${quoted(missingKeys)}.`)
  for (const { key, given, expected } of mismatches) {
    problems.push(`size mismatch for ${key}: the state has [${given.join(', ')}], the module [${expected.join(', ')}].`)
  }
  if (problems.length > 0) throw new ArgumentError(`Error(s) in loading the state of ${module}:\n  ${problems.join('\n  ')}`)
}
