import { declared, read } from '../../call/declared'
import { misfit } from '../../call/errors'
import type { Tensor } from '../../tensor/tensor'

/** @internal Fan in and fan out of a weight [outputs, inputs, ...kernel]. */
export function fansOf(call: string, tensor: Tensor): { readonly fanIn: number; readonly fanOut: number } {
  const [outputs, inputs, ...kernel] = tensor.shape
  if (outputs === undefined || inputs === undefined) throw misfit(call, 'tensor', 'a Tensor of two or more dimensions', tensor)
  const positions = kernel.reduce((product, size) => product * size, 1)
  return { fanIn: inputs * positions, fanOut: outputs * positions }
}

const signature = declared<{ readonly tensor: Tensor }>('calculateFanIn', 'tensor:T')

/**
 * The number of inputs of one output of a weight [outputs, inputs, ...kernel].
 *
 * @throws ArgumentError for fewer than two dimensions.
 * @example
 * torch.nn.init.calculateFanIn(torch.empty([16, 3, 5, 5])) // 75
 */
export function calculateFanIn(tensor: Tensor): number {
  return fansOf(signature.name, read(signature, [tensor]).tensor).fanIn
}
