import { aten } from '../call/aten'
import { FileError, PixelclError, native, type TensorHandle } from '../../native'
import { wrap } from '../tensor/base'
import { elementSizes, isComplexDtype, isFloatingDtype, type DType } from '../tensor/dtype'
import type { Tensor } from '../tensor/tensor'
import { PickledDict, PickledTuple, shown } from '../archive/pickle-values'

/** The class of a storage in a pickle, such as `torch.FloatStorage`. */
export class StorageType {
  constructor(
    readonly name: string,
    readonly dtype: DType,
  ) {}
}

/** A storage of the file: its bytes, its type, and the part of the bytes that it covers. */
export class StoredBytes {
  constructor(
    /** A tensor that owns all bytes; null in the first pass, which only collects ids. */
    readonly base: TensorHandle | null,
    readonly dtype: DType,
    /** Offset of this storage in the bytes and its length, in elements. */
    readonly offset: number,
    readonly length: number,
  ) {}
}

/** PyTorch's own limit. */
const MAX_DIMENSIONS = 64

/** Checks a non-negative integer of a pickle. */
export function size(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new FileError(`the pickle is damaged: ${what} is ${shown(value)}`)
  return value
}

export function sizes(value: unknown, what: string): number[] {
  const items = value instanceof PickledTuple ? value.items : value
  if (!Array.isArray(items)) throw new FileError(`the pickle is damaged: ${what} is no tuple`)
  if (items.length > MAX_DIMENSIONS) throw new FileError(`the pickle is damaged: a tensor has ${items.length} dimensions`)
  return items.map((item) => size(item, what))
}

export interface TensorParts {
  readonly storage: unknown
  readonly offset: unknown
  readonly shape: unknown
  readonly stride: unknown
  readonly requiresGrad?: unknown
  /** The tensor's dtype, if it differs from the storage's. */
  readonly dtype?: unknown
  readonly metadata?: unknown
}

/** A view of a storage, as Python's `torch._utils._rebuild_tensor_v2` makes it; null in the first pass. */
export function rebuildTensor(parts: TensorParts): Tensor | null {
  const { storage } = parts
  if (!(storage instanceof StoredBytes)) throw new FileError('the pickle is damaged: a tensor has no storage')
  const dtype = parts.dtype === undefined ? storage.dtype : dtypeOf(parts.dtype)
  const shape = sizes(parts.shape, 'a shape')
  const stride = sizes(parts.stride, 'a stride')
  // If the storage has another type, PyTorch counts the offset in elements of the tensor.
  const offset = size(parts.offset, 'an offset') + storage.offset
  if (storage.base === null) return null
  return asFileError(() => {
    const tensor = wrap(marked(native.viewOfStorage(storage.base!, dtype, offset, shape, stride), parts.metadata))
    if (parts.requiresGrad === true && (isFloatingDtype(dtype) || isComplexDtype(dtype))) tensor.requiresGrad = true
    return tensor
  })
}

/** A tensor of all elements of a storage that was saved by itself. */
export function tensorOfStorage(storage: StoredBytes): Tensor | null {
  return rebuildTensor({ storage, offset: 0, shape: [storage.length], stride: [1] })
}

export function dtypeOf(value: unknown): DType {
  if (typeof value === 'string' && Object.hasOwn(elementSizes, value)) return value as DType
  throw new FileError(`a tensor has the element type ${shown(value)}, which is not supported`)
}

/** Sets the bits of lazily conjugated or negated tensors, whose data is unchanged. */
function marked(handle: TensorHandle, metadata: unknown): TensorHandle {
  if (!(metadata instanceof PickledDict)) return handle
  let result = handle
  if (metadata.entries.get('conj') === true) result = aten('_conj')(result) as TensorHandle
  if (metadata.entries.get('neg') === true) result = aten('_neg_view')(result) as TensorHandle
  return result
}

/** A sparse tensor. Its indices are checked, because libtorch would read out of bounds otherwise. */
export function rebuildSparse(layout: unknown, data: unknown): Tensor | null {
  const parts = data instanceof PickledTuple ? data.items : []
  const tensors = parts.slice(0, layout === 'sparseCoo' ? 2 : 3) as (Tensor | null)[]
  if (tensors.some((tensor) => tensor === null)) return null
  const handles = tensors.map((tensor, i) => {
    if (typeof tensor !== 'object' || !('_h' in tensor!)) throw new FileError('the pickle is damaged: a sparse tensor lacks its parts')
    // An expanded tensor of a few bytes can have a shape that takes hours to check.
    if (tensor.numel() * tensor.elementSize() > native.storageSize(tensor._h))
      throw new FileError('the pickle is damaged: a part of a sparse tensor is larger than its storage')
    // A tensor of the file may share the indices, and writing into it must not reach the sparse tensor.
    return i < tensors.length - 1 ? (aten('clone')(tensor._h) as TensorHandle) : tensor._h
  })
  const shape = sizes(parts[handles.length], 'a shape')
  return asFileError(() => {
    if (layout === 'sparseCoo') {
      const isCoalesced = parts[3] === true
      aten('_validate_sparse_coo_tensor_args')(...handles, shape, isCoalesced)
      return wrap(aten('sparse_coo_tensor', 'indices_size')(...handles, shape, null, null, null, null, isCoalesced))
    }
    aten('_validate_sparse_compressed_tensor_args')(...handles, shape, layout)
    // Pass both, because the defaults are not those of the values.
    const { dtype, device } = tensors[2]!
    return wrap(aten('sparse_compressed_tensor', 'comp_plain_value_size')(...handles, shape, dtype, layout, device))
  })
}

/** Turns errors of libtorch into a FileError, because the file caused them. */
export function asFileError<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof PixelclError && error.code !== 'FILE') {
      throw new FileError(`the file holds a tensor that cannot be: ${error.message.split('\n')[0]!}`, { cause: error })
    }
    throw error
  }
}
