import type { DType, Int, Scalar } from './tensor/dtype'
import { resolve, signatures } from './call/resolve'
import type { Tensor } from './tensor/tensor'

export * from './generated/sparse'

const MM = signatures('mm', false, ['_sparse_mm|||mat1:T,mat2:T', '_sparse_mm|reduce||mat1:T,mat2:T,reduce:s'])
const ADDMM = signatures('addmm', false, ['_sparse_addmm|||self:T,mat1:T,mat2:T,*,beta:S=,alpha:S='])
const SUM = signatures('sum', false, [
  '_sparse_sum|||self:T',
  '_sparse_sum|dtype||self:T,*,dtype:d',
  '_sparse_sum|dim||self:T,dim:i[1]',
  '_sparse_sum|dim_dtype||self:T,dim:i[1],*,dtype:d',
])
const SOFTMAX = signatures('softmax', false, ['_sparse_softmax|int||self:T,dim:i,*,dtype:d?='])
const LOG_SOFTMAX = signatures('logSoftmax', false, ['_sparse_log_softmax|int||self:T,dim:i,*,dtype:d?='])

/** How the products that meet in one element of `mm` become one. */
export type SparseReduce = 'sum' | 'mean' | 'amax' | 'amin'

/**
 * The product of a sparse matrix and a dense or sparse one; `reduce` other than the sum takes a CSR matrix on the CPU.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.sparse.mm.html
 * @example
 * torch.sparse.mm(torch.eye(2).toSparse(), torch.tensor([[1, 2], [3, 4]])).tolist() // [[1, 2], [3, 4]]
 */
export function mm(mat1: Tensor, mat2: Tensor, reduce?: SparseReduce): Tensor
export function mm(...given: unknown[]): Tensor {
  return resolve(MM, null, given) as Tensor
}

/** `beta · input + alpha · (mat1 @ mat2)` for a sparse `mat1`. */
export function addmm(input: Tensor, mat1: Tensor, mat2: Tensor, options?: { beta?: Scalar; alpha?: Scalar }): Tensor
export function addmm(...given: unknown[]): Tensor {
  return resolve(ADDMM, null, given) as Tensor
}

/** The sum of a sparse tensor's elements, or over dimensions, which stays sparse where some are left. */
export function sum(input: Tensor, dim?: Int | readonly Int[], options?: { dtype?: DType }): Tensor
export function sum(...given: unknown[]): Tensor {
  return resolve(SUM, null, given) as Tensor
}

/** The softmax along a dimension of the elements that a sparse tensor specifies. */
export function softmax(input: Tensor, dim: Int, options?: { dtype?: DType }): Tensor
export function softmax(...given: unknown[]): Tensor {
  return resolve(SOFTMAX, null, given) as Tensor
}

/** The logarithm of `softmax`. */
export function logSoftmax(input: Tensor, dim: Int, options?: { dtype?: DType }): Tensor
export function logSoftmax(...given: unknown[]): Tensor {
  return resolve(LOG_SOFTMAX, null, given) as Tensor
}
