import * as torch from '../torch'
import type { Tensor } from '../torch'
import type { Backbone } from '../pixelcl'
import { correspondence, type CorrespondenceOptions } from './correspondence'
import { freeze } from './features'
import { KnnSegmenter } from './knn'
import { meanIoU, type Labelled } from './segmentation'

/** How many held-out images a report shows. */
export const SHOWN = 8

/** Masks of the held-out images, and labelled images for the nearest-neighbour bank. */
export interface Labels {
  /** Names of the classes 0, 1, …; higher numbers in a mask are ignored. */
  readonly classes: readonly string[]
  /** Masks of the held-out images: int64 [N, h, w]. */
  readonly masks: Tensor
  /** Images that the backbone may have been trained on, with their masks. */
  readonly bank: Labelled
}

/** The data of an evaluation, the same before and after. */
export interface EvaluationSet {
  /** Held-out images, float32 [N, 3, H, W] in 0…1; the first eight are shown. */
  readonly images: Tensor
  /** Whether these are training images because none were held out; default false. */
  readonly trainedOn?: boolean
  /** Training images from which batch-norm statistics are recomputed, float32 [N, 3, H, W] in 0…1. */
  readonly statistics: Tensor
  /** How views are cropped and augmented; the same as for the learner. */
  readonly views: CorrespondenceOptions
  /** Absent without masks; then there is no segmentation. */
  readonly labels?: Labels | undefined
}

/** The measures of a backbone's frozen features, and outputs for the pictures of a report. */
export interface Evaluation {
  /** View correspondence, 0…1. */
  readonly correspondence: number
  /** Mean intersection over union of the nearest-neighbour segmentation, 0…1; null without masks. */
  readonly meanIoU: number | null
  readonly pictures: Pictures
}

/** Outputs for the images that a report shows. */
export interface Pictures {
  /** Features [n, C, h, w]. */
  readonly features: Tensor
  /** Predicted classes at the masks' size, int64 [n, H, W]; null without masks. */
  readonly segmentation: Tensor | null
}

/**
 * Measures a backbone's current weights on held-out images without changing the backbone.
 *
 * @param net - The backbone, on any device; a float32 copy on the CPU is measured.
 * @param layer - The layer whose map is measured: the learner's `hiddenLayerPixel`.
 * @throws ArgumentError for a layer that the backbone lacks.
 */
export function measure(net: Backbone, layer: string | number, set: EvaluationSet): Evaluation {
  // float32 on the CPU, so that measures do not depend on the device and dtype of the training.
  const features = freeze(net.deepcopy().to('cpu').to('float32'), layer, set.statistics)
  const shown = set.images.narrow(0, 0, Math.min(SHOWN, set.images.shape[0]!))
  const { labels } = set
  const pictures = { features: features.of(shown), segmentation: null }
  const found = correspondence(features, set.images, set.views)
  if (labels === undefined) return { correspondence: found, meanIoU: null, pictures }
  const classes = labels.classes.length
  const segmenter = new KnnSegmenter(features, labels.bank, { classes })
  const predicted: Tensor[] = []
  const heldOut = { images: set.images, masks: labels.masks }
  const value = meanIoU(
    heldOut,
    classes,
    (images) => segmenter.scores(images),
    (part) => predicted.push(part),
  )
  return {
    correspondence: found,
    meanIoU: value,
    pictures: { ...pictures, segmentation: torch.cat(predicted).narrow(0, 0, shown.shape[0]!).clone() },
  }
}
