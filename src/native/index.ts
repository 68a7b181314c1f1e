import type { Binding, TensorHandle } from './binding'
import { cudaAdvice, isMissingCuda } from './cuda'
import { errorFromFailure } from './errors'
import { FunctionTable } from './functions'
import { loadBinding } from './load'

export type * from './binding'
export * from '../common/errors'
export { cudaAdvice } from './cuda'
export { cacheFolder } from './load'
export type { CalledFunction } from './functions'

/** The loaded shim. Importing this module loads it once per environment, or throws a SetupError that says how to install it. */
export const native: Binding = loadBinding()

/** The functions of this environment that the shim may call. */
export const functions = new FunctionTable(native)

native.setErrorFactory((failure) => {
  const isCuda = failure.code === 'TORCH' && isMissingCuda(failure.message) && native.cudaDeviceCount() === 0
  const reported = isCuda ? { ...failure, code: 'CUDA_NOT_AVAILABLE', message: cudaAdvice(native) } : failure
  const { cause } = failure
  return errorFromFailure(reported, describeArgument, cause === undefined ? undefined : () => native.nativeStack(cause))
})

native.setWarningListener((message, isDeprecation) =>
  process.emitWarning(message, { type: isDeprecation ? 'DeprecationWarning' : 'UserWarning', code: 'PIXELCL_TORCH' }),
)

/** Describes an argument of an operator in an error message; a tensor as `float32 [2, 3]`. */
function describeArgument(argument: unknown): string {
  if (Array.isArray(argument)) return `[${argument.slice(0, 8).map(describeArgument).join(', ')}${argument.length > 8 ? ', …' : ''}]`
  if (typeof argument === 'string') return JSON.stringify(argument)
  if (typeof argument !== 'object' || argument === null) return String(argument)
  try {
    const handle = argument as TensorHandle
    if (native.isDisposed(handle)) return 'a disposed tensor'
    const device = native.device(handle)
    return `${native.dtype(handle)} [${native.shape(handle).join(', ')}]${device === 'cpu' ? '' : ` on ${device}`}`
  } catch {
    return 'object'
  }
}
