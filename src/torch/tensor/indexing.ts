import { aten } from '../call/aten'
import { ArgumentError } from '../../native'
import { isTensor, wrap } from './base'
import { checkElement, tensor as makeTensor, type TensorData } from './creation'
import { misfit } from '../call/errors'
import type { Int, Scalar } from './dtype'
import type { Tensor } from './tensor'
import { shapeOf } from './nested'

/** A range of indices, as Python's `start:stop:step`. */
export class Slice {
  constructor(
    readonly start: Int | null,
    readonly stop: Int | null,
    readonly step: Int,
  ) {}
}

/**
 * A range for `index` and `indexPut_`: `slice(stop)`, `slice(start, stop)` or `slice(start, stop, step)`, null for an open end.
 *
 * Negative bounds count from the end, and bounds out of range are clamped, as in Python.
 *
 * @throws ArgumentError for a step below one and for bounds that are not whole.
 * @example
 * torch.arange(10).index([torch.slice(2, 8, 3)]).tolist() // [2, 5]
 */
export function slice(stop: Int | null): Slice
export function slice(start: Int | null, stop: Int | null, step?: Int | null): Slice
export function slice(...args: (Int | null | undefined)[]): Slice {
  const [start, stop, step] = args.length <= 1 ? [null, args[0] ?? null, 1] : [args[0] ?? null, args[1] ?? null, args[2] ?? 1]
  for (const [name, bound] of Object.entries({ start, stop, step })) if (bound !== null) requireWhole('slice', name, bound)
  if (step <= 0) throw misfit('slice', 'step', 'a whole number from 1', step, ': flip() turns a tensor around')
  return new Slice(start, stop, step)
}

/** One part of an index: an integer, a range, null (a new dimension), '...', a boolean, a mask or indices. */
export type Index = Int | Slice | null | '...' | boolean | Tensor | ArrayBufferView | readonly TensorData[]

/** An index: its parts, or one part that is not an array. */
export type Indices = readonly Index[] | Exclude<Index, readonly TensorData[]>

interface Resolved {
  /** The view that integers, ranges and new dimensions select. */
  readonly view: Tensor
  /** The argument of `aten::index`, by dimension of the view: null takes a dimension whole; a mask covers all of its dimensions. */
  readonly indices: readonly (Tensor | null)[]
}

function requireWhole(call: string, name: string, value: Int): void {
  if (typeof value !== 'bigint' && !Number.isInteger(value)) throw misfit(call, name, 'a whole number', value)
}

function isMask(tensor: Tensor): boolean {
  return tensor.dtype === 'bool' || tensor.dtype === 'uint8'
}

/** The number of dimensions that a part indexes. */
function dimensionsOf(part: Exclude<Index, readonly TensorData[]>): number {
  if (part === null || part === '...' || typeof part === 'boolean') return 0
  return isTensor(part) && isMask(part) ? part.dim() : 1
}

/** Walks the parts over a tensor, narrowing the view and collecting masks and index tensors by dimension. */
class IndexWalk {
  view: Tensor
  readonly indices: (Tensor | null)[] = []
  private dimension = 0
  /** Number of dimensions that masks cover in addition to their entries in `indices`. */
  private covered = 0

  constructor(private readonly self: Tensor) {
    this.view = self
  }

  skip(count: number): void {
    this.dimension += count
  }

  addDimension(): void {
    this.view = this.view.unsqueeze(this.dimension++)
  }

  select(index: Int): void {
    requireWhole('index', 'indices', index)
    const size = this.view.shape[this.dimension]!
    if (index >= size || index < -size)
      throw new ArgumentError(`index(): indices: ${index} is out of range for dimension ${this.dimension} of size ${size}`)
    this.view = this.view.select(this.dimension, index)
  }

  narrow(part: Slice): void {
    if (part.start !== null || part.stop !== null || Number(part.step) !== 1)
      this.view = wrap(aten('slice', 'Tensor')(this.view._h, this.dimension, part.start, part.stop, part.step))
    this.dimension++
  }

  /** Applies a single boolean, which selects all or nothing along a new dimension. */
  decide(value: boolean): void {
    this.addDimension()
    this.dimension--
    this.gather(makeTensor(value ? [0n] : [], { dtype: 'int64', device: this.self.device }), 1)
  }

  gather(index: Tensor, dimensions: number): void {
    while (this.indices.length + this.covered < this.dimension) this.indices.push(null)
    this.indices.push(index)
    this.dimension += dimensions
    this.covered += dimensions - 1
  }
}

function resolveIndex(self: Tensor, given: Indices): Resolved {
  const parts = (Array.isArray(given) ? (given as readonly Index[]) : [given as Index]).map(plainPart)
  const named = parts.reduce<number>((count, part) => count + dimensionsOf(part), 0)
  if (named > self.dim())
    throw new ArgumentError(`index(): indices: expected at most ${self.dim()}, one per dimension, but received ${named}`)
  if (parts.filter((part) => part === '...').length > 1) throw misfit('index', 'indices', "at most one '...'", given)
  const walk = new IndexWalk(self)
  for (const part of parts) {
    if (part === '...') walk.skip(self.dim() - named)
    else if (part === null) walk.addDimension()
    else if (typeof part === 'boolean') walk.decide(part)
    else if (part instanceof Slice) walk.narrow(part)
    else if (!isTensor(part)) walk.select(part as Int)
    else if (part.dim() > 0) walk.gather(part, dimensionsOf(part))
    else if (isMask(part)) walk.decide(Boolean(part.item<boolean>()))
    else if (part.isFloatingPoint() || part.isComplex()) throw misfit('index', 'indices', 'a Tensor of an integer dtype or bool', part)
    else walk.select(part.item<number>())
  }
  return walk
}

/** Converts arrays to tensors; throws for anything that is not an index. */
function plainPart(part: Index): Exclude<Index, readonly TensorData[]> {
  if (Array.isArray(part) || ArrayBuffer.isView(part)) return indexTensor(part as readonly TensorData[] | ArrayBufferView)
  const plain = part as Exclude<Index, readonly TensorData[]>
  if (
    plain === null ||
    plain === '...' ||
    ['number', 'bigint', 'boolean'].includes(typeof plain) ||
    plain instanceof Slice ||
    isTensor(plain)
  )
    return plain
  throw misfit('index', 'indices', "whole numbers, torch.slice(…), null, '...', booleans, Tensors or arrays", part)
}

function indexTensor(values: readonly TensorData[] | ArrayBufferView): Tensor {
  if (ArrayBuffer.isView(values)) return makeTensor(values).to('int64')
  const types = new Set<string>()
  shapeOf(values, (element) => {
    checkElement(element, 'index', 'indices')
    types.add(typeof element)
    if (typeof element === 'number') requireWhole('index', 'indices', element)
  })
  return types.size === 1 && types.has('boolean') ? makeTensor(values) : makeTensor(values, { dtype: 'int64' })
}

/** @internal `x[parts]`: a view, or a copy if a mask or an index tensor is among the parts. */
export function index(self: Tensor, parts: Indices): Tensor {
  const { view, indices } = resolveIndex(self, parts)
  if (indices.length > 0) return wrap(aten('index', 'Tensor')(view._h, indices.map(handleOf)))
  return view === self ? wrap(aten('alias')(self._h)) : view
}

function handleOf(tensor: Tensor | null): unknown {
  return tensor?._h ?? null
}

/** @internal `x[parts] = value`, or `+=` with accumulate. */
export function indexPut(self: Tensor, parts: Indices, value: Tensor | TensorData, accumulate: boolean): void {
  const { view, indices } = resolveIndex(self, parts)
  if (indices.length > 0) {
    const values = isTensor(value) ? withoutLeadingOnes(value, 0) : makeTensor(value, { dtype: self.dtype, device: self.device })
    aten('index_put_')(view._h, indices.map(handleOf), values._h, accumulate)
  } else if (!isTensor(value) && isScalar(value)) {
    if (accumulate) view.add_(value)
    else view.fill_(value)
  } else {
    const values = withoutLeadingOnes(isTensor(value) ? value : makeTensor(value, { dtype: self.dtype, device: self.device }), view.dim())
    if (accumulate) view.add_(values)
    else view.copy_(values)
  }
}

function isScalar(value: TensorData): value is Scalar {
  return typeof value !== 'object' || 'float' in value || 'real' in value
}

/** Removes leading dimensions of size one that the target lacks, as Python allows them. */
function withoutLeadingOnes(value: Tensor, dimensions: number): Tensor {
  const { shape } = value
  let extra = 0
  while (shape.length - extra > dimensions && shape[extra] === 1) extra++
  return extra === 0 ? value : value.view(shape.slice(extra))
}
