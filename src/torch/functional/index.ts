/** Functions of torch that Python writes in Python. */
export { canCast, numel, promoteTypes, resultType } from './dtypes'
export { isComplex, isFloatingPoint, nonzero, type NonzeroOptions } from './elements'
export { cdist, lu, norm, split, stft, tensordot, unique, uniqueConsecutive, unravelIndex } from '../generated/declared/functional'
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
} from './lists'
export { einsum, spmm } from './products'
export type * from './options'
