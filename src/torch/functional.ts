/** Functions of torch that Python writes in Python. */
export { canCast, numel, promoteTypes, resultType } from './functional/dtypes'
export { isComplex, isFloatingPoint, nonzero, type NonzeroOptions } from './functional/elements'
export { split, stft, unravelIndex } from './generated/declared/functional'
export {
  atleast1d,
  atleast2d,
  atleast3d,
  blockDiag,
  broadcastShapes,
  broadcastTensors,
  cartesianProd,
  meshgrid,
  type Tensors,
} from './functional/lists'
export { cdist, norm, type CdistMode, type CdistOptions, type NormOptions } from './functional/norms'
export { einsum, lu, spmm, tensordot, type LuOptions, type TensordotOptions } from './functional/products'
export type { SplitOptions, StftOptions } from './functional/options'
export { unique, uniqueConsecutive, type UniqueConsecutiveOptions, type UniqueOptions } from './functional/unique'
