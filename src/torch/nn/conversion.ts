import { ArgumentError } from '../../native'
import { isTensor } from '../base'
import { namedOptions, type ToOptions } from '../convert'
import { describe } from '../call/describe'
import { isOptions } from '../call/bind'
import { suggestion } from '../../common/suggestions'
import { isComplexDtype, isFloatingDtype, type Device, type DType } from '../dtype'
import type { Tensor } from '../tensor'

export type ModuleToOptions = Pick<ToOptions, 'dtype' | 'device' | 'nonBlocking' | 'memoryFormat'>

const OPTIONS = ['dtype', 'device', 'nonBlocking', 'memoryFormat']
const TARGETS = `a dtype, a device or { ${OPTIONS.join(', ')} }`

/** A dtype, a device, a tensor that has both, a boolean (nonBlocking, after the others), or these by name. */
export type ModuleTarget = DType | Device | Tensor | boolean | ModuleToOptions

/** What `Module.to` does with each tensor: a dtype changes floating-point and complex ones, a memory format those of four dimensions, a device moves all. */
export function conversionTo(targets: readonly unknown[]): (tensor: Tensor) => Tensor {
  const { dtype, memoryFormat, ...where } = merged(targets)
  if (dtype !== undefined && !isFloatingDtype(dtype) && !isComplexDtype(dtype)) {
    throw new ArgumentError(`a module takes only floating-point and complex dtypes, but received '${dtype}'`)
  }
  const dimensions = memoryFormat === 'channelsLast3d' ? 5 : 4
  return (tensor) => {
    const options: ToOptions = { ...where }
    if (dtype !== undefined && (tensor.isFloatingPoint() || tensor.isComplex())) options.dtype = dtype
    if (memoryFormat !== undefined && tensor.dim() === dimensions) options.memoryFormat = memoryFormat
    return tensor.to(options)
  }
}

function merged(targets: readonly unknown[]): ModuleToOptions {
  if (targets.length === 0) throw new ArgumentError(`to() takes ${TARGETS} but received nothing`)
  const result: Record<string, unknown> = {}
  for (const [i, target] of targets.entries()) {
    for (const [name, value] of Object.entries(parse(target, i))) {
      if (value === undefined || value === null) continue
      if (name in result)
        throw new ArgumentError(`to() of a module received ${name} twice: ${describe(result[name])} and ${describe(value)}`)
      result[name] = value
    }
  }
  return result as ModuleToOptions
}

function parse(target: unknown, at: number): ModuleToOptions {
  if (typeof target === 'string') return namedOptions(target)
  if (typeof target === 'boolean' && at > 0) return { nonBlocking: target }
  if (isTensor(target)) return { dtype: target.dtype, device: target.device }
  if (!isOptions(target)) throw new ArgumentError(`to() takes ${TARGETS} but received ${describe(target)}`)
  const unknown = Object.keys(target).find((key) => !OPTIONS.includes(key))
  if (unknown !== undefined) throw new ArgumentError(`to() of a module: unknown option '${unknown}'${suggestion(unknown, OPTIONS)}`)
  return target
}
