import { native } from '../../native'

/** A native operator: takes and gives handles and plain values, in the schema's order. */
export type Call = (...args: unknown[]) => unknown

const found = new Map<string, Map<string, Call>>()

/**
 * @internal The unguarded operator, looked up once: for `torch.ops`, for the guards themselves and for `aten`.
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
