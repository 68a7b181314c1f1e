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

/** Mean intersection over union of images that count `weights` times each, over the classes that occur or are predicted; null if there are none. */
export function meanOfOverlaps(overlaps: readonly Overlap[], weights: readonly number[]): number | null {
  const classes = overlaps[0]?.both.length ?? 0
  let [sum, found] = [0, 0]
  for (let k = 0; k < classes; k++) {
    let [both, union] = [0, 0]
    overlaps.forEach((overlap, i) => {
      both += weights[i]! * overlap.both[k]!
      union += weights[i]! * (overlap.predicted[k]! + overlap.truth[k]! - overlap.both[k]!)
    })
    if (union === 0) continue
    sum += both / union
    found++
  }
  return found === 0 ? null : sum / found
}
