import * as torch from '../torch'
import type { Tensor } from '../torch'
import type { View } from '../pixelcl'
import { binsInPixels, cutView, drawViews } from '../pixelcl/internal'
import { applyTransform, type ImageTransform } from '../vision/transforms'
import { inParts, type Features } from './features'
import { seeded } from './seeded'

export interface CorrespondenceOptions {
  /** The augmentations of the views, normalisation included. */
  augment: torch.nn.Module | ImageTransform
  cutoutRatioRange: [number, number]
  probRandHflip: number
  /** Height and width of the views; default: the size of the images. */
  viewSize?: readonly [number, number] | undefined
  /** Fixes boxes, flips and augmentations, so that two backbones see the same views; default 1. */
  seed?: number
  /** Pairs of views of every image; default 2, or more for fewer than 16 images, so that there are 32 pairs. */
  rounds?: number
}

/** Largest distance of a match from the true position, in bin diagonals of the view with the larger bins. */
const RADIUS = 1.5
/** A pixel is compared if view two shows a place farther away than this at the same index, in the same unit. */
const DISPLACED = 3

/** Pairs of views without which a share would be mostly chance. */
const PAIRS = 32

/** How the compared pixels of each image were matched, summed over the rounds; one number for each image. */
export interface Matches {
  /** Pixels that were compared. */
  readonly compared: readonly number[]
  /** Compared pixels that were matched within 1.5 bin diagonals of the same place. */
  readonly found: readonly number[]
  /** Compared pixels that were matched within 1.5·√2 bins of their own index. */
  readonly copied: readonly number[]
  /** Height and width of the views' maps. */
  readonly grid: readonly [number, number]
}

/**
 * Matches each displaced pixel of view one to its nearest neighbour by cosine among all pixels of view two.
 *
 * A pixel is one of the feature map. It is compared if view two shows its centre, and shows a place more than 3 bin diagonals away at the
 * same index. So features that encode the position in the view, which would find the partner wherever the views overlap much, find none of these.
 *
 * @param images - Held-out images in 0…1, [N, 3, H, W].
 */
export function matchViews(features: Features, images: Tensor, options: CorrespondenceOptions): Matches {
  const count = images.shape[0]!
  const sums = { compared: zeros(count), found: zeros(count), copied: zeros(count) }
  const rounds = options.rounds ?? roundsFor(count)
  let grid: readonly [number, number] = [0, 0]
  seeded(options.seed ?? 1, () => {
    for (let round = 0; round < rounds; round++) {
      let first = 0
      for (const part of inParts(images)) {
        const matches = matchPart(features, part, options)
        for (const key of ['compared', 'found', 'copied'] as const) matches[key].forEach((value, i) => (sums[key][first + i]! += value))
        first += part.shape[0]!
        grid = matches.grid
      }
    }
  })
  return { ...sums, grid }
}

/** How many pairs of views of each image are matched, for so many images. */
export function roundsFor(images: number): number {
  return Math.max(2, Math.ceil(PAIRS / images))
}

const zeros = (count: number): number[] => Array.from({ length: count }, () => 0)

function matchPart(features: Features, images: Tensor, options: CorrespondenceOptions): Matches {
  const [count, , height, width] = images.shape as [number, number, number, number]
  const size = options.viewSize ?? ([height, width] as const)
  const [one, two] = drawViews(count, height, width, { ...options, cropPer: 'sample' }) as [View[], View[]]
  const mapOf = (views: View[]) => features.ofNormalised(applyTransform(options.augment, cutView(images, views, size, 'nearest')))
  const [mapOne, mapTwo] = [mapOf(one), mapOf(two)]
  const unit = (map: Tensor) => torch.nn.functional.normalize(map.flatten(2), { dim: 1 })
  const nearest = unit(mapOne).transpose(1, 2).bmm(unit(mapTwo)).argmax(-1)
  const grid = mapOne.shape.slice(2) as [number, number]
  const places = indexPlaces(grid)
  const matches = { compared: zeros(count), found: zeros(count), copied: zeros(count), grid }
  for (let i = 0; i < count; i++) {
    const [from, to] = [binsInPixels(one[i]!, grid), binsInPixels(two[i]!, grid)]
    const diagonal = Math.max(from.diagonal, to.diagonal)
    const compared = inside(from.centres, two[i]!).logicalAnd(distance(from.centres, to.centres).gt(DISPLACED * diagonal))
    const match = nearest.select(0, i)
    const found = distance(from.centres, to.centres.index([match])).lt(RADIUS * diagonal)
    const copied = distance(places, places.index([match])).lt(RADIUS * Math.SQRT2)
    const countOf = (mask: Tensor) => mask.logicalAnd(compared).sum().item<number>()
    matches.compared[i] = countOf(compared)
    matches.found[i] = countOf(found)
    matches.copied[i] = countOf(copied)
  }
  return matches
}

/** Row and column of every pixel of a map, [P, 2]. */
function indexPlaces([rows, columns]: readonly [number, number]): Tensor {
  const along = (count: number) => torch.arange(count, { dtype: 'float32' })
  return torch.stack(torch.meshgrid([along(rows), along(columns)]), -1).flatten(0, 1)
}

function distance(one: Tensor, two: Tensor): Tensor {
  return one.sub(two).pow(2).sum([1]).sqrt()
}

function inside(centres: Tensor, { box }: View): Tensor {
  const [y, x] = centres.unbind(1) as [Tensor, Tensor]
  return y.ge(box.y0).logicalAnd(y.lt(box.y1)).logicalAnd(x.ge(box.x0)).logicalAnd(x.lt(box.x1))
}
