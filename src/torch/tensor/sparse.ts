import { camelCase } from '../../common/text'
import { aten } from '../call/aten'
import { isOptions } from '../call/bind'
import { declared, read } from '../call/declared'
import { isTensor, wrap } from './base'
import { tensor, type TensorData } from './creation'
import type { Device, DType, DTypeLike, Int } from './dtype'
import type { Tensor } from './tensor'

export interface SparseOptions {
  /** Default: the values'. */
  dtype?: DTypeLike | null
  /** Default: the values'. */
  device?: Device | null | undefined
  pinMemory?: boolean | null | undefined
  requiresGrad?: boolean | null | undefined
  /** Checks the indices. Default true, unlike Python, because invalid indices make later operators access memory out of bounds. */
  checkInvariants?: boolean | null | undefined
}

export interface SparseSizeOptions extends SparseOptions {
  /** Default: the smallest that holds the indices. */
  size?: readonly Int[] | null | undefined
}

export interface SparseCooOptions extends SparseSizeOptions {
  /** Declares that the indices are sorted and unique, which is checked, too. */
  isCoalesced?: boolean | null | undefined
}

export type SparseCompressedLayout = 'sparseCsr' | 'sparseCsc' | 'sparseBsr' | 'sparseBsc'

export interface SparseCompressedOptions extends SparseSizeOptions {
  layout: SparseCompressedLayout
}

/** The arguments of all functions below. */
interface SparseArguments {
  readonly values: TensorData
  readonly size: readonly number[] | null
  readonly dtype: DType | null
  readonly device: Device | null
  readonly pinMemory: boolean | null
  readonly requiresGrad: boolean
  readonly checkInvariants: boolean
}

interface CooArguments extends SparseArguments {
  readonly indices: TensorData
  readonly isCoalesced: boolean | null
}

interface CompressedArguments extends SparseArguments {
  readonly compressed: TensorData
  readonly plain: TensorData
  readonly layout: SparseCompressedLayout
}

const OPTIONS = ['dtype:d?=null', 'device:v?=null', 'pin_memory:b?=null', 'requires_grad:b=false', 'check_invariants:b=true']
const COO = declared<CooArguments>(
  'sparseCooTensor',
  ...['indices:*', 'values:*', 'size:i[]?=null', '*', ...OPTIONS, 'is_coalesced:b?=null'],
)
const EMPTY_COO = declared<SparseArguments & { readonly size: readonly number[] }>('sparseCooTensor', 'size:i[]', '*', ...OPTIONS)
const INDEX_DTYPES: readonly string[] = ['int64', 'int32']

/**
 * A COO tensor: `values` [nnz, …] at the columns of `indices` [sparse dimensions, nnz], zeros elsewhere; with a size alone, an empty tensor.
 *
 * Indices are checked, because invalid ones would make later operators access memory out of bounds; `checkInvariants: false` skips the check.
 *
 * @throws TorchError for indices beyond the size; ArgumentError for unknown options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.sparse_coo_tensor.html
 * @example
 * torch.sparseCooTensor([[0, 1], [2, 0]], [3, 4], [2, 3]).toDense().tolist() // [[0, 0, 3], [4, 0, 0]]
 */
export function sparseCooTensor(size: readonly Int[], options?: SparseOptions): Tensor
export function sparseCooTensor(indices: TensorData, values: TensorData, size?: readonly Int[] | SparseCooOptions | null): Tensor
export function sparseCooTensor(
  indices: TensorData,
  values: TensorData,
  size: readonly Int[] | null,
  options: Omit<SparseCooOptions, 'size'>,
): Tensor
export function sparseCooTensor(...given: unknown[]): Tensor {
  if (given.length < 2 || (given.length === 2 && isOptions(given[1]) && !('values' in given[1]))) return emptyCoo(given)
  const args = read(COO, given)
  const { size, pinMemory, isCoalesced } = args
  const data = valuesOf(args)
  const indices = onDevice(indicesOf(args.indices), data).to('int64')
  const overload = size === null ? 'indices' : 'indices_size'
  const parts = size === null ? [indices._h, data._h] : [indices._h, data._h, size]
  const made = wrap(aten('sparse_coo_tensor', overload)(...parts, null, null, null, pinMemory, isCoalesced))
  if (args.checkInvariants) aten('_validate_sparse_coo_tensor_args')(indices._h, data._h, made.shape, isCoalesced)
  return finished(made, args)
}

function emptyCoo(given: readonly unknown[]): Tensor {
  const args = read(EMPTY_COO, given)
  return finished(wrap(aten('sparse_coo_tensor', 'size')(args.size, args.dtype, null, args.device, args.pinMemory)), args)
}

function finished(made: Tensor, { requiresGrad }: Pick<SparseArguments, 'requiresGrad'>): Tensor {
  if (!requiresGrad) return made
  const leaf = made.detach()
  leaf.requiresGrad = true
  return leaf
}

function valuesOf({ values, dtype, device }: SparseArguments): Tensor {
  const data = isTensor(values) ? values : tensor(values)
  const typed = dtype === null ? data : data.to(dtype)
  return device === null ? typed : typed.to(device)
}

/** Indices of the sparse tensor's own, because writing into the caller's would make later operators read and write beyond their memory. */
function indicesOf(indices: TensorData): Tensor {
  if (!isTensor(indices)) return tensor(indices, { dtype: 'int64' })
  return INDEX_DTYPES.includes(indices.dtype) ? indices.clone() : indices.to('int64')
}

const onDevice = (indices: Tensor, values: Tensor): Tensor => (indices.device === values.device ? indices : indices.to(values.device))

/** The signature of a compressed tensor; these differ in the names of the indices and in the layout. */
function compressedSignature(
  call: string,
  compressed: string,
  plain: string,
  layout?: SparseCompressedLayout,
): (given: unknown[]) => Tensor {
  const named = layout === undefined ? ['layout:(sparseCsr|sparseCsc|sparseBsr|sparseBsc)'] : []
  const signature = declared<Record<string, unknown>>(
    call,
    ...[`${compressed}:*`, `${plain}:*`, 'values:*', 'size:i[]?=null', '*', ...named, ...OPTIONS],
  )
  const [compressedName, plainName] = [camelCase(compressed), camelCase(plain)]
  return (given) => {
    const args = read(signature, given)
    const whole = { layout, ...args, compressed: args[compressedName], plain: args[plainName] }
    return compressedTensor(whole as object as CompressedArguments)
  }
}

const compressed = compressedSignature('sparseCompressedTensor', 'compressed_indices', 'plain_indices')
const csr = compressedSignature('sparseCsrTensor', 'crow_indices', 'col_indices', 'sparseCsr')
const csc = compressedSignature('sparseCscTensor', 'ccol_indices', 'row_indices', 'sparseCsc')
const bsr = compressedSignature('sparseBsrTensor', 'crow_indices', 'col_indices', 'sparseBsr')
const bsc = compressedSignature('sparseBscTensor', 'ccol_indices', 'row_indices', 'sparseBsc')

function compressedTensor(args: CompressedArguments): Tensor {
  const { size, pinMemory, layout } = args
  const values = valuesOf(args)
  const [outer, inner] = sameDtype(onDevice(indicesOf(args.compressed), values), onDevice(indicesOf(args.plain), values))
  const handles = [outer._h, inner._h, values._h]
  const overload = size === null ? 'comp_plain_value' : 'comp_plain_value_size'
  const form = [values.dtype, layout, values.device, pinMemory]
  const made = wrap(aten('sparse_compressed_tensor', overload)(...handles, ...(size === null ? form : [size, ...form])))
  if (args.checkInvariants) aten('_validate_sparse_compressed_tensor_args')(...handles, made.shape, layout)
  return finished(made, args)
}

function sameDtype(outer: Tensor, inner: Tensor): [Tensor, Tensor] {
  return outer.dtype === inner.dtype ? [outer, inner] : [outer.to('int64'), inner.to('int64')]
}

/**
 * A compressed tensor of the given layout: CSR, CSC, BSR or BSC.
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
export function sparseCompressedTensor(...given: unknown[]): Tensor {
  return compressed(given)
}

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
export function sparseCsrTensor(
  crowIndices: TensorData,
  colIndices: TensorData,
  values: TensorData,
  size?: readonly Int[] | SparseSizeOptions | null,
  options?: SparseOptions,
): Tensor
export function sparseCsrTensor(...given: unknown[]): Tensor {
  return csr(given)
}

/**
 * A CSC matrix, or a batch of them: `sparseCsrTensor` with columns in place of rows.
 *
 * @throws TorchError for indices that do not fit; ArgumentError for unknown options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.sparse_csc_tensor.html
 * @example
 * torch.sparseCscTensor([0, 1, 2], [1, 0], [5, 6], [2, 2]).toDense().tolist() // [[0, 6], [5, 0]]
 */
export function sparseCscTensor(
  ccolIndices: TensorData,
  rowIndices: TensorData,
  values: TensorData,
  size?: readonly Int[] | SparseSizeOptions | null,
  options?: SparseOptions,
): Tensor
export function sparseCscTensor(...given: unknown[]): Tensor {
  return csc(given)
}

/**
 * A matrix of dense blocks, `values` [nnz, rows, columns], at the places that CSR indices name.
 *
 * @throws TorchError for indices that do not fit; ArgumentError for unknown options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.sparse_bsr_tensor.html
 * @example
 * torch.sparseBsrTensor([0, 1], [0], [[[1, 2]]]).toDense().tolist() // [[1, 2]]
 */
export function sparseBsrTensor(
  crowIndices: TensorData,
  colIndices: TensorData,
  values: TensorData,
  size?: readonly Int[] | SparseSizeOptions | null,
  options?: SparseOptions,
): Tensor
export function sparseBsrTensor(...given: unknown[]): Tensor {
  return bsr(given)
}

/**
 * A matrix of dense blocks, `values` [nnz, rows, columns], at the places that CSC indices name.
 *
 * @throws TorchError for indices that do not fit; ArgumentError for unknown options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.sparse_bsc_tensor.html
 * @example
 * torch.sparseBscTensor([0, 1], [0], [[[1, 2]]]).toDense().tolist() // [[1, 2]]
 */
export function sparseBscTensor(
  ccolIndices: TensorData,
  rowIndices: TensorData,
  values: TensorData,
  size?: readonly Int[] | SparseSizeOptions | null,
  options?: SparseOptions,
): Tensor
export function sparseBscTensor(...given: unknown[]): Tensor {
  return bsc(given)
}
