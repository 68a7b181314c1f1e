import { suggestion } from '../common/suggestions'
import { ArgumentError } from '../native'
import { isTensor, wrap } from './base'
import { aten } from './call/aten'
import { describe } from './call/describe'
import { requireCuda } from './device'
import { dtypes, isComplexDtype, isFloatingDtype, type Device, type DType, type MemoryFormat } from './dtype'
import type { Tensor } from './tensor'

export interface ToOptions {
  dtype?: DType
  device?: Device
  /** Lets a copy between pinned memory and a device go on beside the program. Default false. */
  nonBlocking?: boolean
  /** Copies even where nothing needs to change. Default false. */
  copy?: boolean
  memoryFormat?: MemoryFormat
}

export type ModuleToOptions = Pick<ToOptions, 'dtype' | 'device' | 'nonBlocking' | 'memoryFormat'>

/** A dtype, a device, a tensor that has both, a boolean (nonBlocking, after the others), or these by name. */
export type ModuleTarget = DType | Device | Tensor | boolean | ModuleToOptions

const MODULE_OPTIONS = ['dtype', 'device', 'nonBlocking', 'memoryFormat'] as const
const TENSOR_OPTIONS = [...MODULE_OPTIONS, 'copy'] as const

/** @internal `tensor.to(…)`: the tensor itself where nothing changes. */
export function convertTensor(tensor: Tensor, targets: readonly unknown[]): Tensor {
  return converted(tensor, readTargets('to()', targets, TENSOR_OPTIONS))
}

/** @internal What `module.to(…)` does with each tensor: a dtype changes floating-point and complex ones, a memory format those of four dimensions, a device moves all. */
export function moduleConversion(targets: readonly unknown[]): (tensor: Tensor) => Tensor {
  if (targets.length === 0) throw new ArgumentError(`to() takes ${expected(MODULE_OPTIONS)} but received nothing`)
  const { dtype, memoryFormat, ...where } = readTargets('to() of a module', targets, MODULE_OPTIONS)
  if (dtype !== undefined && !isFloatingDtype(dtype) && !isComplexDtype(dtype)) {
    throw new ArgumentError(`a module takes only floating-point and complex dtypes, but received '${dtype}'`)
  }
  const dimensions = memoryFormat === 'channelsLast3d' ? 5 : 4
  return (tensor) => {
    const options: ToOptions = { ...where }
    if (dtype !== undefined && (tensor.isFloatingPoint() || tensor.isComplex())) options.dtype = dtype
    if (memoryFormat !== undefined && tensor.dim() === dimensions) options.memoryFormat = memoryFormat
    return converted(tensor, options)
  }
}

function converted(tensor: Tensor, wanted: ToOptions): Tensor {
  if (wanted.device?.startsWith('cuda') === true) requireCuda()
  const device = wanted.device === undefined || isSameDevice(wanted.device, tensor.device) ? null : wanted.device
  const dtype = wanted.dtype === undefined || wanted.dtype === tensor.dtype ? null : wanted.dtype
  const format = wanted.memoryFormat === undefined || tensor.isContiguous(wanted.memoryFormat) ? null : wanted.memoryFormat
  if (device === null && dtype === null && format === null && wanted.copy !== true) return tensor
  return wrap(aten('_to_copy')(tensor._h, dtype, null, device, null, wanted.nonBlocking ?? false, wanted.memoryFormat ?? null))
}

/** 'cuda' without an index stands for the device that the tensor is on, if it is one. */
function isSameDevice(wanted: Device, current: Device): boolean {
  return wanted === current || (!wanted.includes(':') && current.startsWith(`${wanted}:`))
}

/** Reads the arguments of any `to`: dtypes, devices, tensors and options in any order, flags after the first as Python's nonBlocking and copy. */
function readTargets(call: string, targets: readonly unknown[], names: readonly (keyof ToOptions)[]): ToOptions {
  const [only] = targets
  if (targets.length === 1 && typeof only === 'string') return namedTarget(only)
  const flags = names.filter((name) => name === 'nonBlocking' || name === 'copy')
  const result: Record<string, unknown> = {}
  for (const [i, target] of targets.entries()) {
    const given = typeof target === 'boolean' && i > 0 && flags.length > 0 ? { [flags.shift()!]: target } : optionsOf(call, target, names)
    for (const [name, value] of Object.entries(given)) {
      if (value === undefined || value === null) continue
      if (name in result) throw new ArgumentError(`${call} received ${name} twice: ${describe(result[name])} and ${describe(value)}`)
      result[name] = value
    }
  }
  return result
}

/** A dtype or a device by its name. */
function namedTarget(name: string): ToOptions {
  if ((dtypes as readonly string[]).includes(name)) return { dtype: name as DType }
  if (/^(cpu|cuda|meta|mps|xpu)(:\d+)?$/.test(name)) return { device: name }
  throw new ArgumentError(`'${name}' is neither a dtype${suggestion(name, dtypes)} nor a device ('cpu', 'cuda', 'cuda:0', 'meta')`)
}

function optionsOf(call: string, target: unknown, names: readonly (keyof ToOptions)[]): ToOptions {
  if (typeof target === 'string') return namedTarget(target)
  if (isTensor(target)) return { dtype: target.dtype, device: target.device }
  if (typeof target !== 'object' || target === null || Array.isArray(target))
    throw new ArgumentError(`to() takes ${expected(names)} but received ${describe(target)}`)
  const given: ToOptions = target
  for (const name of Object.keys(given)) {
    if (!names.includes(name as keyof ToOptions)) throw new ArgumentError(`${call}: unknown option '${name}'${suggestion(name, names)}`)
  }
  const { dtype, device } = given
  if (device !== undefined && device !== null && !isNamed(device, 'device')) throw new ArgumentError(`${describe(device)} is no device`)
  if (dtype !== undefined && dtype !== null && !isNamed(dtype, 'dtype')) throw new ArgumentError(`${describe(dtype)} is no dtype`)
  return given
}

function isNamed(value: unknown, kind: 'dtype' | 'device'): boolean {
  return typeof value === 'string' && namedTarget(value)[kind] !== undefined
}

function expected(names: readonly string[]): string {
  return `a dtype, a device or a Tensor, or { ${names.join(', ')} }`
}
