/** A tensor's element type, by PyTorch's name. */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'complex32'
  | 'complex64'
  | 'complex128'
  | 'float8_e4m3fn'
  | 'float8_e5m2'
  | 'float8_e4m3fnuz'
  | 'float8_e5m2fnuz'
  | 'float8_e8m0fnu'

/** A device such as `'cpu'`, `'cuda'` or `'cuda:1'`. */
export type Device = string

export type Layout = 'strided' | 'sparseCoo' | 'sparseCsr' | 'sparseCsc' | 'sparseBsr' | 'sparseBsc' | 'mkldnn' | 'jagged'

export type MemoryFormat = 'contiguousFormat' | 'preserveFormat' | 'channelsLast' | 'channelsLast3d'

/** A whole number; a bigint where it is beyond 2^53. */
export type Int = number | bigint

/** A number that is a double even where it is whole: `torch.float(1)`. */
export interface Float {
  readonly float: number
}

/** An operand: whole numbers are ints, all others doubles; `torch.float(1)` forces a double, `{ real, imag }` is complex. */
export type Scalar = number | bigint | boolean | Float | { readonly real: number; readonly imag: number }

/** Bytes of one element. */
export const elementSizes: Readonly<Record<DType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
  complex32: 4,
  complex64: 8,
  complex128: 16,
  float8_e4m3fn: 1,
  float8_e5m2: 1,
  float8_e4m3fnuz: 1,
  float8_e5m2fnuz: 1,
  float8_e8m0fnu: 1,
}

export const dtypes = Object.keys(elementSizes) as readonly DType[]

export function isFloatingDtype(dtype: DType): boolean {
  return dtype.startsWith('float') || dtype === 'bfloat16'
}

export function isComplexDtype(dtype: DType): boolean {
  return dtype.startsWith('complex')
}

/**
 * Makes a number a double for libtorch even where it is whole.
 *
 * @example
 * torch.tensor([1, 2], { dtype: 'int64' }).mul(torch.float(1)).dtype // 'float32'
 */
export function float(value: number): Float {
  return { float: value }
}
