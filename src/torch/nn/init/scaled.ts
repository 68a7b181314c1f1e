import { noGrad } from '../../autograd'
import { misfit } from '../../call/errors'
import type * as declared from '../../generated/declared/nn-init-signatures'
import type { Generator } from '../../random'
import type { Tensor } from '../../tensor/tensor'
import { fansOf } from './fans'
import { calculateGain } from './gain'

/** Fills with uniform values of mean 0 and this standard deviation. */
function fillUniform(tensor: Tensor, deviation: number, generator: Generator | null): Tensor {
  const bound = Math.sqrt(3) * deviation
  return noGrad(() => tensor.uniform_(-bound, bound, { generator }))
}

function fillNormal(tensor: Tensor, deviation: number, generator: Generator | null): Tensor {
  return noGrad(() => tensor.normal_(0, deviation, { generator }))
}

function xavierDeviation(call: string, { tensor, gain }: declared.XavierUniform_Arguments): number {
  const { fanIn, fanOut } = fansOf(call, tensor)
  if (fanIn + fanOut === 0) throw misfit(call, 'tensor', 'a Tensor whose fan in or fan out is above 0', tensor)
  return gain * Math.sqrt(2 / (fanIn + fanOut))
}

function kaimingDeviation(call: string, { tensor, a, mode, nonlinearity }: declared.KaimingUniform_Arguments): number {
  return calculateGain({ nonlinearity, param: a }) / Math.sqrt(fansOf(call, tensor)[mode])
}

/**
 * Xavier (Glorot) uniform initialisation, which preserves the variance forward and backward, times `gain`.
 *
 * @throws ArgumentError for fewer than two dimensions, and where fan in and fan out are 0.
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.xavier_uniform_
 * @example
 * torch.nn.init.xavierUniform_(torch.empty([4, 2])).abs().max().item() <= 1 // true
 */
export function xavierUniform_(given: declared.XavierUniform_Arguments): Tensor {
  return fillUniform(given.tensor, xavierDeviation('xavierUniform_', given), given.generator)
}

/**
 * Xavier (Glorot) normal initialisation, which preserves the variance forward and backward, times `gain`.
 *
 * @throws ArgumentError for fewer than two dimensions, and where fan in and fan out are 0.
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.xavier_normal_
 * @example
 * torch.nn.init.xavierNormal_(torch.empty([4, 2]), torch.nn.init.calculateGain('relu')).shape // [4, 2]
 */
export function xavierNormal_(given: declared.XavierNormal_Arguments): Tensor {
  return fillNormal(given.tensor, xavierDeviation('xavierNormal_', given), given.generator)
}

/**
 * Kaiming (He) uniform initialisation, which preserves the variance through a ReLU network: forward with `mode: 'fanIn'`, backward with `'fanOut'`.
 *
 * `a` is the negative slope of leakyRelu. A tensor without elements is unchanged.
 *
 * @throws ArgumentError for fewer than two dimensions.
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_uniform_
 * @example
 * torch.nn.init.kaimingUniform_(torch.empty([4, 2]), 0, 'fanOut', 'relu').abs().max().item() <= Math.sqrt(6 / 4) // true
 */
export function kaimingUniform_(given: declared.KaimingUniform_Arguments): Tensor {
  const { tensor, generator } = given
  return tensor.numel() === 0 ? tensor : fillUniform(tensor, kaimingDeviation('kaimingUniform_', given), generator)
}

/**
 * Kaiming (He) normal initialisation, which preserves the variance through a ReLU network: forward with `mode: 'fanIn'`, backward with `'fanOut'`.
 *
 * `a` is the negative slope of leakyRelu. A tensor without elements is unchanged.
 *
 * @throws ArgumentError for fewer than two dimensions.
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_normal_
 * @example
 * torch.nn.init.kaimingNormal_(torch.empty([4, 2]), { mode: 'fanOut', nonlinearity: 'relu' }).shape // [4, 2]
 */
export function kaimingNormal_(given: declared.KaimingNormal_Arguments): Tensor {
  const { tensor, generator } = given
  return tensor.numel() === 0 ? tensor : fillNormal(tensor, kaimingDeviation('kaimingNormal_', given), generator)
}
