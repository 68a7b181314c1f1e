import { snakeCase } from '../../../common/text'
import { indented, NotRecordable, recorded } from '../../call/recording'
import { symbolOf } from '../../call/resolve'
import { isTensor } from '../../tensor/base'
import type { AnyModule } from '../module'

/**
 * @internal The body of a module's forward in TorchScript, recorded in both modes. A flag that equals `training` is written as `self.training`;
 * bodies that differ otherwise are put under `if self.training`.
 *
 * @throws JitError for a forward that reads values or sizes of tensors.
 */
export function recordForward(module: AnyModule, inputs: readonly string[]): string[] {
  const [training, evaluation] = [true, false].map((mode) =>
    recorded(() => forwardOf(module, mode)(...inputs.map((name) => symbolOf(name)))),
  ) as [string[], string[]]
  const merged = mergeFlags(training, evaluation)
  if (merged !== null) return merged
  return ['if self.training:', ...indented(training), 'else:', ...indented(evaluation)]
}

/** @internal The number of tensors that recorded lines return. */
export function resultsOf(lines: readonly string[]): number {
  const tuple = lines.map((line) => /^\s*return \((.*)\)$/.exec(line)).find((match) => match !== null)
  return tuple === undefined ? 1 : tuple[1]!.split(', ').length
}

/** Forward bound to a proxy of the module, in which tensors are symbols and `training` is the mode. */
function forwardOf(module: AnyModule, mode: boolean): (...inputs: unknown[]) => unknown {
  const seen = new Proxy(module, {
    get(target, key, receiver) {
      if (key === 'training') return mode
      const value: unknown = Reflect.get(target, key, receiver)
      // A field's accessor reads a hidden property with a symbol as its key; only the field itself is replaced.
      return typeof key === 'string' && isTensor(value) ? symbolOf(`self.${snakeCase(key)}`, value) : value
    },
    set(_, key) {
      throw new NotRecordable(`forward sets '${String(key)}' of its module`)
    },
  })
  return (...inputs) => (module.forward as (...inputs: unknown[]) => unknown).apply(seen, inputs)
}

/** Merges the lines of both modes if they differ only in flags that equal `training`; else null. */
function mergeFlags(training: readonly string[], evaluation: readonly string[]): string[] | null {
  if (training.length !== evaluation.length) return null
  const merged: string[] = []
  for (const [i, line] of training.entries()) {
    const [one, two] = [line.split(/\b(True|False)\b/), evaluation[i]!.split(/\b(True|False)\b/)]
    if (one.length !== two.length) return null
    const words: string[] = []
    for (const [j, word] of one.entries()) {
      if (word === two[j]) words.push(word)
      else if (word === 'True' && two[j] === 'False') words.push('self.training')
      else if (word === 'False' && two[j] === 'True') words.push('not self.training')
      else return null
    }
    merged.push(words.join(''))
  }
  return merged
}
