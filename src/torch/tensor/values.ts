import { getHeapStatistics } from 'node:v8'
import { aten } from '../call/aten'
import { ArgumentError, native, type TensorHandle, type TypedArray } from '../../native'
import { elementSizes, isComplexDtype, type DType } from './dtype'
import { eachElement } from './nested'

/** A tensor's elements as nested arrays: numbers, booleans, bigints beyond 2^53, `[re, im]` for complex. */
export type Nested = number | bigint | boolean | readonly Nested[]

const arrayTypes: Readonly<Record<string, new (buffer: ArrayBuffer) => TypedArray>> = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  complex64: Float32Array,
  complex128: Float64Array,
}

/** Dtypes without a typed array in JavaScript, and the wider dtype through which they are read. */
const widened: Readonly<Record<string, string>> = { float16: 'float32', bfloat16: 'float32', complex32: 'complex64' }

/** @internal Copies the elements out, in order: float16 and bfloat16 as float32, complex interleaved, float8 raw. */
export function typedArrayOf(handle: TensorHandle): TypedArray {
  const dtype = native.dtype(handle)
  const wider = widened[dtype]
  if (wider !== undefined) return typedArrayOf(castTo(handle, wider))
  return new (arrayTypes[dtype] ?? Uint8Array)(native.toBytes(handle))
}

function castTo(handle: TensorHandle, dtype: string): TensorHandle {
  return aten('to', 'dtype')(handle, dtype) as TensorHandle
}

/** Bytes of V8's heap for an element of nested arrays at most: a bigint and its place, or a pair and its array. */
const bytesOfElement = (dtype: string): number => (dtype === 'int64' || dtype === 'uint64' ? 32 : dtype.startsWith('complex') ? 64 : 8)

const BYTES_OF_ARRAY = 48

/** V8 ends the process where its heap is full, which no one can catch. */
function requireHeap(call: string, shape: readonly number[], dtype: string): void {
  let arrays = 0
  let elements = 1
  for (const size of shape) {
    arrays += elements
    elements *= size
  }
  const bytes = arrays * BYTES_OF_ARRAY + elements * bytesOfElement(dtype)
  if (bytes < 2 ** 26) return
  const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics()
  if (bytes > limit - used || elements > LONGEST_LIST)
    throw new ArgumentError(
      `${call}: [${shape.join(', ')}] takes about ${Math.ceil(bytes / 2 ** 20)} MB of JavaScript's heap, of which ` +
        `${Math.floor((limit - used) / 2 ** 20)} MB are left: use toTypedArray(), or a part of the tensor`,
    )
}

/** V8 has no longer array of numbers. */
const LONGEST_LIST = 2 ** 26

/** @internal The elements as nested arrays of the tensor's shape. */
export function nestedOf(handle: TensorHandle, convert: (element: Nested) => Nested = (element) => element): Nested {
  const shape = native.shape(handle)
  requireHeap('tolist()', shape, native.dtype(handle))
  const element = elementReader(handle)
  let at = 0
  const build = (dimension: number): Nested => {
    if (dimension === shape.length) return convert(element(at++))
    return Array.from({ length: shape[dimension]! }, () => build(dimension + 1))
  }
  return build(0)
}

/** @internal The only element as a primitive for JavaScript's operators. */
export function primitiveOf(handle: TensorHandle): number | bigint | boolean {
  if (native.numel(handle) === 1) {
    const value = native.item(handle)
    if (!Array.isArray(value)) return value as number | bigint | boolean
    throw new ArgumentError('a complex number has no order and is no JavaScript number: read x.real or x.imag, or [re, im] by x.item()')
  }
  throw new ArgumentError(
    `JavaScript's operators take tensors of one element, as x.item() gives it, but received one of shape [${native.shape(handle).join(', ')}]: ` +
      'compare, add and multiply elements by methods, such as x.lt(y), x.gt(y), x.eq(y), x.add(y), x.mul(y); print it by `${x}` or x.toString()',
  )
}

/** @internal The elements as JSON values. */
export function jsonOf(handle: TensorHandle): Nested {
  return nestedOf(handle, (value) => {
    if (typeof value !== 'bigint') return value
    throw new ArgumentError(
      `JSON has no exact number for ${value}: convert the tensor by x.to('float64'), or write the texts of x.tolist()`,
    )
  })
}

/** @internal The elements in order: float8 as numbers, complex as `[re, im]`. */
export function elementsOf(handle: TensorHandle): Nested[] {
  const count = native.numel(handle)
  requireHeap('elements', [count], native.dtype(handle))
  const element = elementReader(handle)
  return Array.from({ length: count }, (_, at) => element(at))
}

/** Reads the element at a place of the flat order. */
function elementReader(handle: TensorHandle): (at: number) => Nested {
  const dtype = native.dtype(handle)
  if (dtype.startsWith('float8')) return elementReader(castTo(handle, 'float32'))
  const data = typedArrayOf(handle)
  if (dtype === 'bool') return (at) => data[at] !== 0
  if (dtype.startsWith('complex')) return (at) => [data[2 * at] as number, data[2 * at + 1] as number]
  return (at) => safeNumber(data[at]!)
}

/** A bigint as a number if it is exact. */
export function safeNumber(value: number | bigint): number | bigint {
  if (typeof value === 'number') return value
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}

const typedArrayDtypes: Readonly<Record<string, DType>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  BigInt64Array: 'int64',
  BigUint64Array: 'uint64',
  Int32Array: 'int32',
  Int16Array: 'int16',
  Int8Array: 'int8',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
  Uint16Array: 'uint16',
  Uint32Array: 'uint32',
  Float16Array: 'float16',
}

/** @internal The dtype of a typed array; a Buffer is a Uint8Array. */
export function dtypeOfTypedArray(data: ArrayBufferView): DType {
  const name = Object.prototype.toString.call(data).slice(8, -1)
  const dtype = typedArrayDtypes[name]
  if (dtype === undefined) throw new ArgumentError(`expected a typed array of numbers but received a ${name}`)
  return dtype
}

const integerRanges: Readonly<Partial<Record<DType, readonly [least: bigint, most: bigint]>>> = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  uint16: [0n, 2n ** 16n - 1n],
  int8: [-128n, 127n],
  uint8: [0n, 255n],
}

/** Writes one element at a place of a typed array, converted to its type. */
type Store = (element: unknown, at: number) => void

/** How elements become a dtype: the typed array that takes them, and the dtype that is written and then cast. */
interface Form {
  readonly array: new (length: number) => TypedArray
  readonly written: DType
  /** Typed array elements for one of the tensor's. */
  readonly width: 1 | 2
  store(into: TypedArray): Store
}

/** Elements that are converted at a time. */
const CHUNK = 2 ** 16

/**
 * @internal Nested arrays as a CPU tensor of `dtype`: fractions are cut off for integers, values out of their range throw.
 *
 * The elements go into the tensor's own memory chunk by chunk, so that JavaScript's heap holds none of them a second time.
 */
export function fromNested(data: unknown, shape: readonly number[], dtype: DType, plain: (element: unknown) => unknown): TensorHandle {
  if (elementSizes[dtype] === undefined) {
    throw new ArgumentError(`unknown dtype '${String(dtype)}': expected one of ${Object.keys(elementSizes).join(', ')}`)
  }
  const form = formOf(dtype)
  const count = shape.reduce((product, size) => product * size, 1)
  const buffer = new form.array(Math.min(count, CHUNK) * form.width)
  const store = form.store(buffer)
  if (count <= CHUNK) {
    let at = 0
    if (count > 0) eachElement(data, shape, (element) => store(plain(element), at++))
    const made = native.fromBytes(buffer, shape, form.written)
    return form.written === dtype ? made : castTo(made, dtype)
  }
  const base = native.emptyStorage(count * buffer.BYTES_PER_ELEMENT * form.width)
  let at = 0
  let written = 0
  const flush = (): void => {
    const piece = buffer.subarray(0, at * form.width)
    native.writeStorage(base, written, piece)
    written += piece.byteLength
    at = 0
  }
  eachElement(data, shape, (element) => {
    store(plain(element), at++)
    if (at === CHUNK) flush()
  })
  flush()
  const made = native.viewOfStorage(base, form.written, 0, shape, contiguousStrides(shape))
  return form.written === dtype ? made : castTo(made, dtype)
}

function contiguousStrides(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1)
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!
  return strides
}

function formOf(dtype: DType): Form {
  const array = arrayTypes[dtype] as unknown as Form['array'] | undefined
  if (isComplexDtype(dtype)) {
    const isSingle = dtype === 'complex64'
    return { array: isSingle ? Float32Array : Float64Array, written: isSingle ? dtype : 'complex128', width: 2, store: storePairs }
  }
  const range = integerRanges[dtype]
  if (range !== undefined) return { array: array!, written: dtype, width: 1, store: (into) => storeIntegers(into, dtype, range) }
  const isExact = dtype === 'bool' || dtype === 'float32' || dtype === 'float64'
  return {
    array: isExact ? array! : Float64Array,
    written: isExact ? dtype : 'float64',
    width: 1,
    store: (into) => storeNumbers(into as Float64Array, dtype),
  }
}

function refuseComplex(element: unknown, dtype: DType): void {
  if (typeof element === 'object')
    throw new ArgumentError(`a complex number cannot become ${dtype}: expected real numbers, or a complex dtype`)
}

function storeNumbers(into: Float64Array, dtype: DType): Store {
  const isBool = dtype === 'bool'
  return (element, at) => {
    refuseComplex(element, dtype)
    const number = Number(element)
    into[at] = isBool ? (number !== 0 ? 1 : 0) : number
  }
}

function storeIntegers(into: TypedArray, dtype: DType, [least, most]: readonly [bigint, bigint]): Store {
  const [low, high] = [Number(least), Number(most)]
  const isWide = dtype === 'int64' || dtype === 'uint64'
  return (element, at) => {
    refuseComplex(element, dtype)
    const integer = typeof element === 'bigint' ? element : Math.trunc(Number(element))
    const fits =
      typeof integer === 'bigint' ? integer >= least && integer <= most : integer >= low && integer <= high && BigInt(integer) <= most
    if (!fits) throw new ArgumentError(`${integer} does not fit ${dtype}: expected a value from ${least} to ${most}`)
    if (isWide) (into as BigInt64Array)[at] = BigInt(integer)
    else (into as Int32Array)[at] = Number(integer)
  }
}

function storePairs(into: TypedArray): Store {
  return (element, at) => {
    const { real, imag } = toComplex(element)
    into[2 * at] = real
    into[2 * at + 1] = imag
  }
}

function toComplex(value: unknown): { real: number; imag: number } {
  if (typeof value === 'object' && value !== null && 'real' in value && 'imag' in value)
    return { real: Number(value.real), imag: Number(value.imag) }
  return { real: Number(value), imag: 0 }
}
