import type * as declared from '../../generated/declared/nn-init-signatures'
import { logspace } from '../../generated/functions'

/**
 * The recommended gain of a nonlinearity; `param` is the negative slope of leakyRelu, 0.01 if null.
 *
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.calculate_gain
 * @example
 * torch.nn.init.calculateGain('relu') === Math.sqrt(2) // true
 */
export function calculateGain({ nonlinearity, param }: declared.CalculateGainArguments): number {
  switch (nonlinearity) {
    case 'tanh':
      return 5 / 3
    case 'relu':
      return Math.sqrt(2)
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + squareOf(param ?? 0.01)))
    case 'selu':
      return 3 / 4
    case 'linear':
    case 'conv1d':
    case 'conv2d':
    case 'conv3d':
    case 'convTranspose1d':
    case 'convTranspose2d':
    case 'convTranspose3d':
    case 'sigmoid':
      return 1
  }
}

/**
 * @internal The square as Python's `**` computes it, with C's `pow`, which `logspace` calls.
 *
 * `value * value` differs in the last bit for about one number in a thousand, and so would float64 weights.
 */
export function squareOf(value: number): number {
  return Number(logspace(2, 2, 1, value, { dtype: 'float64', device: 'cpu' }).item())
}
