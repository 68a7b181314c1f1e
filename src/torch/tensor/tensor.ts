import { aten } from '../call/aten'
import { inspect } from 'node:util'
import { ArgumentError, native, type TypedArray } from '../../native'
import { isTensor, keep, registerTensorClass, wrap } from './base'
import { backward } from '../autograd/engine'
import { convertTensor, type ToOptions } from './convert'
import { tensor, type TensorData, type TensorOptions } from './creation'
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
import { FunctionalMethods } from '../generated/declared/functional-methods'
import * as declared from '../generated/declared/tensor-methods'
import { describe } from '../../common/describe'
import { misfit } from '../call/errors'
import { declared as signature, read } from '../call/declared'
import { registerTensorHook, type RemovableHandle, type TensorHook } from '../autograd/hooks'
import { nonzero, type NonzeroOptions } from '../functional/elements'
import { convert } from '../call/resolve'
import { index, indexPut, type Indices } from './indexing'
import { formatTensor } from './print'
import { jsonOf, nestedOf, primitiveOf, typedArrayOf, type Nested } from './values'

/** The memory format of a new tensor. */
export interface MemoryFormatOption {
  /** Default: the format of this tensor. */
  memoryFormat?: MemoryFormat | null | undefined
}

export interface TypeOptions extends MemoryFormatOption {
  /** Whether a copy from pinned memory may be asynchronous. Default false. */
  nonBlocking?: boolean | null | undefined
}

export interface CudaOptions extends TypeOptions {
  /** A device or the index of one; default: the current CUDA device. */
  device?: Device | number | null | undefined
}

const MEMORY_FORMAT = 'memory_format:m?=null'
const NON_BLOCKING = 'non_blocking:b=false'
const REQUIRES_GRAD = signature<{ requiresGrad: boolean }>('requiresGrad_', 'requires_grad:b=true')
const FROM_SHARED = signature<{ token: string }>('fromShared', 'token:s')
const IS_CONTIGUOUS = signature<{ memoryFormat: MemoryFormat }>('isContiguous', 'memory_format:m="contiguousFormat"')
const CONTIGUOUS = signature<{ memoryFormat: MemoryFormat }>('contiguous', 'memory_format:m="contiguousFormat"')
const CPU = signature<{ memoryFormat: MemoryFormat | null }>('cpu', MEMORY_FORMAT)
const CUDA = signature<{ device: Device | number; nonBlocking: boolean; memoryFormat: MemoryFormat | null }>(
  'cuda',
  'device:v|i="cuda"',
  NON_BLOCKING,
  MEMORY_FORMAT,
)
const TYPE = signature<{ dtype: DType; nonBlocking: boolean; memoryFormat: MemoryFormat | null }>(
  'type',
  'dtype:d',
  NON_BLOCKING,
  '*',
  MEMORY_FORMAT,
)
const INDEX_PUT = signature<{ indices: Indices; values: Tensor | TensorData; accumulate: boolean }>(
  'indexPut_',
  'indices:*',
  'values:*',
  'accumulate:b=false',
)
const COPY = signature<{ src: Tensor | Scalar; nonBlocking: boolean }>('copy_', 'src:T|S', NON_BLOCKING)
const SET = signature<{ source: Tensor }>('set_', 'source:T')

/**
 * An n-dimensional array of one dtype on one device, with PyTorch's operators as methods.
 *
 * Make one with `torch.tensor`, `torch.zeros` and the like. Memory is freed when the object is collected, or at once by `dispose()`.
 *
 * @see https://docs.pytorch.org/docs/stable/tensors.html
 * @example
 * torch.tensor([[1, 2], [3, 4]]).matmul(torch.eye(2)).tolist() // [[1, 2], [3, 4]]
 */
export class Tensor extends FunctionalMethods {
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

  /** Sets whether operations on this tensor are recorded; default true. */
  requiresGrad_(requiresGrad: boolean | { readonly requiresGrad?: boolean | null | undefined } | null = true): this {
    native.setRequiresGrad(this._h, read(REQUIRES_GRAD, [requiresGrad]).requiresGrad)
    return this
  }

  get isLeaf(): boolean {
    return native.isLeaf(this._h)
  }

  /** The name of the graph's node that made this tensor, such as `'AddBackward0'`; null for a leaf. */
  get gradFn(): string | null {
    return native.gradFnName(this._h)
  }

  /** The accumulated gradient; returns the same object as long as the gradient is the same tensor. */
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

  /** Keeps the gradient of a tensor that is not a leaf. */
  retainGrad(): void {
    native.retainGrad(this._h)
  }

  /** The same data detached from the graph, which does not notice changes through it. Setting it replaces the data and keeps the tensor's identity. */
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

  /**
   * Accumulates the gradients of this tensor into the leaves of its graph, or into `inputs` alone.
   *
   * `gradient` is the gradient with respect to this tensor, needed if it has several elements; `retainGraph` keeps the graph for another backward.
   *
   * @param gradient - Default null: one, for a tensor of one element.
   * @param retainGraph - Default: `createGraph`.
   * @param createGraph - Builds a graph of the gradients, for second derivatives. Default false.
   * @param inputs - Default null: all leaves.
   * @throws ArgumentError for a gradient of another shape; TorchError for a tensor without a graph.
   * @see https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html
   * @example
   * const x = torch.tensor([1, 2], { requiresGrad: true })
   * x.mul(x).backward(torch.tensor([1, 10]))
   * x.grad.tolist() // [2, 40]
   */
  backward(
    gradient?: Tensor | null,
    retainGraph?: boolean | null,
    createGraph?: boolean | null,
    inputs?: Tensor | readonly Tensor[] | null,
  ): void
  /** Accumulates the gradients of this tensor into the leaves of its graph, or into `inputs` alone. */
  backward(gradient: Tensor | null, options: Omit<declared.BackwardNamed, 'gradient'>): void
  /** Accumulates the gradients of this tensor into the leaves of its graph, or into `inputs` alone. */
  backward(options: declared.BackwardNamed): void
  backward(...given: unknown[]): void {
    const { gradient, ...rest } = read(declared.backward, given)
    backward({ ...rest, tensors: [this], gradTensors: gradient === null ? null : [gradient] })
  }

  /**
   * Calls `hook` with this tensor's gradient in every backward that computes it; a returned tensor replaces the gradient.
   *
   * A hook that refers to its tensor is freed with it. A hook that refers to a tensor computed from it keeps both alive until `remove()`, as in Python.
   *
   * @returns A handle whose `remove()` removes the hook.
   * @throws ArgumentError if the tensor requires no gradient.
   * @see https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html
   * @example
   * const x = torch.tensor([1, 2], { requiresGrad: true })
   * x.registerHook((gradient) => gradient.mul(10))
   * x.sum().backward()
   * x.grad.tolist() // [10, 10]
   */
  registerHook(hook: TensorHook): RemovableHandle {
    read(declared.registerHook, [hook])
    return registerTensorHook(this, hook)
  }

  dim(): number {
    return native.dim(this._h)
  }

  ndimension(): number {
    return native.dim(this._h)
  }

  get ndim(): number {
    return native.dim(this._h)
  }

  numel(): number {
    return native.numel(this._h)
  }

  /** The number of elements. */
  nelement(): number {
    return native.numel(this._h)
  }

  /**
   * The indices of the elements that are not zero: [count, dimensions], or with `asTuple` one tensor per dimension.
   *
   * @see https://docs.pytorch.org/docs/stable/generated/torch.Tensor.nonzero.html
   */
  nonzero(options: { asTuple: true }): Tensor[]
  nonzero(options?: NonzeroOptions | null): Tensor
  nonzero(options?: NonzeroOptions | null): Tensor | Tensor[] {
    return nonzero(this, options)
  }

  /** Whether the tensor was made in inference mode, so that it can never be part of a graph. */
  isInference(): boolean {
    return aten('is_inference')(this._h) as boolean
  }

  /** The shape, or one dimension's size (negative from the end). */
  size(): number[]
  size(dimension: number): number
  size(dimension?: number): number | number[] {
    const shape = this.shape
    return dimension === undefined ? shape : atDimension('size', shape, dimension)
  }

  stride(): number[]
  stride(dimension: number): number
  stride(dimension?: number): number | number[] {
    const strides = native.stride(this._h)
    return dimension === undefined ? strides : atDimension('stride', strides, dimension)
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

  /** Whether the tensor is contiguous in a memory format; default: the contiguous format. */
  isContiguous(memoryFormat?: MemoryFormat | MemoryFormatOption | null): boolean
  isContiguous(...given: unknown[]): boolean {
    const { memoryFormat } = read(IS_CONTIGUOUS, given)
    return aten('is_contiguous', 'memory_format')(this._h, memoryFormat) as boolean
  }

  /** The tensor itself if it is contiguous in a memory format (default: the contiguous format), else a copy that is. */
  contiguous(memoryFormat?: MemoryFormat | MemoryFormatOption | null): Tensor
  contiguous(...given: unknown[]): Tensor {
    const { memoryFormat } = read(CONTIGUOUS, given)
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
    try {
      return native.item(this._h)
    } catch (error) {
      if (this.numel() === 1) throw error
      throw misfit('item', 'input', 'a Tensor of one element', this, ': use tolist() or toTypedArray()')
    }
  }

  tolist(): Nested {
    return nestedOf(this._h)
  }

  /**
   * The number of a tensor of one element, so that `Number(t)`, `Math.min(t, 1)` and `t < u` work at run time; a text for `String(t)`.
   *
   * TypeScript accepts `t < u` for any two tensors, so tensors of several elements are rejected when the comparison runs.
   *
   * @throws ArgumentError for more or fewer elements, and for complex ones.
   * @example
   * torch.tensor(10) < torch.tensor(9) // false
   */
  [Symbol.toPrimitive](hint: 'number' | 'string' | 'default'): number | bigint | boolean | string {
    return hint === 'string' ? this.toString() : primitiveOf(this._h)
  }

  /**
   * The value for `JSON.stringify`: the result of `tolist()`. As always in JSON, NaN and infinities become null.
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
   * Indexing as with Python's brackets: a view for integers, ranges, null and '...', a copy with masks and index tensors.
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
   * Writes values to the positions that `index` would read; adds them with `accumulate`.
   *
   * @example
   * torch.zeros([3]).indexPut_([torch.slice(2)], 1).tolist() // [1, 1, 0]
   */
  indexPut_(
    indices: Indices,
    values: Tensor | TensorData,
    accumulate: boolean | { readonly accumulate?: boolean | null | undefined } | null = false,
  ): this {
    const bound = read(INDEX_PUT, [indices, values, accumulate])
    indexPut(this, bound.indices, bound.values, bound.accumulate)
    return this
  }

  /**
   * The tensor with another dtype or on another device; itself if nothing changes.
   *
   * @see https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html
   * @example
   * torch.ones([2]).to('float64').dtype // 'float64'
   */
  to(target: DTypeLike | Device | Tensor | ToOptions, ...more: (DTypeLike | Device | boolean | ToOptions)[]): Tensor
  to(...targets: unknown[]): Tensor {
    return convertTensor(this, targets)
  }

  cpu(memoryFormat?: MemoryFormat | MemoryFormatOption | null): Tensor
  cpu(...given: unknown[]): Tensor {
    return this.to({ ...read(CPU, given), device: 'cpu' })
  }

  cuda(device?: Device | number | null, nonBlocking?: boolean | null, memoryFormat?: MemoryFormat | null): Tensor
  cuda(device: Device | number | null, options: TypeOptions): Tensor
  cuda(options: CudaOptions): Tensor
  cuda(...given: unknown[]): Tensor {
    const { device, ...options } = read(CUDA, given)
    return this.to({ ...options, device: typeof device === 'number' ? `cuda:${device}` : device })
  }

  float(memoryFormat?: MemoryFormat | MemoryFormatOption | null): Tensor {
    return converted(this, 'float', 'float32', memoryFormat)
  }

  double(memoryFormat?: MemoryFormat | MemoryFormatOption | null): Tensor {
    return converted(this, 'double', 'float64', memoryFormat)
  }

  half(memoryFormat?: MemoryFormat | MemoryFormatOption | null): Tensor {
    return converted(this, 'half', 'float16', memoryFormat)
  }

  bfloat16(memoryFormat?: MemoryFormat | MemoryFormatOption | null): Tensor {
    return converted(this, 'bfloat16', 'bfloat16', memoryFormat)
  }

  int(memoryFormat?: MemoryFormat | MemoryFormatOption | null): Tensor {
    return converted(this, 'int', 'int32', memoryFormat)
  }

  long(memoryFormat?: MemoryFormat | MemoryFormatOption | null): Tensor {
    return converted(this, 'long', 'int64', memoryFormat)
  }

  bool(memoryFormat?: MemoryFormat | MemoryFormatOption | null): Tensor {
    return converted(this, 'bool', 'bool', memoryFormat)
  }

  byte(memoryFormat?: MemoryFormat | MemoryFormatOption | null): Tensor {
    return converted(this, 'byte', 'uint8', memoryFormat)
  }

  char(memoryFormat?: MemoryFormat | MemoryFormatOption | null): Tensor {
    return converted(this, 'char', 'int8', memoryFormat)
  }

  short(memoryFormat?: MemoryFormat | MemoryFormatOption | null): Tensor {
    return converted(this, 'short', 'int16', memoryFormat)
  }

  cfloat(memoryFormat?: MemoryFormat | MemoryFormatOption | null): Tensor {
    return converted(this, 'cfloat', 'complex64', memoryFormat)
  }

  cdouble(memoryFormat?: MemoryFormat | MemoryFormatOption | null): Tensor {
    return converted(this, 'cdouble', 'complex128', memoryFormat)
  }

  type(dtype: DTypeLike, nonBlocking?: boolean | TypeOptions | null, options?: MemoryFormatOption): Tensor
  type(...given: unknown[]): Tensor {
    return this.to(read(TYPE, given))
  }

  /** Copies the other tensor's elements, or one number, into this one, converting and broadcasting them. */
  copy_(src: Tensor | Scalar, nonBlocking: boolean | { readonly nonBlocking?: boolean | null | undefined } | null = false): this {
    const bound = read(COPY, [src, nonBlocking])
    aten('copy_')(this._h, convert(bound.src), bound.nonBlocking)
    return this
  }

  /** Sets storage, shape and strides to those of another tensor. */
  set_(source: Tensor): this {
    aten('set_', 'source_Tensor')(this._h, read(SET, [source]).source._h)
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

  /** Dimensions in reverse; PyTorch warns where there are not two. */
  get T(): Tensor {
    return wrap(aten('numpy_T')(this._h))
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

  /** Drops this handle's reference to the tensor; graphs and views keep what they need. */
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

  /** Iterates over the first dimension. */
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

/** A conversion method, such as `x.float({ memoryFormat: 'channelsLast' })`. */
function converted(tensor: Tensor, call: string, dtype: DType, memoryFormat: unknown): Tensor {
  if (memoryFormat === undefined) return tensor.to(dtype)
  const conversion = signature<{ memoryFormat: MemoryFormat | null }>(call, MEMORY_FORMAT)
  return tensor.to({ ...read(conversion, [memoryFormat]), dtype })
}

function atDimension(call: string, values: readonly number[], dimension: number): number {
  if (!Number.isInteger(dimension)) throw misfit(call, 'dim', 'a whole number', dimension)
  const value = values.at(dimension)
  if (value === undefined) throw new ArgumentError(`dimension ${dimension} is out of range for a tensor of ${values.length} dimensions`)
  return value
}

/** The tensor that another thread shared under this token; each token can be redeemed once. */
export function fromShared(token: string): Tensor {
  return wrap(native.fromShared(read(FROM_SHARED, [token]).token))
}
