import { FileError, native } from '../../native'
import { wrap } from '../tensor/base'
import { elementSizes, type DType } from '../tensor/dtype'
import { safeNumber } from '../tensor/values'
import { Deferred, PickledTuple, WholeFloat, type Budget } from '../archive/pickle-values'
import { asFileError, sizes } from './rebuild'

const dtypes = new Map<string, DType>([
  ['b1', 'bool'],
  ['i1', 'int8'],
  ['i2', 'int16'],
  ['i4', 'int32'],
  ['i8', 'int64'],
  ['u1', 'uint8'],
  ['u2', 'uint16'],
  ['u4', 'uint32'],
  ['u8', 'uint64'],
  ['f2', 'float16'],
  ['f4', 'float32'],
  ['f8', 'float64'],
  ['c8', 'complex64'],
  ['c16', 'complex128'],
])

/** A `numpy.dtype` while it is read; BUILD sets its byte order. */
export class NumpyDtype extends Deferred {
  isBigEndian = false

  constructor(readonly code: string) {
    super('numpy.dtype', (state) => {
      const order = state instanceof PickledTuple ? state.items[1] : undefined
      this.isBigEndian = order === '>'
      return `numpy.${code}`
    })
    this.value = `numpy.${code}`
  }
}

export function numpyDtype(args: readonly unknown[]): NumpyDtype {
  const code = typeof args[0] === 'string' ? args[0].replace(/^[<>|=]/, '') : ''
  const dtype = new NumpyDtype(code)
  if (typeof args[0] === 'string' && args[0].startsWith('>')) dtype.isBigEndian = true
  return dtype
}

/** A numpy scalar, which checkpoints hold when `.item()` was not called. */
export function numpyScalar([dtype, data]: readonly unknown[]): unknown {
  if (!(dtype instanceof NumpyDtype)) throw new FileError('the pickle is damaged: a numpy number has no dtype')
  const bytes = nativeOrder(dtype, bytesOf(data))
  const { code } = dtype
  const name = dtypes.get(code)
  if (code.startsWith('U')) return textOf(bytes)
  if (name === undefined || bytes.length !== elementSizes[name])
    throw new FileError(`the file holds a numpy value of type '${code}', which is not supported`)
  const value = native.item(native.fromBytes(bytes, [], name))
  if (Array.isArray(value)) return { real: value[0], imag: value[1] }
  if (typeof value === 'bigint') return safeNumber(value)
  return code.startsWith('f') && Number.isInteger(value) ? new WholeFloat(value as number) : value
}

/** A numpy array, which becomes a Tensor. numpy pickles an empty array and then sets its state: version, shape, dtype, column order, bytes. */
export function numpyArray(_args: readonly unknown[], budget: Budget): Deferred {
  return new Deferred('numpy array', (state) => {
    const items = state instanceof PickledTuple ? state.items.slice(-4) : []
    const [shapePart, dtype, isColumnOrder, data] = items
    if (!(dtype instanceof NumpyDtype)) throw new FileError('the pickle is damaged: a numpy array has no dtype')
    const name = dtypes.get(dtype.code)
    if (name === undefined)
      throw new FileError(`the file holds a numpy array of type '${dtype.code}', which is not supported: save numbers`)
    const shape = sizes(shapePart, 'a shape')
    const bytes = nativeOrder(dtype, bytesOf(data))
    budget.charge(2 * bytes.length)
    const count = shape.reduce((product, length) => product * length, 1)
    if (bytes.length !== count * elementSizes[name])
      throw new FileError(`the pickle is damaged: a numpy array of shape [${shape.join(', ')}] has ${bytes.length} bytes`)
    return asFileError(() => {
      if (isColumnOrder !== true) return wrap(native.fromBytes(bytes, shape, name))
      const reversed = wrap(native.fromBytes(bytes, [...shape].reverse(), name))
      return reversed.permute(shape.map((_, i) => shape.length - 1 - i))
    })
  })
}

/** Bytes, or the latin-1 text by which Python 2 pickles them. */
function bytesOf(data: unknown): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  if (data instanceof Uint8Array) return data
  throw new FileError('the file holds a numpy value that is not made of plain bytes, which is not supported: save numbers')
}

function nativeOrder({ code, isBigEndian }: NumpyDtype, bytes: Uint8Array): Uint8Array {
  const dtype = dtypes.get(code)
  return isBigEndian && dtype !== undefined ? swapped(bytes, dtype) : bytes
}

/** The same elements in the opposite byte order. */
export function swapped(bytes: Uint8Array, dtype: DType): Buffer {
  const width = elementSizes[dtype] / (dtype.startsWith('complex') ? 2 : 1)
  const copy = Buffer.from(bytes)
  if (copy.length % width !== 0) throw new FileError('the file is damaged: a storage does not hold whole elements')
  if (width === 2) return copy.swap16()
  if (width === 4) return copy.swap32()
  return width === 8 ? copy.swap64() : copy
}

function textOf(bytes: Uint8Array): string {
  const points = new Uint32Array(Uint8Array.from(bytes).buffer, 0, Math.floor(bytes.length / 4))
  try {
    return String.fromCodePoint(...points)
  } catch (error) {
    throw new FileError('the pickle is damaged: a numpy text has an impossible character', { cause: error })
  }
}
