import { described } from '../../common/describe'

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

/** An argument that is a dtype: its name, or `torch.float`, which is a function as well. */
export type DTypeLike = DType | typeof float

const deviceTypes = ['cpu', 'cuda', 'meta', 'mps', 'xpu'] as const

type DeviceType = (typeof deviceTypes)[number]

/** A device such as `'cpu'`, `'cuda'` or `'cuda:1'`; `torch.device(text)` checks a name that is known only at run time. */
export type Device = DeviceType | `${DeviceType}:${number}`

export type Layout = 'strided' | 'sparseCoo' | 'sparseCsr' | 'sparseCsc' | 'sparseBsr' | 'sparseBsc' | 'mkldnn' | 'jagged'

export type MemoryFormat = 'contiguousFormat' | 'preserveFormat' | 'channelsLast' | 'channelsLast3d'

/** A whole number; use a bigint beyond 2^53. */
export type Int = number | bigint

/** A number that is a double even if it is whole: `torch.float(1)`. */
export interface Float {
  readonly float: number
}

/** An operand: whole numbers are ints, all others doubles; `torch.float(1)` forces a double, `{ real, imag }` is complex. */
export type Scalar = number | bigint | boolean | Float | { readonly real: number; readonly imag: number }

/** The options of all functions that create tensors. */
export interface FactoryOptions {
  /** Default: the default dtype, or the input's. An explicit undefined is rejected, because a misspelt constant is undefined. */
  dtype?: DTypeLike | null
  /** Default: 'strided', or the input's. */
  layout?: Layout | null | undefined
  /** Default: the CPU, or the input's. */
  device?: Device | null | undefined
  /** Whether the memory is page-locked, so that copies to CUDA can be asynchronous. Default false. */
  pinMemory?: boolean | null | undefined
  /** Whether operations on it are recorded for backward. Default false. */
  requiresGrad?: boolean | undefined
}

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

export function isDtype(value: unknown): value is DType {
  return typeof value === 'string' && Object.hasOwn(elementSizes, value)
}

export function isDevice(value: unknown): value is Device {
  const [, type] = (typeof value === 'string' && /^([a-z]+)(?::\d+)?$/.exec(value)) || []
  return (deviceTypes as readonly (string | undefined)[]).includes(type)
}

/**
 * Makes a number a double for libtorch even if it is whole. As a dtype, the function itself means `'float32'`.
 *
 * @example
 * torch.tensor([1, 2], { dtype: 'int64' }).mul(torch.float(1)).dtype // 'float32'
 * torch.zeros([2], { dtype: torch.float }).dtype // 'float32'
 */
export function float(value: number): Float {
  return { float: value }
}
float.dtype = 'float32' as const
Object.defineProperty(float, described, { value: () => 'torch.float' })

/** @internal Replaces `torch.float` by the dtype that it means; returns any other value unchanged. */
export function dtypeOf(value: DTypeLike): DType
export function dtypeOf(value: unknown): unknown
export function dtypeOf(value: unknown): unknown {
  return typeof value === 'function' && 'dtype' in value ? value.dtype : value
}
