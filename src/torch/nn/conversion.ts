import { ArgumentError } from '../../native'
import { namedOptions, type ToOptions } from '../convert'
import { describe } from '../dispatch/describe'
import { suggestion } from '../dispatch/suggestion'
import { isComplexDtype, isFloatingDtype, type Device, type DType } from '../dtype'
import type { Tensor } from '../tensor'

export type ModuleToOptions = Pick<ToOptions, 'dtype' | 'device' | 'nonBlocking' | 'memoryFormat'>

const OPTIONS = ['dtype', 'device', 'nonBlocking', 'memoryFormat']

/** What `Module.to` does with each tensor: a dtype changes floating-point and complex ones, a memory format those of four dimensions, a device moves all. */
export function conversionTo(target: DType | Device | ModuleToOptions): (tensor: Tensor) => Tensor {
  const { dtype, memoryFormat, ...where } = parse(target)
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

function parse(target: unknown): ModuleToOptions {
  if (typeof target === 'string') return namedOptions(target)
  if (typeof target !== 'object' || target === null)
    throw new ArgumentError(`to() takes a dtype, a device or { ${OPTIONS.join(', ')} } but received ${describe(target)}`)
  const unknown = Object.keys(target).find((key) => !OPTIONS.includes(key))
  if (unknown !== undefined) throw new ArgumentError(`to() of a module: unknown option '${unknown}'${suggestion(unknown, OPTIONS)}`)
  return target
}
