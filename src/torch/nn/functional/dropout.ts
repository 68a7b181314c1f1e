import { misfit } from '../../call/errors'
import * as torch from '../../generated/functions'
import type * as declared from '../../generated/declared/nn-functional-signatures'
import type { Tensor } from '../../tensor/tensor'

/** Zeroes elements with probability `p` in training (the default) and scales the others up. */
export function dropout({ input, p, training, inplace }: declared.DropoutArguments): Tensor {
  return inplace ? torch.dropout_(input, p, training) : torch.dropout(input, p, training)
}

/** Dropout that keeps mean and variance of selu's activations. */
export function alphaDropout({ input, p, training, inplace }: declared.AlphaDropoutArguments): Tensor {
  return inplace ? torch.alphaDropout_(input, p, training) : torch.alphaDropout(input, p, training)
}

/** Alpha dropout of whole channels. */
export function featureAlphaDropout({ input, p, training, inplace }: declared.FeatureAlphaDropoutArguments): Tensor {
  return inplace ? torch.featureAlphaDropout_(input, p, training) : torch.featureAlphaDropout(input, p, training)
}

/** Zeroes whole channels of [N, C, L] or [C, L]. */
export function dropout1d({ input, ...options }: declared.Dropout1dArguments): Tensor {
  if (input.dim() !== 2 && input.dim() !== 3) throw misfit('dropout1d', 'input', '[N, C, L] or [C, L]', input)
  return input.dim() === 3 ? dropout2d({ input, ...options }) : dropout2d({ input: input.unsqueeze(0), ...options }).squeeze(0)
}

/** Zeroes whole channels of [N, C, H, W]. */
export function dropout2d({ input, p, training, inplace }: declared.Dropout2dArguments): Tensor {
  return inplace ? torch.featureDropout_(input, p, training) : torch.featureDropout(input, p, training)
}

/** Zeroes whole channels of [N, C, D, H, W] or [C, D, H, W]. */
export function dropout3d({ input, ...options }: declared.Dropout3dArguments): Tensor {
  return input.dim() === 4 ? dropout2d({ input: input.unsqueeze(0), ...options }).squeeze(0) : dropout2d({ input, ...options })
}
