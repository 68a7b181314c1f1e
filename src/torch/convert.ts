import { aten } from './call/aten'
import { ArgumentError } from '../native'
import { isTensor, wrap } from './base'
import { requireCuda } from './device'
import { describe } from './call/describe'
import { suggestion } from '../common/suggestions'
import { dtypes, type Device, type DType, type MemoryFormat } from './dtype'
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

const optionNames = ['dtype', 'device', 'nonBlocking', 'copy', 'memoryFormat']

/** @internal `tensor.to(…)`: the tensor itself where nothing changes. */
export function convertTensor(tensor: Tensor, targets: readonly unknown[]): Tensor {
  const wanted = targets.length === 1 && typeof targets[0] === 'string' ? namedOptions(targets[0]) : mergedOptions(targets)
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

/** A dtype or a device by its name. */
export function namedOptions(name: string): ToOptions {
  if ((dtypes as readonly string[]).includes(name)) return { dtype: name as DType }
  if (/^(cpu|cuda|meta|mps|xpu)(:\d+)?$/.test(name)) return { device: name }
  throw new ArgumentError(`'${name}' is neither a dtype${suggestion(name, dtypes)} nor a device ('cpu', 'cuda', 'cuda:0', 'meta')`)
}

function mergedOptions(targets: readonly unknown[]): ToOptions {
  let merged: ToOptions = {}
  // As in Python, booleans after the dtype are nonBlocking, then copy.
  const flags: ('nonBlocking' | 'copy')[] = ['nonBlocking', 'copy']
  for (const target of targets)
    merged = { ...merged, ...(typeof target === 'boolean' && flags.length > 0 ? { [flags.shift()!]: target } : optionsOf(target)) }
  return merged
}

function optionsOf(target: unknown): ToOptions {
  if (typeof target === 'string') return namedOptions(target)
  if (isTensor(target)) return { dtype: target.dtype, device: target.device }
  if (typeof target !== 'object' || target === null) {
    throw new ArgumentError(
      `to() expected a dtype, a device, a Tensor or an object { ${optionNames.join(', ')} } but received ${describe(target)}`,
    )
  }
  const given = Object.fromEntries(Object.entries(target).filter(([, value]) => value !== undefined && value !== null)) as ToOptions
  for (const name of Object.keys(given)) {
    if (!optionNames.includes(name)) throw new ArgumentError(`to() received the unknown option '${name}'${suggestion(name, optionNames)}`)
  }
  if (given.device !== undefined && namedOptions(given.device).device === undefined)
    throw new ArgumentError(`'${given.device}' is no device`)
  if (given.dtype !== undefined && namedOptions(given.dtype).dtype === undefined) throw new ArgumentError(`'${given.dtype}' is no dtype`)
  return given
}
