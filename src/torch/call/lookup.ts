import { native } from '../../native'

/** A native operator: takes arguments in the schema's order; arguments and results are handles and plain values. */
export type Call = (...args: unknown[]) => unknown

const found = new Map<string, Map<string, Call>>()

/**
 * @internal The unguarded operator, looked up once; for `torch.ops`, the guards and `aten`.
 *
 * @throws TorchError with code OPERATOR_NOT_FOUND for an operator that the loaded libtorch lacks.
 */
export function lookup(qualified: string, overload: string): Call {
  let overloads = found.get(qualified)
  if (overloads === undefined) found.set(qualified, (overloads = new Map()))
  let call = overloads.get(overload)
  if (call === undefined) overloads.set(overload, (call = native.operator(qualified, overload)))
  return call
}
