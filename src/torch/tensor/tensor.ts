import { aten } from '../call/aten'
import { expectTensor } from '../call/expected'
import { inspect } from 'node:util'
import { ArgumentError, native, type TypedArray } from '../../native'
import { isTensor, keep, registerTensorClass, wrap } from './base'
import { backward, type BackwardOptions } from '../autograd'
import { convertTensor, type ToOptions } from './convert'
import { tensor, type TensorData, type TensorOptions } from '../creation'
import {
  isComplexDtype,
  isFloatingDtype,
  type Device,
  type DType,
  type DTypeLike,
  type Layout,
  type MemoryFormat,
  type Scalar,
} from './dtype'
import { TensorComposites } from '../composites'
import { describe } from '../call/describe'
import { type Given, named } from '../call/named'
import { registerTensorHook, type RemovableHandle, type TensorHook } from '../hooks'
import { index, indexPut, type Indices } from './indexing'
import { formatTensor } from './print'
import { jsonOf, nestedOf, primitiveOf, typedArrayOf, type Nested } from './values'

/** How the elements of a new tensor lie in memory. */
export interface MemoryFormatOption {
  memoryFormat?: MemoryFormat | null | undefined
}

export interface CudaOptions extends MemoryFormatOption {
  /** A device or the index of one; default: the current CUDA device. */
  device?: Device | number | null | undefined
  /** Lets a copy from pinned memory go on beside the program. Default false. */
  nonBlocking?: boolean | null | undefined
}

export interface TypeOptions extends MemoryFormatOption {
  /** Lets a copy from pinned memory go on beside the program. Default false. */
  nonBlocking?: boolean | null | undefined
}

const MEMORY_FORMAT = ['memoryFormat'] as const
const REQUIRES_GRAD = ['requiresGrad'] as const
const BACKWARD = ['gradient', 'retainGraph', 'createGraph', 'inputs'] as const
const ACCUMULATE = ['accumulate'] as const
const CUDA = ['device', 'nonBlocking'] as const
const NON_BLOCKING = ['nonBlocking'] as const

/**
 * An n-dimensional array of one dtype on one device, with PyTorch's operators as methods.
 *
 * Make one with `torch.tensor`, `torch.zeros` and the like. Memory is freed when the object is collected, or at once by `dispose()`.
 *
 * @see https://docs.pytorch.org/docs/stable/tensors.html
 * @example
 * torch.tensor([[1, 2], [3, 4]]).matmul(torch.eye(2)).tolist() // [[1, 2], [3, 4]]
 */
export class Tensor extends TensorComposites {
  get shape(): number[] {
    return native.shape(this._h)
  }

  get dtype(): DType {
    return native.dtype(this._h) as DType
  }

  get device(): Device {
    return native.device(this._h) as Device
  }

  get layout(): Layout {
    return native.layout(this._h) as Layout
  }

  get isCuda(): boolean {
    return this.device.startsWith('cuda')
  }

  get isMeta(): boolean {
    return this.device.startsWith('meta')
  }

  get isSparse(): boolean {
    return this.layout === 'sparseCoo'
  }

  /** Whether operations on this tensor are recorded; can be set on leaves. */
  get requiresGrad(): boolean {
    return native.requiresGrad(this._h)
  }

  set requiresGrad(value: boolean) {
    native.setRequiresGrad(this._h, value)
  }

  requiresGrad_(...given: Given<{ requiresGrad: boolean }, typeof REQUIRES_GRAD>): this {
    const { requiresGrad = true } = named<{ requiresGrad: boolean }>('requiresGrad_', REQUIRES_GRAD, given)
    native.setRequiresGrad(this._h, requiresGrad)
    return this
  }

  get isLeaf(): boolean {
    return native.isLeaf(this._h)
  }

  /** The name of the graph's node that made this tensor, such as `'AddBackward0'`; null for a leaf. */
  get gradFn(): string | null {
    return native.gradFnName(this._h)
  }

  /** The gradient that backward accumulated: the same object while it is the same tensor. */
  get grad(): Tensor | null {
    const answer = native.grad(this._h, this.cachedGrad?._h ?? null)
    if (answer !== true) this.cachedGrad = answer === null ? null : keep(wrap(answer))
    return this.cachedGrad
  }

  set grad(value: Tensor | null) {
    if (value != null && !isTensor(value)) throw new ArgumentError(`grad: expected a Tensor or null but received ${describe(value)}`)
    native.setGrad(this._h, value?._h ?? null)
    this.cachedGrad = value
  }

  /** Keeps the gradient of a tensor that is no leaf. */
  retainGrad(): void {
    native.retainGrad(this._h)
  }

  /** The same data beside the graph, which does not notice what is changed through it; setting it exchanges the data under the same identity. */
  get data(): Tensor {
    return wrap(native.data(this._h))
  }

  set data(source: Tensor) {
    if (!isTensor(source)) throw new ArgumentError(`data: expected a Tensor but received ${describe(source)}`)
    native.setData(this._h, source._h)
  }

  detach(): Tensor {
    return wrap(native.detach(this._h))
  }

  /** Accumulates the gradients of this tensor into the leaves of its graph. */
  backward(...given: Given<BackwardOptions, typeof BACKWARD>): void {
    const { gradient, ...rest } = named<BackwardOptions>('backward', BACKWARD, given)
    backward(this, gradient === undefined ? rest : { ...rest, gradTensors: [gradient] })
  }

  /**
   * Calls `hook` with this tensor's gradient in every backward that gives it one; what it returns takes the gradient's place.
   *
   * A closure that holds the tensor is freed with it. One that holds what was computed from it keeps both until `remove()`, as in Python.
   *
   * @returns A handle whose `remove()` ends the hook.
   * @throws ArgumentError where the tensor requires no gradient.
   * @see https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html
   * @example
   * const x = torch.tensor([1, 2], { requiresGrad: true })
   * x.registerHook((gradient) => gradient.mul(10))
   * x.sum().backward()
   * x.grad.tolist() // [10, 10]
   */
  registerHook(hook: TensorHook): RemovableHandle {
    return registerTensorHook(this, hook)
  }

  dim(): number {
    return native.dim(this._h)
  }

  get ndim(): number {
    return native.dim(this._h)
  }

  numel(): number {
    return native.numel(this._h)
  }

  /** The shape, or one dimension's size (negative from the end). */
  size(): number[]
  size(dimension: number): number
  size(dimension?: number): number | number[] {
    const shape = this.shape
    return dimension === undefined ? shape : atDimension(shape, dimension)
  }

  stride(): number[]
  stride(dimension: number): number
  stride(dimension?: number): number | number[] {
    const strides = native.stride(this._h)
    return dimension === undefined ? strides : atDimension(strides, dimension)
  }

  storageOffset(): number {
    return native.storageOffset(this._h)
  }

  /** Bytes of one element. */
  elementSize(): number {
    return native.elementSize(this._h)
  }

  get itemsize(): number {
    return native.elementSize(this._h)
  }

  /** Bytes of all elements. */
  get nbytes(): number {
    return native.numel(this._h) * native.elementSize(this._h)
  }

  isContiguous(...given: Given<MemoryFormatOption, typeof MEMORY_FORMAT>): boolean {
    const { memoryFormat = 'contiguousFormat' } = named<MemoryFormatOption>('isContiguous', MEMORY_FORMAT, given)
    return aten('is_contiguous', 'memory_format')(this._h, memoryFormat) as boolean
  }

  contiguous(...given: Given<MemoryFormatOption, typeof MEMORY_FORMAT>): Tensor {
    const { memoryFormat = 'contiguousFormat' } = named<MemoryFormatOption>('contiguous', MEMORY_FORMAT, given)
    return wrap(aten('contiguous')(this._h, memoryFormat))
  }

  isFloatingPoint(): boolean {
    return isFloatingDtype(this.dtype)
  }

  isComplex(): boolean {
    return isComplexDtype(this.dtype)
  }

  override isConj(): boolean {
    return aten('is_conj')(this._h) as boolean
  }

  /** The value of a one-element tensor: a number (a bigint beyond 2^53), a boolean, `[re, im]`. */
  item(): number
  item<T extends number | bigint | boolean | [number, number]>(): T
  item(): number | bigint | boolean | [number, number] {
    return native.item(this._h)
  }

  tolist(): Nested {
    return nestedOf(this._h)
  }

  /**
   * The number of a tensor of one element, so that `Number(t)`, `Math.min(t, 1)` and `t < u` work at run time; a text for `String(t)`.
   *
   * TypeScript takes `t < u` for two tensors whatever they hold, so more than one element is refused when the comparison runs.
   *
   * @throws ArgumentError for more or fewer elements, and for complex ones.
   * @example
   * torch.tensor(10) < torch.tensor(9) // false
   */
  [Symbol.toPrimitive](hint: 'number' | 'string' | 'default'): number | bigint | boolean | string {
    return hint === 'string' ? this.toString() : primitiveOf(this._h)
  }

  /**
   * What `JSON.stringify` writes: the values as `tolist()` gives them. As always in JSON, NaN and infinities become null.
   *
   * @throws ArgumentError for integers beyond 2^53, which JSON's numbers do not hold.
   * @example
   * JSON.stringify({ t: torch.tensor([1, 2]) }) // '{"t":[1,2]}'
   */
  toJSON(): Nested {
    return jsonOf(this._h)
  }

  /** A copy of the elements, in order: float16 and bfloat16 as Float32Array, int64 as BigInt64Array, complex interleaved. */
  toTypedArray(): TypedArray {
    return typedArrayOf(this._h)
  }

  /**
   * What Python's brackets take: a view where the parts are integers, ranges, null and '...', a copy with masks and index tensors.
   *
   * @see https://docs.pytorch.org/docs/stable/tensor_view.html
   * @example
   * const x = torch.arange(12).view([3, 4])
   * x.index(['...', torch.slice(1, 3)]).tolist() // [[1, 2], [5, 6], [9, 10]]
   */
  index(parts: Indices): Tensor {
    return index(this, parts)
  }

  /**
   * Puts values where `index` would read them; with `accumulate` adds them.
   *
   * @example
   * torch.zeros([3]).indexPut_([torch.slice(2)], 1).tolist() // [1, 1, 0]
   */
  indexPut_(parts: Indices, value: Tensor | TensorData, ...given: Given<{ accumulate: boolean }, typeof ACCUMULATE>): this {
    const { accumulate = false } = named<{ accumulate: boolean }>('indexPut_', ACCUMULATE, given)
    indexPut(this, parts, value, accumulate)
    return this
  }

  /**
   * The tensor with another dtype or on another device; itself where nothing changes.
   *
   * @see https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html
   * @example
   * torch.ones([2]).to('float64').dtype // 'float64'
   */
  to(target: DTypeLike | Device | Tensor | ToOptions, ...more: (DTypeLike | Device | boolean | ToOptions)[]): Tensor
  to(...targets: unknown[]): Tensor {
    return convertTensor(this, targets)
  }

  cpu(...given: [options?: MemoryFormatOption]): Tensor {
    return this.to({ ...named<MemoryFormatOption>('cpu', [], given, MEMORY_FORMAT), device: 'cpu' })
  }

  cuda(...given: Given<CudaOptions, typeof CUDA>): Tensor {
    const { device = 'cuda', ...options } = named<CudaOptions>('cuda', CUDA, given, MEMORY_FORMAT)
    return this.to({ ...options, device: typeof device === 'number' ? `cuda:${device}` : device })
  }

  float(...given: [options?: MemoryFormatOption]): Tensor {
    return converted(this, 'float', 'float32', given)
  }

  double(...given: [options?: MemoryFormatOption]): Tensor {
    return converted(this, 'double', 'float64', given)
  }

  half(...given: [options?: MemoryFormatOption]): Tensor {
    return converted(this, 'half', 'float16', given)
  }

  bfloat16(...given: [options?: MemoryFormatOption]): Tensor {
    return converted(this, 'bfloat16', 'bfloat16', given)
  }

  int(...given: [options?: MemoryFormatOption]): Tensor {
    return converted(this, 'int', 'int32', given)
  }

  long(...given: [options?: MemoryFormatOption]): Tensor {
    return converted(this, 'long', 'int64', given)
  }

  bool(...given: [options?: MemoryFormatOption]): Tensor {
    return converted(this, 'bool', 'bool', given)
  }

  byte(...given: [options?: MemoryFormatOption]): Tensor {
    return converted(this, 'byte', 'uint8', given)
  }

  char(...given: [options?: MemoryFormatOption]): Tensor {
    return converted(this, 'char', 'int8', given)
  }

  short(...given: [options?: MemoryFormatOption]): Tensor {
    return converted(this, 'short', 'int16', given)
  }

  cfloat(...given: [options?: MemoryFormatOption]): Tensor {
    return converted(this, 'cfloat', 'complex64', given)
  }

  cdouble(...given: [options?: MemoryFormatOption]): Tensor {
    return converted(this, 'cdouble', 'complex128', given)
  }

  type(dtype: DTypeLike, ...given: Given<TypeOptions, typeof NON_BLOCKING>): Tensor {
    return this.to({ ...named<TypeOptions>('type', NON_BLOCKING, given, MEMORY_FORMAT), dtype })
  }

  /** Copies the other tensor's elements, or one number, into this one, converting and broadcasting them. */
  copy_(source: Tensor | Scalar, ...given: Given<{ nonBlocking: boolean }, typeof NON_BLOCKING>): this {
    const { nonBlocking = false } = named<{ nonBlocking: boolean }>('copy_', NON_BLOCKING, given)
    if (!isScalar(source)) expectTensor('copy_', source, 'source')
    aten('copy_')(this._h, isTensor(source) ? source._h : source, nonBlocking)
    return this
  }

  /** Takes the other tensor's storage, shape and strides. */
  set_(source: Tensor): this {
    expectTensor('set_', source, 'source')
    aten('set_', 'source_Tensor')(this._h, source._h)
    return this
  }

  /** A new tensor of these values on this tensor's device; the dtype is this tensor's unless given. */
  newTensor(data: TensorData, options: TensorOptions = {}): Tensor {
    return tensor(data, { dtype: this.dtype, device: this.device, ...options })
  }

  /** The real part, a view; a real tensor itself. */
  get real(): Tensor {
    return this.isComplex() ? wrap(aten('real')(this._h)) : this
  }

  /** The imaginary part, a view; real tensors have none. */
  get imag(): Tensor {
    return wrap(aten('imag')(this._h))
  }

  /** Dimensions in reverse. */
  get T(): Tensor {
    return this.permute(Array.from({ length: this.dim() }, (_, i) => this.dim() - 1 - i))
  }

  /** The last two dimensions exchanged. */
  get mT(): Tensor {
    return wrap(aten('mT')(this._h))
  }

  /** A matrix's conjugate transpose. */
  get H(): Tensor {
    return wrap(aten('matrix_H')(this._h))
  }

  /** The conjugate transpose of the last two dimensions. */
  get mH(): Tensor {
    return wrap(aten('mH')(this._h))
  }

  /** A token under which one other thread of this process gets the same data: `torch.fromShared(token)`. */
  share(): string {
    return native.share(this._h)
  }

  /** Drops this handle's hold of the tensor; graphs and views keep what they need. */
  dispose(): void {
    native.dispose(this._h)
    this.cachedGrad = null
  }

  get isDisposed(): boolean {
    return native.isDisposed(this._h)
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  /** Goes over the first dimension. */
  *[Symbol.iterator](): IterableIterator<Tensor> {
    if (this.dim() === 0) throw new ArgumentError('a tensor without dimensions cannot be iterated')
    for (let i = 0; i < this.shape[0]!; i++) yield this.select(0, i)
  }

  /** As Python's torch prints it. */
  override toString(): string {
    return this.isDisposed ? 'tensor(disposed)' : formatTensor(this)
  }

  /** For `console.log`: as `toString()`, with size and dtype always. */
  [inspect.custom](depth = 2): string {
    if (this.isDisposed) return this.toString()
    return depth < 0 ? `[Tensor ${this.dtype} [${this.shape.join(', ')}]]` : formatTensor(this, true)
  }
}

registerTensorClass(Tensor)

/** The conversion that a method's name says, such as `x.float({ memoryFormat: 'channelsLast' })`. */
function converted(tensor: Tensor, call: string, dtype: DType, given: readonly unknown[]): Tensor {
  if (given.length === 0) return tensor.to(dtype)
  return tensor.to({ ...named<MemoryFormatOption>(call, [], given, MEMORY_FORMAT), dtype })
}

function isScalar(value: unknown): value is Scalar {
  return (
    ['number', 'bigint', 'boolean'].includes(typeof value) ||
    (typeof value === 'object' && value !== null && ('float' in value || ('real' in value && 'imag' in value)) && !isTensor(value))
  )
}

function atDimension(values: readonly number[], dimension: number): number {
  const value = values.at(dimension)
  if (value === undefined || !Number.isInteger(dimension)) {
    throw new ArgumentError(`dimension ${dimension} is out of range for a tensor of ${values.length} dimensions`)
  }
  return value
}

/** The tensor that another thread shared under this token; each token serves once. */
export function fromShared(token: string): Tensor {
  return wrap(native.fromShared(token))
}
