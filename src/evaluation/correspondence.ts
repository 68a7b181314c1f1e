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
  /** Pairs of views of every image; default 2. */
  rounds?: number
}

/** Largest distance of a match from the true position, in bin diagonals of the view with the larger bins. */
const RADIUS = 1.5

/**
 * View correspondence: the share of view-one pixels visible in view two whose nearest neighbour by cosine lies within 1.5 bin diagonals.
 *
 * A pixel is one of the feature map. It is visible if its centre lies in the other view's box. Distances are measured in the original image.
 *
 * @param images - Held-out images in 0…1, [N, 3, H, W].
 * @returns The share, 0…1; 0 if no pixel is visible in both views.
 */
export function correspondence(features: Features, images: Tensor, options: CorrespondenceOptions): number {
  return seeded(options.seed ?? 1, () => {
    let found = 0
    let total = 0
    for (let round = 0; round < (options.rounds ?? 2); round++) {
      for (const part of inParts(images)) {
        const counts = matches(features, part, options)
        found += counts.found
        total += counts.total
      }
    }
    return total === 0 ? 0 : found / total
  })
}

function matches(features: Features, images: Tensor, options: CorrespondenceOptions): { found: number; total: number } {
  const [count, , height, width] = images.shape as [number, number, number, number]
  const size = options.viewSize ?? ([height, width] as const)
  const [one, two] = drawViews(count, height, width, { ...options, cropPer: 'sample' }) as [View[], View[]]
  const mapOf = (views: View[]) => features.ofNormalised(applyTransform(options.augment, cutView(images, views, size, 'nearest')))
  const [mapOne, mapTwo] = [mapOf(one), mapOf(two)]
  const unit = (map: Tensor) => torch.nn.functional.normalize(map.flatten(2), { dim: 1 })
  const nearest = unit(mapOne).transpose(1, 2).bmm(unit(mapTwo)).argmax(-1)
  const grid = mapOne.shape.slice(2) as [number, number]
  let found = 0
  let total = 0
  for (let i = 0; i < count; i++) {
    const [from, to] = [binsInPixels(one[i]!, grid), binsInPixels(two[i]!, grid)]
    const visible = inside(from.centres, two[i]!)
    const distance = from.centres
      .sub(to.centres.index([nearest.select(0, i)]))
      .pow(2)
      .sum([1])
      .sqrt()
    const close = distance.lt(RADIUS * Math.max(from.diagonal, to.diagonal))
    found += close.logicalAnd(visible).sum().item()
    total += visible.sum().item()
  }
  return { found, total }
}

function inside(centres: Tensor, { box }: View): Tensor {
  const [y, x] = centres.unbind(1) as [Tensor, Tensor]
  return y.ge(box.y0).logicalAnd(y.lt(box.y1)).logicalAnd(x.ge(box.x0)).logicalAnd(x.lt(box.x1))
}
