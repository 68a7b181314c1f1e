import type { DType, Int, Scalar } from './dtype'
import { ops } from './ops'
import type { Tensor } from './tensor'

export * from './generated/sparse'

const aten = ops['aten']!

/** How the products that meet in one element of `mm` become one. */
export type SparseReduce = 'sum' | 'mean' | 'amax' | 'amin'

/**
 * The product of a sparse matrix and a dense or sparse one; `reduce` other than the sum takes a CSR matrix on the CPU.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.sparse.mm.html
 * @example
 * torch.sparse.mm(torch.eye(2).toSparse(), torch.tensor([[1, 2], [3, 4]])).tolist() // [[1, 2], [3, 4]]
 */
export function mm(mat1: Tensor, mat2: Tensor, reduce?: SparseReduce): Tensor {
  return (reduce === undefined ? aten['_sparse_mm']!(mat1, mat2) : aten['_sparse_mm']!['reduce']!(mat1, mat2, reduce)) as Tensor
}

/** `beta · input + alpha · (mat1 @ mat2)` for a sparse `mat1`. */
export function addmm(input: Tensor, mat1: Tensor, mat2: Tensor, options: { beta?: Scalar; alpha?: Scalar } = {}): Tensor {
  return aten['_sparse_addmm']!(input, mat1, mat2, options) as Tensor
}

/** The sum of a sparse tensor's elements, or over dimensions, which stays sparse where some are left. */
export function sum(input: Tensor, dim?: Int | readonly Int[], options: { dtype?: DType } = {}): Tensor {
  return (dim === undefined ? aten['_sparse_sum']!(input, options) : aten['_sparse_sum']!(input, dim, options)) as Tensor
}

/** The softmax along a dimension of the elements that a sparse tensor specifies. */
export function softmax(input: Tensor, dim: Int, options: { dtype?: DType } = {}): Tensor {
  return aten['_sparse_softmax']!['int']!(input, dim, options) as Tensor
}

/** The logarithm of `softmax`. */
export function logSoftmax(input: Tensor, dim: Int, options: { dtype?: DType } = {}): Tensor {
  return aten['_sparse_log_softmax']!['int']!(input, dim, options) as Tensor
}
