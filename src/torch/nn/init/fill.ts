import { noGrad } from '../../autograd'
import type * as declared from '../../generated/declared/nn-init-signatures'
import type { Tensor } from '../../tensor/tensor'

/**
 * Fills with values drawn uniformly from `a` to `b`.
 *
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.uniform_
 * @example
 * torch.nn.init.uniform_(torch.empty([9]), 2, 3).min().item() >= 2 // true
 */
export function uniform_({ tensor, a, b, generator }: declared.Uniform_Arguments): Tensor {
  return noGrad(() => tensor.uniform_(a, b, { generator }))
}

/**
 * Fills with values drawn from a normal distribution.
 *
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.normal_
 * @example
 * torch.nn.init.normal_(torch.empty([3, 5]), { std: 0.02 }).shape // [3, 5]
 */
export function normal_({ tensor, mean, std, generator }: declared.Normal_Arguments): Tensor {
  return noGrad(() => tensor.normal_(mean, std, { generator }))
}

/**
 * Fills with one value.
 *
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.constant_
 * @example
 * torch.nn.init.constant_(torch.empty([2]), 0.5).tolist() // [0.5, 0.5]
 */
export function constant_({ tensor, val }: declared.Constant_Arguments): Tensor {
  return noGrad(() => tensor.fill_(val))
}

/**
 * Fills with ones.
 *
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.ones_
 * @example
 * torch.nn.init.ones_(torch.empty([2])).tolist() // [1, 1]
 */
export function ones_({ tensor }: declared.Ones_Arguments): Tensor {
  return noGrad(() => tensor.fill_(1))
}

/**
 * Fills with zeros.
 *
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.zeros_
 * @example
 * torch.nn.init.zeros_(torch.empty([2])).tolist() // [0, 0]
 */
export function zeros_({ tensor }: declared.Zeros_Arguments): Tensor {
  return noGrad(() => tensor.zero_())
}
