import { aten } from '../call/aten'
import { taken } from '../call/arguments'
import { ArgumentError } from '../../native'
import { wrap } from '../base'
import type { Given } from '../call/named'
import * as generated from '../generated/nn-functions'
import type { Tensor } from '../tensor'

export interface StftOptions {
  /** Default: a quarter of `nFft`. */
  hopLength?: number
  /** Default: `nFft`. */
  winLength?: number
  /** [winLength]; default: ones. */
  window?: Tensor
  /** Pads so that frame t is centred at t · hopLength; default: true. */
  center?: boolean
  /** Default: 'reflect'. */
  padMode?: 'reflect' | 'constant' | 'replicate' | 'circular'
  normalized?: boolean
  /** Half of the frequencies, for real input; default: true for real input. */
  onesided?: boolean
  /** Default: the result is complex where the input is. */
  returnComplex?: boolean
  alignToWindow?: boolean
}

/** @internal */
export const STFT = [
  'hopLength',
  'winLength',
  'window',
  'center',
  'padMode',
  'normalized',
  'onesided',
  'returnComplex',
  'alignToWindow',
] as const

let stftCall: (...args: unknown[]) => unknown = (...args) => (stftCall = aten('stft'))(...args)

/**
 * The short-time Fourier transform of [B, L] or [L]: frequencies by frames.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.stft.html
 */
export function stft(input: Tensor, nFft: number, ...given: Given<StftOptions, typeof STFT>): Tensor
export function stft(...given: unknown[]): Tensor {
  const {
    input,
    nFft,
    hopLength,
    winLength,
    window,
    center = true,
    padMode = 'reflect',
    normalized = false,
    onesided,
    returnComplex,
    alignToWindow,
  } = taken<{ input: Tensor; nFft: number }, StftOptions>('stft', ['input', 'nFft'], STFT, given)
  if (center && alignToWindow !== undefined) throw new ArgumentError('stft(): alignToWindow goes with center: false')
  let signal = input
  if (center) {
    const { shape } = input
    const half = Math.floor(nFft / 2)
    const extended = input.view([...Array.from({ length: 3 - shape.length }, () => 1), ...shape])
    const padded = generated.pad(extended, [half, half], padMode)
    signal = padded.view(padded.shape.slice(-shape.length))
  }
  const handle = stftCall(
    signal._h,
    nFft,
    hopLength ?? null,
    winLength ?? null,
    window?._h ?? null,
    normalized,
    onesided ?? null,
    returnComplex ?? null,
    alignToWindow ?? null,
  )
  return wrap(handle)
}
