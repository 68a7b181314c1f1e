import { nearestHint, suggestion } from '../../common/suggestions'
import { ArgumentError, native, type TensorHandle } from '../../native'
import { isTensor, wrap } from './base'
import { aten } from '../call/aten'
import { describe } from '../../common/describe'
import { dtypeOption } from '../call/dtype-option'
import { misfit } from '../call/errors'
import { requireCuda } from './device'
import {
  dtypeOf,
  dtypes,
  isComplexDtype,
  isDevice,
  isDtype,
  isFloatingDtype,
  type Device,
  type DType,
  type DTypeLike,
  type MemoryFormat,
} from './dtype'
import type { Tensor } from './tensor'

export interface ToOptions {
  dtype?: DTypeLike | null
  device?: Device | null | undefined
  /** Whether a copy between pinned memory and a device may be asynchronous. Default false. */
  nonBlocking?: boolean | null | undefined
  /** Copies even if nothing changes. Default false. */
  copy?: boolean | null | undefined
  memoryFormat?: MemoryFormat | null | undefined
}

/** The changes of a conversion, read from its arguments. */
interface Conversion {
  dtype?: DType
  device?: Device
  nonBlocking?: boolean
  copy?: boolean
  memoryFormat?: MemoryFormat
}

export type ModuleToOptions = Pick<ToOptions, 'dtype' | 'device' | 'nonBlocking' | 'memoryFormat'>

/** A dtype, a device, a tensor with both, a boolean for nonBlocking after one of these, or all by name. */
export type ModuleTarget = DTypeLike | Device | Tensor | boolean | ModuleToOptions

const MODULE_OPTIONS = ['dtype', 'device', 'nonBlocking', 'memoryFormat'] as const
const TENSOR_OPTIONS = [...MODULE_OPTIONS, 'copy'] as const

/** @internal `tensor.to(…)`: the tensor itself if nothing changes. */
export function convertTensor(tensor: Tensor, targets: readonly unknown[]): Tensor {
  return converted(tensor, readTargets(targets, TENSOR_OPTIONS))
}

/** @internal The conversion of each tensor in `module.to(…)`: a dtype applies to floating-point and complex tensors, a memory format to those of four dimensions, a device to all. */
export function moduleConversion(targets: readonly unknown[]): (tensor: Tensor) => Tensor {
  if (targets.length === 0) throw misfit('to', 'target', expected(MODULE_OPTIONS), undefined)
  const { dtype, memoryFormat, ...where } = readTargets(targets, MODULE_OPTIONS)
  if (dtype !== undefined && !isFloatingDtype(dtype) && !isComplexDtype(dtype)) {
    throw misfit('to', 'dtype', 'a floating-point or complex dtype for a module', dtype)
  }
  const dimensions = memoryFormat === 'channelsLast3d' ? 5 : 4
  return (tensor) => {
    const options: Conversion = { ...where }
    if (dtype !== undefined && (tensor.isFloatingPoint() || tensor.isComplex())) options.dtype = dtype
    if (memoryFormat !== undefined && tensor.dim() === dimensions) options.memoryFormat = memoryFormat
    return converted(tensor, options)
  }
}

function converted(tensor: Tensor, wanted: Conversion): Tensor {
  if (wanted.device?.startsWith('cuda') === true) requireCuda()
  const device = wanted.device === undefined || isSameDevice(wanted.device, tensor.device) ? null : wanted.device
  const dtype = wanted.dtype === undefined || wanted.dtype === tensor.dtype ? null : wanted.dtype
  const format = wanted.memoryFormat ?? null
  const isCopy = wanted.copy === true || device !== null || dtype !== null
  if (!isCopy && format === null) return tensor
  // libtorch decides by the strides whether the format is there: a kernel of 1 × 1 is contiguous in both formats, and is copied.
  const handle = aten('to', 'dtype_layout')(
    tensor._h,
    dtype,
    null,
    device,
    null,
    wanted.nonBlocking ?? false,
    isCopy,
    format,
  ) as TensorHandle
  return native.identity(handle) === native.identity(tensor._h) ? tensor : wrap(handle)
}

/** Whether the devices are the same; 'cuda' without an index matches any CUDA device. */
function isSameDevice(wanted: Device, current: Device): boolean {
  return wanted === current || (!wanted.includes(':') && current.startsWith(`${wanted}:`))
}

/** Reads the arguments of any `to`: dtypes, devices, tensors and options in any order, flags after the first as Python's nonBlocking and copy. */
function readTargets(targets: readonly unknown[], names: readonly (keyof ToOptions)[]): Conversion {
  const [only] = targets
  if (targets.length === 1 && typeof only === 'string') return namedTarget(only)
  const flags = names.filter((name) => name === 'nonBlocking' || name === 'copy')
  const result: Record<string, unknown> = {}
  for (const [i, target] of targets.entries()) {
    const given = typeof target === 'boolean' && i > 0 && flags.length > 0 ? { [flags.shift()!]: target } : optionsOf(target, names)
    for (const [name, value] of Object.entries(given)) {
      if (value === undefined || value === null) continue
      if (name in result) throw new ArgumentError(`to(): ${name} is given twice: ${describe(result[name])} and ${describe(value)}`)
      result[name] = value
    }
  }
  return result
}

/** A dtype or a device by its name. */
function namedTarget(name: string): Conversion {
  if (isDtype(name)) return { dtype: name }
  if (isDevice(name)) return { device: name }
  throw misfit('to', 'target', "a dtype or a device such as 'cpu' or 'cuda:0'", name, nearestHint(name, dtypes))
}

function optionsOf(value: unknown, names: readonly (keyof ToOptions)[]): object {
  const target = dtypeOf(value)
  if (typeof target === 'string') return namedTarget(target)
  if (isTensor(target)) return { dtype: target.dtype, device: target.device }
  if (typeof target !== 'object' || target === null || Array.isArray(target)) throw misfit('to', 'target', expected(names), target)
  const given: ToOptions = target
  for (const name of Object.keys(given)) {
    if (!names.includes(name as keyof ToOptions)) throw new ArgumentError(`to(): unknown option '${name}'${suggestion(name, names)}`)
  }
  const dtype = dtypeOption('to', given)
  const { device } = given
  if (device !== undefined && device !== null && !isNamedDevice(device))
    throw misfit('to', 'device', "a device such as 'cpu' or 'cuda:0'", device)
  return dtype === undefined ? given : { ...given, dtype }
}

function isNamedDevice(value: unknown): boolean {
  return typeof value === 'string' && namedTarget(value).device !== undefined
}

function expected(names: readonly string[]): string {
  return `a dtype, a device or a Tensor, or { ${names.join(', ')} }`
}
