import { aten } from './call/aten'
import { ArgumentError } from '../native'
import { isTensor, wrap } from './tensor/base'
import { tensor, type TensorData } from './creation'
import { describe } from './call/describe'
import { type Given, named } from './call/named'
import { isOptions } from './call/bind'
import type { Device, DTypeLike, Int } from './tensor/dtype'
import type { Tensor } from './tensor/tensor'

export interface SparseOptions {
  /** Default: the values'. */
  dtype?: DTypeLike | null
  /** Default: the values'. */
  device?: Device
  pinMemory?: boolean
  requiresGrad?: boolean
  /** Looks through the indices. Default true, other than Python's: wrong ones make later operators read and write beyond their memory. */
  checkInvariants?: boolean
}

export interface SparseSizeOptions extends SparseOptions {
  /** Default: the smallest that holds the indices. */
  size?: readonly Int[]
}

export interface SparseCooOptions extends SparseSizeOptions {
  /** The indices are sorted and none comes twice; checked as the others are. */
  isCoalesced?: boolean
}

export type SparseCompressedLayout = 'sparseCsr' | 'sparseCsc' | 'sparseBsr' | 'sparseBsc'

export interface SparseCompressedOptions extends SparseSizeOptions {
  layout: SparseCompressedLayout
}

const SIZE = ['size'] as const
const OPTIONS = ['dtype', 'device', 'pinMemory', 'requiresGrad', 'checkInvariants'] as const
const LAYOUTS: readonly string[] = ['sparseCsr', 'sparseCsc', 'sparseBsr', 'sparseBsc']
const INDEX_DTYPES: readonly string[] = ['int64', 'int32']

/**
 * A COO tensor: `values` [nnz, …] at the columns of `indices` [sparse dimensions, nnz], zeros elsewhere; of a size alone, an empty one.
 *
 * Indices are looked through, for wrong ones would make later operators read and write beyond their memory; `checkInvariants: false` trusts them.
 *
 * @throws TorchError for indices beyond the size; ArgumentError for unknown options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.sparse_coo_tensor.html
 * @example
 * torch.sparseCooTensor([[0, 1], [2, 0]], [3, 4], [2, 3]).toDense().tolist() // [[0, 0, 3], [4, 0, 0]]
 */
export function sparseCooTensor(size: readonly Int[], options?: SparseOptions): Tensor
export function sparseCooTensor(indices: TensorData, values: TensorData, ...given: Given<SparseCooOptions, typeof SIZE>): Tensor
export function sparseCooTensor(first: TensorData, ...rest: unknown[]): Tensor {
  const call = 'sparseCooTensor'
  if (rest.length === 0 || (rest.length === 1 && isOptions(rest[0]))) return emptyCoo(call, first, rest)
  const [values, ...given] = rest as [TensorData, ...unknown[]]
  const options = named<SparseCooOptions>(call, SIZE, given, [...OPTIONS, 'isCoalesced'])
  const { size, pinMemory = null, isCoalesced = null } = options
  const data = valuesOf(values, options)
  const indices = onDevice(indicesOf(first), data).to('int64')
  const overload = size === undefined ? 'indices' : 'indices_size'
  const parts = size === undefined ? [indices._h, data._h] : [indices._h, data._h, size]
  const made = wrap(aten('sparse_coo_tensor', overload)(...parts, null, null, null, pinMemory, isCoalesced))
  if (options.checkInvariants !== false) aten('_validate_sparse_coo_tensor_args')(indices._h, data._h, made.shape, isCoalesced)
  return finished(made, options)
}

function emptyCoo(call: string, size: unknown, given: readonly unknown[]): Tensor {
  const options = named<SparseOptions>(call, [], given, OPTIONS)
  const { dtype = null, device = null, pinMemory = null } = options
  if (!Array.isArray(size) || size.some((length) => typeof length !== 'number' && typeof length !== 'bigint'))
    throw new ArgumentError(`${call}() takes indices and values, or a size such as [2, 3], but received ${describe(size)}`)
  return finished(wrap(aten('sparse_coo_tensor', 'size')(size, dtype, null, device, pinMemory)), options)
}

function finished(made: Tensor, { requiresGrad }: SparseOptions): Tensor {
  if (requiresGrad !== true) return made
  const leaf = made.detach()
  leaf.requiresGrad = true
  return leaf
}

function valuesOf(values: TensorData, { dtype, device }: SparseOptions): Tensor {
  const data = isTensor(values) ? values : tensor(values)
  const typed = dtype == null ? data : data.to(dtype)
  return device === undefined ? typed : typed.to(device)
}

function indicesOf(indices: TensorData): Tensor {
  if (!isTensor(indices)) return tensor(indices, { dtype: 'int64' })
  return INDEX_DTYPES.includes(indices.dtype) ? indices : indices.to('int64')
}

const onDevice = (indices: Tensor, values: Tensor): Tensor => (indices.device === values.device ? indices : indices.to(values.device))

function compressed(
  call: string,
  layout: string | undefined,
  parts: readonly [TensorData, TensorData, TensorData],
  given: readonly unknown[],
): Tensor {
  const namedOnly = [...OPTIONS, ...(layout === undefined ? (['layout'] as const) : [])]
  const options = named<SparseCompressedOptions>(call, SIZE, given, namedOnly)
  const kind = layout ?? options.layout
  if (kind === undefined || !LAYOUTS.includes(kind))
    throw new ArgumentError(`${call}(): layout must be one of ${LAYOUTS.join(', ')} but is ${describe(kind)}`)
  const values = valuesOf(parts[2], options)
  const [outer, inner] = sameDtype(onDevice(indicesOf(parts[0]), values), onDevice(indicesOf(parts[1]), values))
  const { size, pinMemory = null } = options
  const handles = [outer._h, inner._h, values._h]
  const overload = size === undefined ? 'comp_plain_value' : 'comp_plain_value_size'
  const form = [values.dtype, kind, values.device, pinMemory]
  const made = wrap(aten('sparse_compressed_tensor', overload)(...handles, ...(size === undefined ? form : [size, ...form])))
  if (options.checkInvariants !== false) aten('_validate_sparse_compressed_tensor_args')(...handles, made.shape, kind)
  return finished(made, options)
}

function sameDtype(outer: Tensor, inner: Tensor): [Tensor, Tensor] {
  return outer.dtype === inner.dtype ? [outer, inner] : [outer.to('int64'), inner.to('int64')]
}

/**
 * A compressed tensor of the layout named: CSR, CSC, BSR or BSC.
 *
 * Indices are looked through as `sparseCooTensor` does; numbers in arrays become int64 indices.
 *
 * @throws ArgumentError without a layout and for unknown options; TorchError for indices that do not fit.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.sparse_compressed_tensor.html
 * @example
 * torch.sparseCompressedTensor([0, 1, 2], [1, 0], [5, 6], [2, 2], { layout: 'sparseCsr' }).toDense().tolist() // [[0, 5], [6, 0]]
 */
export function sparseCompressedTensor(
  compressedIndices: TensorData,
  plainIndices: TensorData,
  values: TensorData,
  options: SparseCompressedOptions,
): Tensor
export function sparseCompressedTensor(
  compressedIndices: TensorData,
  plainIndices: TensorData,
  values: TensorData,
  size: readonly Int[] | null,
  options: Omit<SparseCompressedOptions, 'size'>,
): Tensor
export function sparseCompressedTensor(
  compressedIndices: TensorData,
  plainIndices: TensorData,
  values: TensorData,
  ...given: unknown[]
): Tensor {
  return compressed('sparseCompressedTensor', undefined, [compressedIndices, plainIndices, values], given)
}

type GivenSize = Given<SparseSizeOptions, typeof SIZE>

/**
 * A CSR matrix, or a batch of them: row i holds `values` at the columns `colIndices`, both from `crowIndices[i]` to `crowIndices[i + 1]`.
 *
 * Indices are looked through as `sparseCooTensor` does; numbers in arrays become int64 indices.
 *
 * @throws TorchError for indices that do not fit; ArgumentError for unknown options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.sparse_csr_tensor.html
 * @example
 * torch.sparseCsrTensor([0, 1, 2], [1, 0], [5, 6], [2, 2]).toDense().tolist() // [[0, 5], [6, 0]]
 */
export function sparseCsrTensor(crowIndices: TensorData, colIndices: TensorData, values: TensorData, ...given: GivenSize): Tensor {
  return compressed('sparseCsrTensor', 'sparseCsr', [crowIndices, colIndices, values], given)
}

/**
 * A CSC matrix, or a batch of them: `sparseCsrTensor` with columns in place of rows.
 *
 * @throws TorchError for indices that do not fit; ArgumentError for unknown options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.sparse_csc_tensor.html
 * @example
 * torch.sparseCscTensor([0, 1, 2], [1, 0], [5, 6], [2, 2]).toDense().tolist() // [[0, 6], [5, 0]]
 */
export function sparseCscTensor(ccolIndices: TensorData, rowIndices: TensorData, values: TensorData, ...given: GivenSize): Tensor {
  return compressed('sparseCscTensor', 'sparseCsc', [ccolIndices, rowIndices, values], given)
}

/**
 * A matrix of dense blocks, `values` [nnz, rows, columns], at the places that CSR indices name.
 *
 * @throws TorchError for indices that do not fit; ArgumentError for unknown options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.sparse_bsr_tensor.html
 * @example
 * torch.sparseBsrTensor([0, 1], [0], [[[1, 2]]]).toDense().tolist() // [[1, 2]]
 */
export function sparseBsrTensor(crowIndices: TensorData, colIndices: TensorData, values: TensorData, ...given: GivenSize): Tensor {
  return compressed('sparseBsrTensor', 'sparseBsr', [crowIndices, colIndices, values], given)
}

/**
 * A matrix of dense blocks, `values` [nnz, rows, columns], at the places that CSC indices name.
 *
 * @throws TorchError for indices that do not fit; ArgumentError for unknown options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.sparse_bsc_tensor.html
 * @example
 * torch.sparseBscTensor([0, 1], [0], [[[1, 2]]]).toDense().tolist() // [[1, 2]]
 */
export function sparseBscTensor(ccolIndices: TensorData, rowIndices: TensorData, values: TensorData, ...given: GivenSize): Tensor {
  return compressed('sparseBscTensor', 'sparseBsc', [ccolIndices, rowIndices, values], given)
}
