import { misfit } from '../call/errors'
import { ArgumentError } from '../../native'
import { callAten } from '../call/resolve'
import type * as declared from '../generated/declared/functional-signatures'
import * as generated from '../generated/nn-functions'
import type { Tensor } from '../tensor/tensor'

/**
 * The short-time Fourier transform of [B, L] or [L]: frequencies by frames.
 *
 * `hopLength` defaults to a quarter of `nFft`, `winLength` to `nFft`, `window` [winLength] to ones. `center` pads so that frame t is centred
 * at t · hopLength. `onesided` gives half of the frequencies, the default for real input; `returnComplex` defaults to what the input is.
 *
 * @throws ArgumentError for `alignToWindow` with `center`.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.stft.html
 */
export function stft(args: declared.StftArguments): Tensor {
  const { input, nFft, hopLength, winLength, window, center, padMode, normalized, onesided, returnComplex, alignToWindow } = args
  if (center && alignToWindow !== null) throw new ArgumentError('stft(): alignToWindow: expected center: false with it')
  let signal = input
  if (center) {
    const { shape } = input
    if (shape.length < 1 || shape.length > 2) throw misfit('stft', 'input', 'a Tensor of 1 or 2 dimensions', input)
    const half = Math.floor(nFft / 2)
    const extended = input.view([...new Array<number>(3 - shape.length).fill(1), ...shape])
    const padded = generated.pad(extended, [half, half], padMode)
    signal = padded.view(padded.shape.slice(-shape.length))
  }
  return callAten('stft', '', signal, nFft, hopLength, winLength, window, normalized, onesided, returnComplex, alignToWindow)
}
