import * as torch from '../torch'
import type { Tensor } from '../torch'
import type { Backbone } from '../pixelcl'
import { matchViews, roundsFor, type CorrespondenceOptions, type Matches } from './correspondence'
import { freeze, type Features } from './features'
import { KnnSegmenter } from './knn'
import { linearScores } from './linear'
import { foundInMatches, foundInSpread, measured, unmeasured, type Measured } from './measures'
import { overlapsOf, type Overlap } from './overlap'
import { spreadOf, type Layout } from './spread'
import { labelsAt, meanIoU, type Labelled } from './segmentation'

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
  readonly samples: Samples
  readonly pictures: Pictures
}

/** What each held-out image adds to the measures, from which the noise of a change follows. */
export interface Samples {
  /** Matches from which `correspondence` and `copy` follow. */
  readonly matches: Matches
  /** Intersections and unions from which `knn` and `linear` follow; null without masks. */
  readonly knn: readonly Overlap[] | null
  readonly linear: readonly Overlap[] | null
  /** Products from which `placeShare` follows; null if the features do not vary. */
  readonly layout: Layout | null
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
 * @param onProgress - Called with the share of the work that is done, up to 1, after each batch of images.
 * @throws ArgumentError for a layer that the backbone lacks.
 */
export function measure(
  net: Backbone,
  layer: string | number,
  set: EvaluationSet,
  onProgress: (share: number) => void = () => undefined,
): Evaluation {
  const passed = counted(set, onProgress)
  // float32 on the CPU, so that measures do not depend on the device and dtype of the training.
  const features = freeze(net.deepcopy().to('cpu').to('float32'), layer, set.statistics, set.channels, passed)
  const shown = Math.min(SHOWN, set.images.shape[0]!)
  const map = features.of(set.images)
  const pictures = { features: map.narrow(0, 0, shown).clone(), segmentation: null }
  const matches = matchViews(features, set.images, set.views)
  // Weights with NaN or infinite values; the training says so at its first step.
  if (!map.isfinite().all().item<boolean>())
    return { ...unmeasured('the features are not finite'), samples: { matches, knn: null, linear: null, layout: null }, pictures }
  const spread = spreadOf(map)
  const noMasks = set.labels === undefined ? 'there are no masks' : unlabelled(set.labels, map.shape.slice(2) as [number, number])
  const { knn, linear } =
    set.labels === undefined || noMasks !== null ? WITHOUT_MASKS : segment(features, map, set.labels, () => passed(set.images.shape[0]!))
  return {
    ...measured({
      knn: knn?.meanIoU ?? noMasks!,
      linear: linear?.meanIoU ?? noMasks!,
      ...foundInMatches(matches),
      ...foundInSpread(spread, map.shape as [number, number, number, number]),
    }),
    samples: { matches, knn: knn?.overlaps ?? null, linear: linear?.overlaps ?? null, layout: spread.layout },
    pictures: { ...pictures, segmentation: knn?.predicted.narrow(0, 0, shown).clone() ?? null },
  }
}

/** Reports progress: images passed through the backbone, as a share of all passes of a measurement. A segmentation counts as one pass. */
function counted({ images, statistics, views, labels }: EvaluationSet, onProgress: (share: number) => void): (images: number) => void {
  const count = images.shape[0]!
  const rounds = views.rounds ?? roundsFor(count)
  const total = statistics.shape[0]! + count * (1 + 2 * rounds) + (labels === undefined ? 0 : labels.bank.images.shape[0]! + 2 * count)
  let done = 0
  return (passed) => onProgress(Math.min(1, (done += passed) / total))
}

/** Maximum number of pairs of a held-out and a labelled pixel that kNN compares; 10⁸ pairs of 64 channels take half a second on one core. */
const PAIRS = 8e8
/** Fewer than the default, because each run trains the linear classifier twice. */
const LINEAR_STEPS = 500

const WITHOUT_MASKS = { knn: null, linear: null }

/** Why masks say nothing of features with a map of this height and width; null if they say something. */
function unlabelled({ classes, masks, bank }: Labels, grid: readonly [number, number]): string | null {
  const has = (values: Tensor) => values.lt(classes.length).any().item<boolean>()
  if (!has(masks)) return 'the masks of the measured images name no class'
  return has(labelsAt(bank.masks, grid)) ? null : 'no mask of the training names a class at the centre of a feature pixel'
}

interface Segmented {
  readonly meanIoU: number
  readonly overlaps: readonly Overlap[]
  /** The predicted classes at the masks' size, int64 [N, H, W]. */
  readonly predicted: Tensor
}

/** Both segmentations of the held-out images, whose features are `map`; `onSegmented` is called after each. */
function segment(
  features: Features,
  map: Tensor,
  { classes: names, masks, bank }: Labels,
  onSegmented: () => void,
): { knn: Segmented; linear: Segmented } {
  const classes = names.length
  // From here on maps replace images, so that each map is computed once.
  const read: Pick<Features, 'of'> = { of: (maps) => maps }
  const labelled = { images: features.of(bank.images), masks: bank.masks }
  const segmented = (scoresOf: (maps: Tensor) => Tensor): Segmented => {
    const parts: Tensor[] = []
    const mean = meanIoU({ images: map, masks }, classes, scoresOf, (part) => parts.push(part))
    const predicted = torch.cat(parts)
    onSegmented()
    return { meanIoU: mean, overlaps: overlapsOf(predicted, masks, classes), predicted }
  }
  const pixels = map.shape[0]! * map.shape[2]! * map.shape[3]!
  const bankSize = Math.min(20_000, Math.max(2_000, Math.floor(PAIRS / pixels)))
  const segmenter = new KnnSegmenter(read, labelled, { classes, bankSize })
  return {
    knn: segmented((maps) => segmenter.scores(maps)),
    linear: segmented(linearScores(read, labelled, { classes, steps: LINEAR_STEPS })),
  }
}
