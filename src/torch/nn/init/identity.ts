import { noGrad } from '../../autograd'
import { misfit } from '../../call/errors'
import type * as declared from '../../generated/declared/nn-init-signatures'
import type { Tensor } from '../../tensor/tensor'

/**
 * Fills a matrix with the identity, so that a linear layer passes on as many inputs as possible.
 *
 * @throws ArgumentError for other than two dimensions.
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.eye_
 * @example
 * torch.nn.init.eye_(torch.empty([2, 3])).tolist() // [[1, 0, 0], [0, 1, 0]]
 */
export function eye_({ tensor }: declared.Eye_Arguments): Tensor {
  if (tensor.dim() !== 2) throw misfit('eye_', 'tensor', 'a Tensor of two dimensions', tensor)
  noGrad(() => tensor.zero_().diagonal().fill_(1))
  return tensor
}

/**
 * Fills the weight of a convolution [outputs, inputs, ...kernel] so that each group passes on as many input channels as possible.
 *
 * @throws ArgumentError unless there are 3, 4 or 5 dimensions, for outputs that are not divisible by the groups, and for a kernel of size 0.
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.dirac_
 * @example
 * torch.nn.init.dirac_(torch.empty([2, 1, 3]), 2).tolist() // [[[0, 1, 0]], [[0, 1, 0]]]
 */
export function dirac_({ tensor, groups }: declared.Dirac_Arguments): Tensor {
  const [outputs = 0, inputs = 0, ...kernel] = tensor.shape
  if (kernel.length < 1 || kernel.length > 3) throw misfit('dirac_', 'tensor', 'a Tensor of 3, 4 or 5 dimensions', tensor)
  if (outputs % groups !== 0) throw misfit('dirac_', 'groups', `a divisor of the ${outputs} outputs`, groups)
  const outputsOfGroup = outputs / groups
  const keepsChannels = outputsOfGroup > 0 && inputs > 0
  if (keepsChannels && kernel.includes(0)) throw misfit('dirac_', 'tensor', 'a Tensor whose kernel has a middle', tensor)
  noGrad(() => {
    tensor.zero_()
    if (!keepsChannels) return
    const middle = kernel.reduce((weight, size) => weight.select(2, Math.floor(size / 2)), tensor)
    for (let group = 0; group < groups; group++)
      middle
        .narrow(0, group * outputsOfGroup, outputsOfGroup)
        .diagonal()
        .fill_(1)
  })
  return tensor
}
