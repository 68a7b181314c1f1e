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
  /** Products of pairs of images, from which the place share of any resampling of the images follows; null if they do not vary. */
  readonly layout: Layout | null
}

/** Products of the centred unit features of images i and j, [N, N] each. */
export interface Layout {
  /** The mean over the grid places of the product at the same place. */
  readonly samePlace: readonly (readonly number[])[]
  /** The product of both images' mean features. */
  readonly means: readonly (readonly number[])[]
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
    if (variance < NONE) return { placeShare: null, rank: 0, deviation: 0, layout: null }
    const layout = layoutOf(centred.view([images, -1, channels]))
    const placeShare = placeShareOf(
      layout,
      layout.means.map(() => 1),
    )
    return { placeShare, rank: effectiveRank(centred), deviation: Math.sqrt(variance), layout }
  })
}

/** The layout of centred unit features [N, P, C]. */
function layoutOf(centred: Tensor): Layout {
  const [flat, means] = [centred.flatten(1), centred.mean([1])]
  const products = (rows: Tensor) => rows.mm(rows.t())
  return {
    samePlace: products(flat).div(centred.shape[1]!).tolist() as number[][],
    means: products(means).tolist() as number[][],
  }
}

/** The place share of images that count `weights` times each; null if their features do not vary. */
export function placeShareOf({ samePlace, means }: Layout, weights: readonly number[]): number | null {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let [byPlace, mean, square] = [0, 0, 0]
  weights.forEach((one, i) => {
    if (one === 0) return
    square += (one / total) * samePlace[i]![i]!
    weights.forEach((two, j) => {
      const share = (one * two) / total ** 2
      byPlace += share * samePlace[i]![j]!
      mean += share * means[i]![j]!
    })
  })
  const variance = square - mean
  return variance < NONE ? null : (byPlace - mean) / variance
}

/** exp of the entropy of the singular values of rows [P, C]. */
function effectiveRank(rows: Tensor): number {
  // The covariance has the squares of the singular values, in a matrix of C × C in place of P × C.
  const values = torch.linalg.eigvalsh(rows.t().mm(rows)).clampMin(0).sqrt()
  const shares = values.div(values.sum())
  return torch.xlogy(shares, shares).sum().neg().exp().item<number>()
}
