import { ArgumentError, native, type TensorHandle } from '../../native'

/** Says what is wrong with an operator's native arguments, or null. */
type Check = (args: readonly unknown[]) => string | null

const hasTwo = (args: readonly unknown[]): string | null =>
  Array.isArray(args[1]) && args[1].length === 2 ? null : "'hx' must be the two tensors [hidden, cell]"

/** Divides by the groups and trusts the sizes, which `groupNorm` computes itself. */
function groupNormSizes(args: readonly unknown[]): string | null {
  const [samples, channels, positions, groups] = args.slice(3, 7).map(Number) as [number, number, number, number]
  const elements = native.numel(args[0] as TensorHandle)
  if (
    groups > 0 &&
    channels % groups === 0 &&
    [samples, channels, positions].every((size) => size >= 0) &&
    samples * channels * positions === elements
  )
    return null
  return `N · C · HxW must be the input's ${elements} elements, and group a divisor of C`
}

/** Operators that libtorch itself crashes in for these arguments, in place of an error. */
const REFUSALS: Readonly<Record<string, Check>> = {
  // Reads hx[0] and hx[1] without looking at the list's length.
  'aten::quantized_lstm_cell': hasTwo,
  'aten::native_group_norm': groupNormSizes,
}

/**
 * Refuses arguments that would end the process inside libtorch.
 *
 * @throws ArgumentError that says what the operator expects.
 */
export function refuse(name: string, operator: string, args: readonly unknown[]): void {
  const reason = REFUSALS[operator]?.(args)
  if (reason != null) throw new ArgumentError(`${name}(): ${reason}`)
}
