import { plural } from '../common/text'
import { option, worded, type Say } from '../common/wording'
import { roundsFor, type EvaluationSet, type Labels } from '../evaluation'
import type { PixelCL } from '../pixelcl'
import * as torch from '../torch'
import { ArgumentError, type Tensor } from '../torch'
import type { ImageFolder } from '../vision/datasets'
import { PASSES } from './estimate'
import { loadMasks, type GivenMasks } from './masks'
import { firstDecodable, maskedFirst, type Split } from './split'

/** Number of training images to measure if none are held out. */
const FEW = 8
/** Number of images for recomputing batch-norm statistics before evaluation. */
const STATISTICS = 64
/** Training images with masks, from which classes are learned; more take longer and hardly change the result. */
const BANK = 96
/** Maximum number of measured images; more hardly reduce the noise. */
const MOST = 256
/** Minimum number of measured images, regardless of the time they take. */
const FEWEST = 16
/** The share of a training's work that both measurements may take. */
const SHARE = 0.1
/** Passes of images that both measurements may take in a short training: those of 32 measured images with the largest bank and statistics. */
const SHORT = 640

/** What an evaluation set is made of. */
export interface Measuring {
  readonly folder: ImageFolder
  readonly split: Split
  readonly learner: PixelCL
  /** The augmentations of the views; on the CPU, where the measures are taken. */
  readonly augment: torch.nn.Module
  readonly masks: GivenMasks | null
  /** Images that the training takes, each as often as it is seen. */
  readonly seen: number
}

/** What the masks of a run are measured on. */
export interface MaskSummary {
  readonly folder: string
  /** Images with a mask. */
  readonly images: number
  /** Measured images that have a mask. */
  readonly measured: number
  /** Training images from which the classes are learned. */
  readonly bank: number
  readonly classes: readonly string[]
}

/**
 * The images that a run is measured on, with their masks if there are any, and training images for batch-norm statistics.
 *
 * @throws ArgumentError if fewer than two images have a mask, and for masks that cannot be measured; FileError for masks that cannot be read.
 */
export async function evaluationSetFor(measuring: Measuring, say: Say): Promise<{ set: EvaluationSet; masks: MaskSummary | null }> {
  const { folder, split, learner, augment, masks, seen } = measuring
  const { cutoutRatioRange, probRandHflip, viewSize } = learner.options
  const isMasked = (index: number) => masks?.of.has(folder.files[index]!) === true
  const trainedOn = split.heldOut.length === 0
  const candidates = trainedOn ? await firstDecodable(folder, maskedFirst(split.train, isMasked), FEW) : split.heldOut
  const views = { augment, cutoutRatioRange, probRandHflip, viewSize }
  const statistics = await firstDecodable(folder, split.train, STATISTICS).then((indices) => load(folder, indices))
  const bank = split.train.filter((index) => isMasked(index) && !candidates.includes(index))
  const taught = masks === null ? [] : await firstDecodable(folder, bank, BANK)
  const [height, width] = folder.size
  const viewShare = viewSize === undefined ? 1 : (viewSize[0] * viewSize[1]) / (height * width)
  const others = statistics.shape[0]! + taught.length
  const shown = candidates.slice(0, limitOf(candidates.length, { seen, others, viewShare }, say))
  const set = { images: await load(folder, shown), statistics, trainedOn, channels: learner.channels, views }
  if (masks === null) return { set, masks: null }
  const measured = shown.filter(isMasked)
  if (measured.length === 0 || taught.length === 0) throw tooFewMasks(masks)
  const labels = await labelsFor(folder, shown, taught, masks)
  const summary = {
    folder: masks.folder,
    images: [...masks.of.keys()].filter((image) => !folder.skipped.has(image)).length,
    measured: measured.length,
    bank: taught.length,
    classes: labels.classes,
  }
  sayMasks(summary, masks, folder, say)
  return { set: { ...set, labels }, masks: summary }
}

async function load(folder: ImageFolder, indices: readonly number[]): Promise<Tensor> {
  return torch.keep(await folder.loadAll(indices))
}

async function labelsFor(folder: ImageFolder, shown: readonly number[], taught: readonly number[], masks: GivenMasks): Promise<Labels> {
  const lists = [shown, taught].map((indices) => indices.map((index) => folder.files[index]!))
  const { classes, masks: loaded } = await loadMasks(folder, lists, masks.of, masks)
  const [own, others] = loaded.map((tensor) => torch.keep(tensor)) as [Tensor, Tensor]
  return { classes, masks: own, bank: { images: await load(folder, taught), masks: others } }
}

function tooFewMasks({ folder, of }: GivenMasks): ArgumentError {
  return new ArgumentError(
    worded`${plural(of.size, 'image')} with a mask in ${folder} (${option('masks')}) that can be measured: at least 2 are needed, one to measure and others to learn the classes from`,
  )
}

/** Names that are listed. */
const LISTED = 8

function sayMasks(
  { images, measured, bank, classes, folder }: MaskSummary,
  { ignored, unmatched }: GivenMasks,
  all: ImageFolder,
  say: Say,
): void {
  const names = classes.slice(0, LISTED).join(', ') + (classes.length > LISTED ? ', …' : '')
  say(
    `${folder}: masks of ${images} of ${plural(all.readable, 'image')}; ${measured} are measured, ${bank} of the training teach ${classes.length} classes (${names})${ignored === null ? '' : `, ${ignored} is ignored`}`,
  )
  if (unmatched.length === 0) return
  say(`${plural(unmatched.length, 'mask')} of no image: ${unmatched.slice(0, 3).join(', ')}${unmatched.length > 3 ? ', …' : ''}`)
}

/** How many of `count` images are measured: as many as the share of the run's work allows. */
function limitOf(count: number, effort: Omit<Effort, 'images'>, say: Say): number {
  const limit = measuredWithin({ images: count, ...effort })
  const why = limit < MOST ? ': more would take longer than a tenth of the training' : ''
  if (limit < count) say(`measured are ${limit} of the ${count} held-out images${why}`)
  return limit
}

/** What a measurement takes, counted in passes of the backbone: the clock would choose other images in every run. */
export interface Effort {
  /** Images that could be measured. */
  readonly images: number
  /** Images that the training takes, each as often as it is seen. */
  readonly seen: number
  /** Images that pass it once besides those that are measured. */
  readonly others: number
  /** Pixels of a view as a share of those of an image. */
  readonly viewShare: number
}

/** How many images both measurements can take: 16 to 256, and no more than there are. */
export function measuredWithin({ images, seen, others, viewShare }: Effort): number {
  const passes = Math.max(SHORT, SHARE * seen * PASSES * viewShare) / 2
  const affordable = Math.floor((passes - others) / (1 + 2 * roundsFor(FEWEST) * viewShare))
  return Math.min(images, MOST, Math.max(FEWEST, affordable))
}
