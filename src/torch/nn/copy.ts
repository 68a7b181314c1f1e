import { isTensor, keep } from '../base'
import type { AnyModule } from './module'
import { Parameter } from './parameter'
import { ModuleTree } from './tree'

/** @internal A deep copy of a field's value: modules, tensors and plain containers are copied, once each. */
export function copyOf(value: unknown, memo: Map<unknown, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof ModuleTree) return (value as unknown as AnyModule).deepcopy(memo)
  const known = memo.get(value)
  if (known !== undefined) return known
  const copy = copyOfPlain(value, memo)
  memo.set(value, copy)
  return copy
}

/** Objects of other classes, such as a generator, are shared with the copy. */
function copyOfPlain(value: object, memo: Map<unknown, unknown>): unknown {
  if (value instanceof Parameter) return keep(new Parameter(value.detach().clone(), value.requiresGrad))
  if (isTensor(value))
    return keep(
      value
        .detach()
        .clone()
        .requiresGrad_(value.requiresGrad && value.isLeaf),
    )
  if (Array.isArray(value)) return value.map((item) => copyOf(item, memo))
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [copyOf(key, memo), copyOf(item, memo)]))
  if (value instanceof Set) return new Set([...value].map((item) => copyOf(item, memo)))
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item, memo)]))
}
