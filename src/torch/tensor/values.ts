import { aten } from '../call/aten'
import { ArgumentError, native, type TensorHandle, type TypedArray } from '../../native'
import { elementSizes, isComplexDtype, type DType } from './dtype'

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

/** @internal The elements as nested arrays of the tensor's shape. */
export function nestedOf(handle: TensorHandle, convert: (element: Nested) => Nested = (element) => element): Nested {
  const flat = elementsOf(handle)
  const shape = native.shape(handle)
  let at = 0
  const build = (dimension: number): Nested => {
    if (dimension === shape.length) return convert(flat[at++]!)
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
  const dtype = native.dtype(handle)
  if (dtype.startsWith('float8')) return elementsOf(castTo(handle, 'float32'))
  const data = typedArrayOf(handle)
  if (dtype === 'bool') return Array.from(data as Uint8Array, (value) => value !== 0)
  if (dtype.startsWith('complex')) {
    const pairs: Nested[] = []
    for (let i = 0; i < data.length; i += 2) pairs.push([data[i] as number, data[i + 1] as number])
    return pairs
  }
  return Array.from(data as Float64Array | BigInt64Array, safeNumber)
}

/** A bigint as a number if it is exact. */
export function safeNumber(value: number | bigint): number | bigint {
  if (typeof value === 'number') return value
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}

/** @internal The shape and elements of nested arrays; ragged arrays throw. */
export function flatten(data: unknown): { shape: number[]; elements: unknown[] } {
  const shape: number[] = []
  for (let level = data; Array.isArray(level) || isNumberArray(level); level = (level as ArrayLike<unknown>)[0]) {
    shape.push((level as ArrayLike<unknown>).length)
    if (shape.length > 64) throw new ArgumentError('nested arrays are more than 64 deep: a tensor has at most 64 dimensions')
  }
  const elements: unknown[] = []
  const visit = (value: unknown, depth: number): void => {
    const isArray = Array.isArray(value) || isNumberArray(value)
    if (isArray !== depth < shape.length) throw ragged(shape, depth)
    if (!isArray) {
      elements.push(value)
      return
    }
    const items = value as ArrayLike<unknown>
    if (items.length !== shape[depth]) throw ragged(shape, depth, items.length)
    for (let i = 0; i < items.length; i++) visit(items[i], depth + 1)
  }
  visit(data, 0)
  return { shape, elements }
}

function ragged(shape: readonly number[], depth: number, length?: number): ArgumentError {
  const came = length === undefined ? 'another nesting' : `one of ${length}`
  return new ArgumentError(`nested arrays must be even: expected ${shape[depth] ?? 'no'} elements at depth ${depth} but received ${came}`)
}

function isNumberArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
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

/** @internal A CPU tensor of `dtype` from elements: fractions are truncated for integers, values out of range throw. */
export function fromElements(elements: readonly unknown[], shape: readonly number[], dtype: DType): TensorHandle {
  if (elementSizes[dtype] === undefined) {
    throw new ArgumentError(`unknown dtype '${String(dtype)}': expected one of ${Object.keys(elementSizes).join(', ')}`)
  }
  if (isComplexDtype(dtype)) return fromComplex(elements, shape, dtype)
  const stray = elements.find((element) => typeof element === 'object')
  if (stray !== undefined) throw new ArgumentError(`a complex number cannot become ${dtype}: expected real numbers, or a complex dtype`)
  if (dtype === 'bool')
    return native.fromBytes(
      Uint8Array.from(elements, (value) => (Number(value) !== 0 ? 1 : 0)),
      shape,
      dtype,
    )
  const range = integerRanges[dtype]
  if (range !== undefined) return fromIntegers(elements, shape, dtype, range)
  if (dtype === 'float32') return native.fromBytes(Float32Array.from(elements, Number), shape, dtype)
  const wide = native.fromBytes(Float64Array.from(elements, Number), shape, 'float64')
  return dtype === 'float64' ? wide : castTo(wide, dtype)
}

function fromIntegers(
  elements: readonly unknown[],
  shape: readonly number[],
  dtype: DType,
  [least, most]: readonly [bigint, bigint],
): TensorHandle {
  const [low, high] = [Number(least), Number(most)]
  const check = (value: number | bigint): void => {
    const fits = typeof value === 'bigint' ? value >= least && value <= most : value >= low && value <= high && BigInt(value) <= most
    if (!fits) throw new ArgumentError(`${value} does not fit ${dtype}: expected a value from ${least} to ${most}`)
  }
  const whole = (value: unknown): number | bigint => {
    const integer = typeof value === 'bigint' ? value : Math.trunc(Number(value))
    check(integer)
    return integer
  }
  if (dtype === 'int64')
    return native.fromBytes(
      BigInt64Array.from(elements, (value) => BigInt(whole(value))),
      shape,
      dtype,
    )
  if (dtype === 'uint64')
    return native.fromBytes(
      BigUint64Array.from(elements, (value) => BigInt(whole(value))),
      shape,
      dtype,
    )
  const data = new (arrayTypes[dtype] as unknown as new (length: number) => Int32Array)(elements.length)
  elements.forEach((value, i) => (data[i] = Number(whole(value))))
  return native.fromBytes(data, shape, dtype)
}

function fromComplex(elements: readonly unknown[], shape: readonly number[], dtype: DType): TensorHandle {
  const pairs = new Float64Array(elements.length * 2)
  elements.forEach((value, i) => {
    const { real, imag } = toComplex(value)
    pairs[2 * i] = real
    pairs[2 * i + 1] = imag
  })
  const wide = native.fromBytes(pairs, shape, 'complex128')
  return dtype === 'complex128' ? wide : castTo(wide, dtype)
}

function toComplex(value: unknown): { real: number; imag: number } {
  if (typeof value === 'object' && value !== null && 'real' in value && 'imag' in value)
    return { real: Number(value.real), imag: Number(value.imag) }
  return { real: Number(value), imag: 0 }
}
