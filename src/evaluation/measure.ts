import * as torch from '../torch'
import type { Tensor } from '../torch'
import type { Backbone } from '../pixelcl'
import { matchViews, type CorrespondenceOptions, type Matches } from './correspondence'
import { freeze, type Features } from './features'
import { KnnSegmenter } from './knn'
import { linearMeanIoU } from './linear'
import { foundInMatches, foundInSpread, measured, unmeasured, type Measured } from './measures'
import { spreadOf } from './spread'
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
  /** Channels that the backbone takes; default: as its first convolution says. */
  readonly channels?: number
  /** How views are cropped and augmented; the same as for the learner. */
  readonly views: CorrespondenceOptions
  /** Absent without masks; then there is no segmentation. */
  readonly labels?: Labels | undefined
}

/** The measures of a backbone's frozen features, and outputs for the pictures of a report. */
export interface Evaluation extends Measured {
  /** The counts behind `correspondence` and `copy`, by image. */
  readonly matches: Matches
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
  const features = freeze(net.deepcopy().to('cpu').to('float32'), layer, set.statistics, set.channels)
  const shown = Math.min(SHOWN, set.images.shape[0]!)
  const map = features.of(set.images)
  const pictures = { features: map.narrow(0, 0, shown).clone(), segmentation: null }
  const matches = matchViews(features, set.images, set.views)
  // Weights with NaN or infinite values; the training says so at its first step.
  if (!map.isfinite().all().item<boolean>()) return { ...unmeasured('the features are not finite'), matches, pictures }
  const { knn, linear, segmentation } = set.labels === undefined ? WITHOUT_MASKS : segment(features, map, set.labels)
  return {
    ...measured({
      knn,
      linear,
      ...foundInMatches(matches),
      ...foundInSpread(spreadOf(map), map.shape as [number, number, number, number]),
    }),
    matches,
    pictures: { ...pictures, segmentation: segmentation?.narrow(0, 0, shown).clone() ?? null },
  }
}

/** Fewer than the default: twice in every run, they would take longer than they are worth. */
const LINEAR_STEPS = 500

const WITHOUT_MASKS = { knn: 'there are no masks', linear: 'there are no masks', segmentation: null }

/** Both segmentations of the held-out images, whose features are `map`, and the classes that the nearest neighbours predict. */
function segment(
  features: Features,
  map: Tensor,
  { classes: names, masks, bank }: Labels,
): { knn: number; linear: number; segmentation: Tensor } {
  const classes = names.length
  // From here on maps replace images, so that each map is computed once.
  const read: Pick<Features, 'of'> = { of: (maps) => maps }
  const labelled = { images: features.of(bank.images), masks: bank.masks }
  const heldOut = { images: map, masks }
  const segmenter = new KnnSegmenter(read, labelled, { classes })
  const predicted: Tensor[] = []
  const knn = meanIoU(
    heldOut,
    classes,
    (maps) => segmenter.scores(maps),
    (part) => predicted.push(part),
  )
  return { knn, linear: linearMeanIoU(read, labelled, heldOut, { classes, steps: LINEAR_STEPS }), segmentation: torch.cat(predicted) }
}
