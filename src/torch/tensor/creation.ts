import { ArgumentError, native } from '../../native'
import { isTensor, wrap } from './base'
import { declared, read } from '../call/declared'
import { isDetached } from '../../common/describe'
import { shapeOf } from './nested'
import { dtypeOfTypedArray, fromNested } from './values'
import { dtypeOption } from '../call/dtype-option'
import { misfit } from '../call/errors'
import { nearestHint } from '../../common/suggestions'
import { promoteTypes } from '../functional/dtypes'
import {
  dtypeOf,
  dtypes,
  isComplexDtype,
  isDtype,
  isFloatingDtype,
  type Device,
  type DType,
  type DTypeLike,
  type Int,
  type Layout,
  type MemoryFormat,
  type Scalar,
} from './dtype'
import type { Tensor } from './tensor'
import * as generated from '../generated/functions'

/** Data for `torch.tensor`: one value, nested arrays of values, a typed array. */
export type TensorData =
  | number
  | bigint
  | boolean
  | { readonly real: number; readonly imag: number }
  | { readonly float: number }
  | ArrayBufferView
  | Tensor
  | readonly TensorData[]

export interface TensorOptions {
  /** Default: the default dtype for numbers, int64 for bigints, bool for booleans, the dtype of tensors and typed arrays; for several, the one that holds all. */
  dtype?: DTypeLike | null
  device?: Device | null | undefined
  requiresGrad?: boolean | undefined
}

const OPTIONS = ['*', 'dtype:d?=null', 'device:v?=null']
const TENSOR = declared<unknown>('tensor', ...OPTIONS, 'requires_grad:b=false')
const AS_TENSOR = declared<unknown>('asTensor', ...OPTIONS)
const MADE = [...OPTIONS, 'requires_grad:b=false', 'layout:l?=null', 'pin_memory:b?=null']
const FULL = declared<FullArguments & { readonly size: readonly number[]; readonly fillValue: Scalar }>(
  'full',
  'size:i[]',
  'fill_value:*',
  ...MADE,
)
const SCALAR_TENSOR = declared<FullArguments & { readonly s: Scalar }>('scalarTensor', 's:*', ...MADE)

interface FullArguments {
  readonly dtype: DType | null
  readonly device: Device | null
  readonly requiresGrad: boolean
  readonly layout: Layout | null
  readonly pinMemory: boolean | null
}

/**
 * A tensor with a copy of the given values.
 *
 * Numbers give the default dtype, even whole ones; bigints give int64, booleans bool, typed arrays their type. As in `toTypedArray()`,
 * floats for a complex `dtype` are interleaved, and bytes for a float8 `dtype` are its bits.
 *
 * @throws ArgumentError for ragged arrays, values that are no numbers and unknown options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
 * @example
 * torch.tensor([[1, 2], [3, 4]]).shape // [2, 2]
 */
export function tensor(data: TensorData, options: TensorOptions = {}): Tensor {
  read(TENSOR, [options])
  const dtype = dtypeOption('tensor', options)
  let result = isTensor(data) ? data.detach().clone() : fromData(data, dtype)
  if (dtype !== undefined && result.dtype !== dtype) result = result.to(dtype)
  if (options.device != null) result = result.to(options.device)
  if (options.requiresGrad === true) result.requiresGrad = true
  return result
}

/** A tensor that shares the data if nothing needs to change, else a copy. */
export function asTensor(data: TensorData, options: Omit<TensorOptions, 'requiresGrad'> = {}): Tensor {
  read(AS_TENSOR, [options])
  if (!isTensor(data)) return tensor(data, options)
  const dtype = dtypeOption('asTensor', options)
  let result: Tensor = data
  if (dtype !== undefined) result = result.to(dtype)
  if (options.device != null) result = result.to(options.device)
  return result
}

function fromData(data: TensorData, wanted: DType | undefined): Tensor {
  if (ArrayBuffer.isView(data)) {
    return fromTypedArray(data, wanted)
  }
  const kinds = new Set<DType>()
  let hasNumbers = false
  const shape = shapeOf(data, (element) => {
    if (typeof element === 'number' && hasNumbers) return
    hasNumbers ||= typeof element === 'number'
    checkElement(element)
    kinds.add(isTensor(element) ? element.dtype : dtypeOfValue(element as Scalar))
  })
  return wrap(fromNested(data, shape, wanted ?? innermostDtype(data) ?? commonDtype(kinds), plainElement))
}

/** An element as numbers: a tensor's value, and what `torch.float` holds. */
function plainElement(element: unknown): unknown {
  if (typeof element === 'number') return element
  checkElement(element)
  return isTensor(element) ? valueOf(element) : isFloat(element) ? element.float : element
}

/** A tensor of plain elements, or of the form that `toTypedArray` returns for complex and float8 tensors. */
function fromTypedArray(data: ArrayBufferView, wanted: DType | undefined): Tensor {
  const own = dtypeOfTypedArray(data)
  if (isDetached(data as NodeJS.TypedArray)) throw misfit('tensor', 'data', 'an array with memory', data, ', whose buffer was transferred')
  const length = (data as unknown as ArrayLike<number>).length
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (wanted !== undefined && isComplexDtype(wanted) && isFloatingDtype(own)) {
    if (length % 2 !== 0) throw new ArgumentError(`complex numbers come as pairs (re, im), but the array has ${length} elements`)
    return wrap(native.fromBytes(bytes, [length / 2], own === 'float64' ? 'complex128' : 'complex64'))
  }
  if (wanted?.startsWith('float8') === true && own === 'uint8') return wrap(native.fromBytes(bytes, [length], wanted))
  return wrap(native.fromBytes(bytes, [length], own))
}

/** The dtype of the typed arrays inside of nested arrays. */
function innermostDtype(data: TensorData): DType | undefined {
  let level: unknown = data
  while (Array.isArray(level)) level = level[0]
  return ArrayBuffer.isView(level) ? dtypeOfTypedArray(level) : undefined
}

/** @internal Throws for what cannot be an element of a tensor. */
export function checkElement(element: unknown, call = 'tensor', name = 'data'): void {
  if (['number', 'bigint', 'boolean'].includes(typeof element)) return
  if (isTensor(element)) {
    if (element.numel() === 1) return
    throw misfit(call, name, 'Tensors of one element in nested arrays', element, ': torch.stack() joins tensors')
  }
  if (isFloat(element) || (typeof element === 'object' && element !== null && 'real' in element && 'imag' in element)) return
  throw misfit(call, name, 'numbers, bigints or booleans in nested arrays', element)
}

function isFloat(element: unknown): element is { float: number } {
  return typeof element === 'object' && element !== null && 'float' in element
}

function complexDtype(): DType {
  return defaultDtype() === 'float64' ? 'complex128' : 'complex64'
}

/** The value of a one-element tensor, as an element of nested arrays. */
function valueOf(element: Tensor): unknown {
  const value = element.item<number | bigint | boolean | [number, number]>()
  return Array.isArray(value) ? { real: value[0], imag: value[1] } : value
}

/** The dtype that holds all of them; the default dtype for none. */
function commonDtype(kinds: ReadonlySet<DType>): DType {
  const [first = defaultDtype(), ...others] = kinds
  return others.reduce<DType>((one, other) => promoteTypes(one, other), first)
}

/** The default dtype of numbers: `'float32'` unless `setDefaultDtype` changed it. */
export function defaultDtype(): DType {
  return native.defaultDtype() as DType
}

export function setDefaultDtype(dtype: DTypeLike): void {
  const wanted = dtypeOf(dtype)
  if (!isDtype(wanted)) throw misfit('setDefaultDtype', 'dtype', "a dtype such as 'float32'", wanted, nearestHint(wanted, dtypes))
  native.setDefaultDtype(wanted)
}

function dtypeOfValue(value: Scalar): DType {
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint') return 'int64'
  return typeof value === 'object' && 'imag' in value ? complexDtype() : defaultDtype()
}

/**
 * A tensor filled with one value, whose dtype follows from the value as in `torch.tensor`.
 *
 * @example
 * torch.full([2], 1).dtype // 'float32'
 */
export function full(size: readonly Int[], fillValue: Scalar, options?: TensorOptions): Tensor
export function full(...given: unknown[]): Tensor {
  const { size, fillValue, ...rest } = read(FULL, given)
  return filled('full', size, fillValue, rest)
}

function filled(call: string, size: readonly Int[], value: Scalar, { requiresGrad, ...options }: FullArguments): Tensor {
  checkElement(value, call, 'fillValue')
  const dtype = dtypeOption(call, options) ?? dtypeOfValue(value)
  const result = generated.empty(size, { ...options, dtype }).fill_(value)
  if (requiresGrad) result.requiresGrad = true
  return result
}

export interface LikeOptions extends TensorOptions {
  layout?: Layout | null | undefined
  pinMemory?: boolean | null | undefined
  /** Default: the input's. */
  memoryFormat?: MemoryFormat | null | undefined
}

interface FullLikeArguments {
  readonly input: Tensor
  readonly fillValue: Scalar
  readonly dtype: DType | null
  readonly layout: Layout | null
  readonly device: Device | null
  readonly pinMemory: boolean | null
  readonly requiresGrad: boolean
  readonly memoryFormat: MemoryFormat | null
}

const fullLikeSignature = declared<FullLikeArguments>(
  'fullLike',
  'input:T',
  'fill_value:S',
  '*',
  'dtype:d?=null',
  'layout:l?=null',
  'device:v?=null',
  'pin_memory:b?=null',
  'requires_grad:b=false',
  'memory_format:m?=null',
)

/** A tensor filled with one value, in the input's shape, dtype and device unless given. */
export function fullLike(input: Tensor, fillValue: Scalar, options?: LikeOptions): Tensor
export function fullLike(...given: unknown[]): Tensor {
  const { input, fillValue, requiresGrad, dtype, layout, device, pinMemory, memoryFormat } = read(fullLikeSignature, given)
  const result = generated.emptyLike(input, { dtype, layout, device, pinMemory, memoryFormat }).fill_(fillValue)
  if (requiresGrad) result.requiresGrad = true
  return result
}

/** A zero-dimensional tensor of a value. */
export function scalarTensor(s: Scalar, options?: TensorOptions): Tensor
export function scalarTensor(...given: unknown[]): Tensor {
  const { s, ...rest } = read(SCALAR_TENSOR, given)
  return filled('scalarTensor', [], s, rest)
}
