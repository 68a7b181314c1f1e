import * as torch from '../torch'
import type { Tensor } from '../torch'
import { inParts, type Features } from './features'

/** Images with the class of every pixel. */
export interface Labelled {
  /** Float32 [N, 3, H, W] in 0…1. */
  readonly images: Tensor
  /** Int64 [N, h, w], in any resolution with the same aspect ratio; pixels with a class number ≥ `classes` are ignored. */
  readonly masks: Tensor
}

/** The classes at the centres of a map's pixels: [N, h, w] to [N, rows, columns]. */
export function labelsAt(masks: Tensor, [rows, columns]: readonly [number, number]): Tensor {
  const [, height, width] = masks.shape as [number, number, number]
  const along = (count: number, extent: number) =>
    torch
      .arange(count, { dtype: 'float64' })
      .add(0.5)
      .mul(extent / count)
      .floor()
      .to('int64')
  return masks.indexSelect(1, along(rows, height)).indexSelect(2, along(columns, width))
}

/** Feature pixels as rows: a map [N, C, h, w] to [N·h·w, C]. */
export function rowsOf(map: Tensor): Tensor {
  return map.permute([0, 2, 3, 1]).flatten(0, 2)
}

/** The feature pixels of labelled images. */
export interface LabelledRows {
  /** All of them, [P, C]. */
  readonly rows: Tensor
  /** Their classes, int64 [P]. */
  readonly labels: Tensor
  /** Indices of the rows whose class is not ignored, int64 [K]. */
  readonly known: Tensor
}

/** Reads the feature pixels of labelled images and the classes at their centres. */
export function labelledRows(features: Pick<Features, 'of'>, { images, masks }: Labelled, classes: number): LabelledRows {
  const map = features.of(images)
  const labels = labelsAt(masks, map.shape.slice(2) as [number, number]).flatten()
  return { rows: rowsOf(map), labels, known: labels.lt(classes).nonzero().squeeze(1) }
}

/** Resizes scores [N, K, rows, columns] bilinearly to a mask's size and takes the best class: [N, h, w]. */
export function classesAt(scores: Tensor, [height, width]: readonly [number, number]): Tensor {
  return torch.nn.functional.interpolate(scores, { size: [height, width], mode: 'bilinear', alignCorners: false }).argmax(1)
}

/** Counts of intersections and unions by class, over any number of batches. */
export class MeanIoU {
  private readonly counts: Tensor

  constructor(readonly classes: number) {
    this.counts = torch.zeros([classes, classes], { dtype: 'int64' })
  }

  /** Adds predicted and true classes of the same shape; true classes ≥ `classes` are ignored. */
  add(predicted: Tensor, truth: Tensor): void {
    const kept = truth.lt(this.classes)
    const pairs = truth.mul(this.classes).add(predicted).maskedSelect(kept)
    this.counts.add_(torch.bincount(pairs, null, this.classes ** 2).view([this.classes, this.classes]))
  }

  /** Intersection over union of every class; NaN for a class that neither occurs nor is predicted. */
  perClass(): number[] {
    const both = this.counts.diagonal()
    const union = this.counts
      .sum([0])
      .add(this.counts.sum([1]))
      .sub(both)
    return both.to('float64').div(union).tolist() as number[]
  }

  /** The mean over the classes that occur or are predicted. */
  mean(): number {
    const values = this.perClass().filter((value) => !Number.isNaN(value))
    return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  }
}

/**
 * Mean intersection over union at the masks' resolution, computed in batches without gradients.
 *
 * @param scoresOf - Returns scores [N, K, h, w] for images [N, 3, H, W].
 * @param onPredicted - Receives the predicted classes of every batch, int64 [N, height, width], in order.
 */
export function meanIoU(
  { images, masks }: Labelled,
  classes: number,
  scoresOf: (images: Tensor) => Tensor,
  onPredicted?: (predicted: Tensor) => void,
): number {
  return torch.inferenceMode(() => {
    const result = new MeanIoU(classes)
    const size = masks.shape.slice(1) as [number, number]
    const truth = inParts(masks)
    inParts(images).forEach((part, i) => {
      const predicted = classesAt(scoresOf(part), size)
      result.add(predicted, truth[i]!)
      onPredicted?.(predicted)
    })
    return result.mean()
  })
}
