import * as torch from '../torch'
import type { Tensor } from '../torch'

/** Pixels of one image by class, [K] each; pixels of ignored classes are in none. */
export interface Overlap {
  /** Predicted as the class that they are. */
  readonly both: readonly number[]
  readonly predicted: readonly number[]
  readonly truth: readonly number[]
}

/** Counts every image of predicted and true classes, int64 [N, h, w]; true classes ≥ `classes` are ignored. */
export function overlapsOf(predicted: Tensor, truth: Tensor, classes: number): Overlap[] {
  const images = truth.shape[0]!
  const known = truth.lt(classes)
  const row = torch.arange(images).mul(classes).view([images, 1, 1])
  const count = (values: Tensor, kept: Tensor) =>
    torch
      .bincount(values.add(row).maskedSelect(kept), null, images * classes)
      .view([images, classes])
      .tolist() as number[][]
  const [both, one, two] = [count(truth, known.logicalAnd(predicted.eq(truth))), count(predicted, known), count(truth, known)]
  return both.map((_, i) => ({ both: both[i]!, predicted: one[i]!, truth: two[i]! }))
}

/** Intersection over union of every class over images that count `weights` times each; null for a class that neither occurs nor is predicted. */
export function overlapByClass(overlaps: readonly Overlap[], weights: readonly number[] = overlaps.map(() => 1)): (number | null)[] {
  return (overlaps[0]?.both ?? []).map((_, k) => {
    let [both, union] = [0, 0]
    overlaps.forEach((overlap, i) => {
      both += weights[i]! * overlap.both[k]!
      union += weights[i]! * (overlap.predicted[k]! + overlap.truth[k]! - overlap.both[k]!)
    })
    return union === 0 ? null : both / union
  })
}

/** Mean intersection over union of images that count `weights` times each, over the classes that occur or are predicted; null if there are none. */
export function meanOfOverlaps(overlaps: readonly Overlap[], weights: readonly number[]): number | null {
  const found = overlapByClass(overlaps, weights).filter((value) => value !== null)
  return found.length === 0 ? null : found.reduce((sum, value) => sum + value, 0) / found.length
}
