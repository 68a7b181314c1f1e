import { taken } from '../../call/arguments'
import { expectTensor } from '../../call/expected'
import { ArgumentError } from '../../../native'
import * as torch from '../../generated/functions'
import type { Given } from '../../call/named'
import type { Tensor } from '../../tensor'

export interface DropoutOptions {
  /** The probability of zeroing; default: 0.5. */
  p?: number
  training?: boolean
  /** Writes the result into the input. */
  inplace?: boolean
}

const DROPOUT = ['p', 'training', 'inplace'] as const
type GivenDropout = Given<DropoutOptions, typeof DROPOUT>
type Kernel = (input: Tensor, p: number, training: boolean) => Tensor

function run(call: string, input: Tensor, given: readonly unknown[], whenUnsaid: boolean, plain: Kernel, inplaceKernel: Kernel): Tensor {
  const { p = 0.5, training = whenUnsaid, inplace } = taken<{ input: Tensor }, DropoutOptions>(call, ['input'], DROPOUT, [input, ...given])
  if (!(Number(p) >= 0 && Number(p) <= 1) && typeof p === 'number') throw new ArgumentError(`${call}(): p must lie in 0 … 1 but is ${p}`)
  return (inplace === true ? inplaceKernel : plain)(input, p, training)
}

/** Zeroes elements with probability `p` while training (the default), scaling the others up. */
export function dropout(input: Tensor, ...given: GivenDropout): Tensor {
  return run('dropout', input, given, true, torch.dropout, torch.dropout_)
}

/** Dropout that keeps mean and variance of selu's activations. */
export function alphaDropout(input: Tensor, ...given: GivenDropout): Tensor {
  return run('alphaDropout', input, given, false, torch.alphaDropout, torch.alphaDropout_)
}

/** Alpha dropout of whole channels. */
export function featureAlphaDropout(input: Tensor, ...given: GivenDropout): Tensor {
  return run('featureAlphaDropout', input, given, false, torch.featureAlphaDropout, torch.featureAlphaDropout_)
}

/** Zeroes whole channels of [N, C, L] or [C, L]. */
export function dropout1d(input: Tensor, ...given: GivenDropout): Tensor {
  expectTensor('dropout1d', input)
  if (input.dim() !== 2 && input.dim() !== 3)
    throw new ArgumentError(`dropout1d() takes [N, C, L] or [C, L] but received ${input.dim()} dimensions`)
  if (input.dim() === 3) return run('dropout1d', input, given, true, torch.featureDropout, torch.featureDropout_)
  return run('dropout1d', input.unsqueeze(0), given, true, torch.featureDropout, torch.featureDropout_).squeeze(0)
}

/** Zeroes whole channels of [N, C, H, W]. */
export function dropout2d(input: Tensor, ...given: GivenDropout): Tensor {
  return run('dropout2d', input, given, true, torch.featureDropout, torch.featureDropout_)
}

/** Zeroes whole channels of [N, C, D, H, W] or [C, D, H, W]. */
export function dropout3d(input: Tensor, ...given: GivenDropout): Tensor {
  expectTensor('dropout3d', input)
  if (input.dim() !== 4) return run('dropout3d', input, given, true, torch.featureDropout, torch.featureDropout_)
  return run('dropout3d', input.unsqueeze(0), given, true, torch.featureDropout, torch.featureDropout_).squeeze(0)
}
