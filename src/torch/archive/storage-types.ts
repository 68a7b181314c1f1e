import type { DType } from '../tensor/dtype'

/** The classes of storages in files of PyTorch, and the dtypes of their elements. */
export const storageTypes: Readonly<Record<string, DType>> = {
  FloatStorage: 'float32',
  DoubleStorage: 'float64',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
  ComplexFloatStorage: 'complex64',
  ComplexDoubleStorage: 'complex128',
  UntypedStorage: 'uint8',
}

/** Storages that only libtorch's own writer names, in TorchScript programs. */
export const programStorageTypes: Readonly<Record<string, DType>> = {
  ComplexHalfStorage: 'complex32',
  UInt16Storage: 'uint16',
  UInt32Storage: 'uint32',
  UInt64Storage: 'uint64',
  Float8_e5m2Storage: 'float8_e5m2',
  Float8_e4m3fnStorage: 'float8_e4m3fn',
  Float8_e5m2fnuzStorage: 'float8_e5m2fnuz',
  Float8_e4m3fnuzStorage: 'float8_e4m3fnuz',
  Float8_e8m0fnuStorage: 'float8_e8m0fnu',
}
