import * as torch from '../torch'
import type { Tensor } from '../torch'
import { rowsOf } from './segmentation'

/** How the unit features of a map [N, C, h, w] vary. */
export interface Spread {
  /**
   * The share of their variance that the mean feature of each grid place explains, 0…1; null if they do not vary.
   *
   * 1 means that a feature tells only where in the image it lies. Of features that know nothing of it, about 1 / N.
   */
  readonly placeShare: number | null
  /** The effective rank of the centred features, 0…C: exp of the entropy of their singular values as shares of the sum (Roy and Vetterli, 2007). */
  readonly rank: number
  /** Their root mean square distance from the mean feature: 0 if all are alike, 1 if they cancel out. */
  readonly deviation: number
}

/** Variance below which unit features count as equal: float32 cannot resolve less. */
const NONE = 1e-10

/** Measures the variance of unit features over the images and places of a map [N, C, h, w] of finite values. */
export function spreadOf(map: Tensor): Spread {
  return torch.noGrad(() => {
    const [images, channels] = map.shape as [number, number, number, number]
    const unit = torch.nn.functional.normalize(rowsOf(map).to('float64'), { dim: 1 })
    const centred = unit.sub(unit.mean([0]))
    const variance = centred.pow(2).sum([1]).mean().item<number>()
    if (variance < NONE) return { placeShare: null, rank: 0, deviation: 0 }
    const byPlace = centred.view([images, -1, channels]).mean([0])
    const explained = byPlace.pow(2).sum([1]).mean().item<number>()
    return { placeShare: explained / variance, rank: effectiveRank(centred), deviation: Math.sqrt(variance) }
  })
}

/** exp of the entropy of the singular values of rows [P, C]. */
function effectiveRank(rows: Tensor): number {
  // The covariance has the squares of the singular values, in a matrix of C × C in place of P × C.
  const values = torch.linalg.eigvalsh(rows.t().mm(rows)).clampMin(0).sqrt()
  const shares = values.div(values.sum())
  return torch.xlogy(shares, shares).sum().neg().exp().item<number>()
}
