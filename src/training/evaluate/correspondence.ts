import * as torch from '../../torch'
import type { Tensor } from '../../torch'
import { cutView, drawViews, type View } from '../../pixelcl/views'
import type { ImageTransform } from '../../vision/transforms'
import { inParts, type Features } from './features'

export interface CorrespondenceOptions {
  /** The augmentations of the views, normalisation included. */
  augment: torch.nn.Module | ImageTransform
  cutoutRatioRange: [number, number]
  probRandHflip: number
  /** Height and width of the views; default: those of the images. */
  viewSize?: readonly [number, number] | undefined
  /** Fixes boxes, flips and augmentations, so that two backbones see the same views; default 1. */
  seed?: number
  /** Pairs of views of every image; default 2. */
  rounds?: number
}

/** A match counts when it lies within this many diagonals of the larger of both views' bins. */
const RADIUS = 1.5

/**
 * View-correspondence accuracy: of the feature pixels of one augmented view whose centre lies in the other view, the share whose nearest
 * neighbour there, by cosine, lies within 1.5 bin diagonals of it in the image.
 *
 * @param images - Held-out images in 0…1, [N, 3, H, W].
 */
export function correspondence(features: Features, images: Tensor, options: CorrespondenceOptions): number {
  const state = torch.getRngState()
  torch.manualSeed(options.seed ?? 1)
  try {
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
  } finally {
    torch.setRngState(state)
  }
}

function matches(features: Features, images: Tensor, options: CorrespondenceOptions): { found: number; total: number } {
  const [count, , height, width] = images.shape as [number, number, number, number]
  const size = options.viewSize ?? ([height, width] as const)
  const [one, two] = drawViews(count, height, width, { ...options, cropPer: 'sample' }) as [View[], View[]]
  const mapOf = (views: View[]) =>
    torch.noGrad(() => features.ofNormalised(apply(options.augment, cutView(images, views, size, 'nearest'))))
  const [mapOne, mapTwo] = [mapOf(one), mapOf(two)]
  const unit = (map: Tensor) => torch.nn.functional.normalize(map.flatten(2), { dim: 1 })
  const nearest = unit(mapOne).transpose(1, 2).bmm(unit(mapTwo)).argmax(-1)
  const grid = mapOne.shape.slice(2) as [number, number]
  let found = 0
  let total = 0
  for (let i = 0; i < count; i++) {
    const [a, b] = [one[i]!, two[i]!]
    const from = centresOf(a, grid)
    const to = centresOf(b, grid)
    const partner = inside(from, b)
    const far = from
      .sub(to.index([nearest.select(0, i)]))
      .pow(2)
      .sum([1])
      .sqrt()
    const close = far.lt(RADIUS * Math.max(diagonalOf(a, grid), diagonalOf(b, grid)))
    found += close.logicalAnd(partner).sum().item()
    total += partner.sum().item()
  }
  return { found, total }
}

function apply(augment: torch.nn.Module | ImageTransform, images: Tensor): Tensor {
  return typeof augment === 'function' ? augment(images) : augment.call(images)
}

/** Where the bins of a view's map have their centres, [P, 2] (y, x) in the image's pixels. */
export function centresOf({ box, hflip }: View, [rows, columns]: readonly [number, number]): Tensor {
  const y = torch
    .arange(rows, { dtype: 'float32' })
    .add(0.5)
    .mul((box.y1 - box.y0) / rows)
    .add(box.y0)
  const steps = torch.arange(columns, { dtype: 'float32' }).add(0.5)
  const x = (hflip ? torch.rsub(steps, columns) : steps).mul((box.x1 - box.x0) / columns).add(box.x0)
  return torch.stack(torch.meshgrid([y, x]), -1).flatten(0, 1)
}

function diagonalOf({ box }: View, [rows, columns]: readonly [number, number]): number {
  return Math.hypot((box.y1 - box.y0) / rows, (box.x1 - box.x0) / columns)
}

function inside(centres: Tensor, { box }: View): Tensor {
  const [y, x] = centres.unbind(1) as [Tensor, Tensor]
  return y.ge(box.y0).logicalAnd(y.lt(box.y1)).logicalAnd(x.ge(box.x0)).logicalAnd(x.lt(box.x1))
}
