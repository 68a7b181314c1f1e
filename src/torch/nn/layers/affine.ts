import type { Device, DType } from '../../tensor/dtype'
import * as torch from '../../generated/functions'
import { ones_, zeros_ } from '../init'
import { Parameter } from '../parameter'
import { pythonRepr } from './repr'

interface Affine {
  weight: Parameter | null
  bias: Parameter | null
}

/** @internal Ones to scale by and zeros to shift by, where a normalisation does. */
export function affineOf(
  shape: readonly number[],
  affine: boolean,
  bias: boolean,
  where: { readonly device: Device | null; readonly dtype: DType | null },
): Affine {
  return {
    weight: affine ? new Parameter(torch.ones(shape, where)) : null,
    bias: affine && bias ? new Parameter(torch.zeros(shape, where)) : null,
  }
}

/** @internal */
export function resetAffine({ weight, bias }: Affine): void {
  if (weight !== null) ones_(weight)
  if (bias !== null) zeros_(bias)
}

/** @internal */
export function shownBias({ bias }: Affine): string {
  return `bias=${pythonRepr(bias !== null)}`
}
