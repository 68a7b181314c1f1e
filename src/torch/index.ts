export * from './generated/functions'
export { Tensor, fromShared } from './tensor/tensor'
export type { ToOptions } from './tensor/convert'
export { isTensor } from './tensor/base'
export {
  tensor,
  asTensor,
  full,
  fullLike,
  scalarTensor,
  defaultDtype as getDefaultDtype,
  setDefaultDtype,
  type TensorData,
  type TensorOptions,
} from './tensor/creation'
export {
  atleast1d,
  atleast2d,
  atleast3d,
  blockDiag,
  broadcastShapes,
  broadcastTensors,
  canCast,
  cartesianProd,
  cdist,
  einsum,
  isComplex,
  isFloatingPoint,
  lu,
  meshgrid,
  nonzero,
  norm,
  numel,
  promoteTypes,
  resultType,
  split,
  spmm,
  stft,
  tensordot,
  unravelIndex,
  unique,
  uniqueConsecutive,
} from './functional'
export { _foreachLerp_ } from './functional/foreach'
export {
  sparseBscTensor,
  sparseBsrTensor,
  sparseCompressedTensor,
  sparseCooTensor,
  sparseCscTensor,
  sparseCsrTensor,
  type SparseCompressedLayout,
  type SparseCompressedOptions,
  type SparseCooOptions,
  type SparseOptions,
  type SparseSizeOptions,
} from './tensor/sparse'
export {
  float,
  dtypes,
  type Device,
  type DType,
  type DTypeLike,
  type FactoryOptions,
  type Float,
  type Int,
  type Layout,
  type MemoryFormat,
  type Scalar,
} from './tensor/dtype'
export * from './tensor/dtype-constants'
export * from './tensor/format-constants'
export { device } from './tensor/device'
export type * from './generated/results'
export { slice, Slice, type Index, type Indices } from './tensor/indexing'
export { noGrad, enableGrad, inferenceMode, isGradEnabled, isInferenceModeEnabled, setGradEnabled } from './autograd'
export { Generator, manualSeed, initialSeed, getRngState, setRngState, defaultGenerator } from './random'
export { scope, keep, memoryStats, emptyCache, setCacheLimit, resetPeakMemory, type MemoryStats } from './memory'
export { getNumThreads, setNumThreads } from './threads'
export { isWarnAlwaysEnabled, setWarnAlways } from './warnings'
export { setPrintoptions, type PrintOptions } from './tensor/print'
export { ops } from './call/ops'
export {
  load,
  loadStateDictFile,
  save,
  safetensors,
  UnknownObject,
  type LoadOptions,
  type MapLocation,
  type StateDictOptions,
} from './serialization'
export type { RemovableHandle, TensorHook } from './autograd/hooks'
export type { Nested } from './tensor/values'
export type { TypedArray } from '../native'
export { PixelclError, TorchError, ArgumentError, DisposedError, JitError, FileError, SetupError } from '../native'

export * as autograd from './autograd'
export * as cuda from './cuda'
export * as linalg from './generated/linalg'
export * as fft from './generated/fft'
export * as special from './generated/special'
export * as sparse from './sparse'
export * as nn from './nn'
export * as optim from './optim'
export * as jit from './jit'
