import { ArgumentError, native } from '../native'
import { isTensor, wrap } from './base'
import { tensor as makeTensor, type TensorData } from './creation'
import { describe } from './dispatch/resolve'
import type { Scalar } from './dtype'
import type { Tensor } from './tensor'

/** A range of indices, as Python's `start:stop:step`. */
export class Slice {
  constructor(
    readonly start: number | null,
    readonly stop: number | null,
    readonly step: number,
  ) {}
}

/**
 * A range for `index` and `indexPut_`: `slice(stop)`, `slice(start, stop)` or `slice(start, stop, step)`, null for an open end.
 *
 * @example
 * torch.arange(10).index([torch.slice(2, 8, 3)]).tolist() // [2, 5]
 */
export function slice(stop: number | null): Slice
export function slice(start: number | null, stop: number | null, step?: number): Slice
export function slice(first: number | null, second?: number | null, step = 1): Slice {
  const [start, stop] = second === undefined ? [null, first] : [first, second]
  if (step <= 0) throw new ArgumentError(`a slice's step must be positive but is ${step}; use flip() to turn a tensor around`)
  return new Slice(start, stop, step)
}

/** One part of an index: an integer, a range, null (a new dimension), '...', a boolean, a mask or indices. */
export type Index = number | bigint | Slice | null | '...' | boolean | Tensor | readonly TensorData[]

interface Resolved {
  /** The view that integers, ranges and new dimensions select. */
  readonly view: Tensor
  /** Index tensors by dimension of the view; null where a dimension is taken whole. */
  readonly indices: readonly (Tensor | null)[]
}

function dimensionsOf(part: Index): number {
  if (part === null || part === '...' || typeof part === 'boolean') return 0
  if (isTensor(part) && (part.dtype === 'bool' || part.dtype === 'uint8')) return part.dim()
  return 1
}

function resolveIndex(self: Tensor, parts: readonly Index[]): Resolved {
  const plain = parts.map((part) => (Array.isArray(part) ? indexTensor(part as readonly TensorData[]) : (part as Exclude<Index, readonly TensorData[]>)))
  const named = plain.map(dimensionsOf).reduce((sum, count) => sum + count, 0)
  if (named > self.dim()) throw new ArgumentError(`too many indices: a tensor of ${self.dim()} dimensions was indexed with ${named}`)
  if (plain.filter((part) => part === '...').length > 1) throw new ArgumentError("an index holds '...' more than once")
  let view = self
  let dimension = 0
  const indices: (Tensor | null)[] = []
  const put = (index: Tensor) => {
    while (indices.length < dimension) indices.push(null)
    indices.push(index)
  }
  for (const part of plain) {
    if (part === '...') {
      dimension += self.dim() - named
    } else if (part === null) {
      view = view.unsqueeze(dimension++)
    } else if (typeof part === 'boolean') {
      view = view.unsqueeze(dimension)
      put(makeTensor(part ? [0n] : [], { dtype: 'int64', device: self.device }))
      dimension++
    } else if (part instanceof Slice) {
      view = sliced(view, dimension++, part)
    } else if (isTensor(part)) {
      if (part.dim() === 0 && part.dtype !== 'bool' && part.dtype !== 'uint8') {
        view = view.select(dimension, Number(part.item()))
      } else if (part.dim() === 0) {
        view = view.unsqueeze(dimension)
        put(makeTensor(part.item() ? [0n] : [], { dtype: 'int64', device: self.device }))
        dimension++
      } else {
        put(part)
        dimension += dimensionsOf(part)
        // A mask stands at its first dimension and covers the following ones, which need no entry of their own.
        for (let i = 1; i < dimensionsOf(part); i++) indices.push(null)
      }
    } else if (typeof part === 'number' || typeof part === 'bigint') {
      const size = view.shape[dimension]!
      if (!Number.isInteger(Number(part))) throw new ArgumentError(`an index must be a whole number but is ${String(part)}`)
      if (Number(part) >= size || Number(part) < -size) throw new ArgumentError(`index ${String(part)} is out of range for dimension ${dimension} of size ${size}`)
      view = view.select(dimension, part)
    } else {
      throw new ArgumentError(`expected an integer, torch.slice(…), null, '...', a boolean, a tensor or an array as index but received ${describe(part)}`)
    }
  }
  return { view, indices }
}

function indexTensor(values: readonly TensorData[]): Tensor {
  const made = makeTensor(values)
  if (made.numel() === 0) return made.to('int64')
  return made.dtype === 'bool' ? made : made.to('int64')
}

let sliceCall: ((...args: unknown[]) => unknown) | undefined
let indexCall: ((...args: unknown[]) => unknown) | undefined
let indexPutCall: ((...args: unknown[]) => unknown) | undefined

function sliced(view: Tensor, dimension: number, part: Slice): Tensor {
  if (part.start === null && part.stop === null && part.step === 1) return view
  sliceCall ??= native.operator('aten::slice', 'Tensor')
  return wrap(sliceCall(view._h, dimension, part.start, part.stop, part.step))
}

/** Entries as `aten::index` takes them: a mask uses up as many dimensions as it has. */
function handles(resolved: Resolved): unknown[] {
  const result: unknown[] = []
  for (let i = 0; i < resolved.indices.length; i++) {
    const index = resolved.indices[i]
    result.push(index?._h ?? null)
    if (index != null && (index.dtype === 'bool' || index.dtype === 'uint8')) i += index.dim() - 1
  }
  return result
}

/** @internal `x[parts]`: a view where no mask and no index tensor is among the parts, else a copy. */
export function index(self: Tensor, parts: readonly Index[]): Tensor {
  const resolved = resolveIndex(self, parts)
  if (resolved.indices.length === 0) return resolved.view === self ? wrap(native.alias(self._h)) : resolved.view
  indexCall ??= native.operator('aten::index', 'Tensor')
  return wrap(indexCall(resolved.view._h, handles(resolved)))
}

/** @internal `x[parts] = value`, or `+=` with accumulate. */
export function indexPut(self: Tensor, parts: readonly Index[], value: Tensor | Scalar, accumulate: boolean): void {
  const resolved = resolveIndex(self, parts)
  const { view } = resolved
  if (resolved.indices.length === 0) {
    if (!isTensor(value)) {
      if (accumulate) view.add_(value)
      else view.fill_(value)
      return
    }
    const fitted = dropLeadingOnes(value, view.dim())
    if (accumulate) view.add_(fitted)
    else view.copy_(fitted)
    return
  }
  const values = isTensor(value) ? value.to(self.dtype) : makeTensor(value as TensorData, { dtype: self.dtype, device: self.device })
  indexPutCall ??= native.operator('aten::index_put_', '')
  indexPutCall(view._h, handles(resolved), values._h, accumulate)
}

/** Python lets a value have more leading dimensions of size one than its target. */
function dropLeadingOnes(value: Tensor, dimensions: number): Tensor {
  let result = value
  while (result.dim() > dimensions && result.shape[0] === 1) result = result.squeeze(0)
  return result
}
