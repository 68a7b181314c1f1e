/**
 * The dtypes under Python's names: `torch.float32` is `'float32'`, `torch.long` is `'int64'`. `torch.float` is a
 * function that makes a number a double, and is also accepted as a dtype.
 *
 * @see https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.dtype
 */
export const float32 = 'float32' as const
export const float64 = 'float64' as const
export const double = 'float64' as const
export const float16 = 'float16' as const
export const half = 'float16' as const
export const bfloat16 = 'bfloat16' as const
export const int64 = 'int64' as const
export const long = 'int64' as const
export const int32 = 'int32' as const
export const int = 'int32' as const
export const int16 = 'int16' as const
export const short = 'int16' as const
export const int8 = 'int8' as const
export const uint8 = 'uint8' as const
export const uint16 = 'uint16' as const
export const uint32 = 'uint32' as const
export const uint64 = 'uint64' as const
export const bool = 'bool' as const
export const complex32 = 'complex32' as const
export const chalf = 'complex32' as const
export const complex64 = 'complex64' as const
export const cfloat = 'complex64' as const
export const complex128 = 'complex128' as const
export const cdouble = 'complex128' as const
export const float8_e4m3fn = 'float8_e4m3fn' as const
export const float8_e5m2 = 'float8_e5m2' as const
export const float8_e4m3fnuz = 'float8_e4m3fnuz' as const
export const float8_e5m2fnuz = 'float8_e5m2fnuz' as const
export const float8_e8m0fnu = 'float8_e8m0fnu' as const
