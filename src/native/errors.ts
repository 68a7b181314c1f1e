import { camelCase } from '../common/text'
import { ArgumentError, DisposedError, JitError, TorchError, type PixelclError } from '../common/errors'
import type { NativeFailure } from './binding'

/** Makes one of the package's errors from a failure of the shim; `describe` formats an argument, such as `float32 [2, 3]`. */
export function errorFromFailure(
  failure: NativeFailure,
  describe: (argument: unknown) => string,
  nativeStack: (() => string) | undefined,
): PixelclError {
  // A missing device is no fault of the call.
  const isOfCall = failure.schema !== undefined && failure.code !== 'CUDA_NOT_AVAILABLE'
  const call = !isOfCall ? '' : `\n  in ${failure.schema}\n  called with (${(failure.args ?? []).map(describe).join(', ')})`
  switch (failure.code) {
    case 'DISPOSED':
      return new DisposedError(failure.message + call)
    case 'ARGUMENT':
      return new ArgumentError(inPublicForm(failure) + call)
    case 'JIT':
      return new JitError(failure.message)
    default: {
      const details: { code: string; schema?: string; nativeStack?: () => string } = { code: failure.code }
      if (failure.schema !== undefined) details.schema = failure.schema
      if (nativeStack !== undefined) details.nativeStack = nativeStack
      return new TorchError(failure.message + call, details)
    }
  }
}

/** Words an argument that an operator's schema refuses as the reader of signatures words it: `softmax(): dim: expected …`. */
function inPublicForm({ message, schema }: NativeFailure): string {
  const [, operator] = /^\w+::(\w+)/.exec(schema ?? '') ?? []
  const [, argument, rest] = /^argument '(\w+)'(?::| (?=is missing)) ?(.*)$/s.exec(message) ?? []
  if (operator === undefined || argument === undefined || rest === undefined) return message
  const name = argument === 'self' ? 'input' : camelCase(argument)
  return `${camelCase(operator)}(): ${rest.startsWith('is missing') ? `${name} ${rest}` : `${name}: ${rest}`}`
}
