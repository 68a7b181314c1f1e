import * as torch from '../torch'
import type { Device, Tensor } from '../torch'
import { uniform } from '../vision/transforms'
import type { ResolvedOptions } from './options'

/** A box in pixels, half-open: `y0 ≤ y < y1`. */
export interface Box {
  readonly y0: number
  readonly y1: number
  readonly x0: number
  readonly x1: number
}

/** The geometry of one view: a box, then an optional horizontal flip. */
export interface View {
  readonly box: Box
  readonly hflip: boolean
}

/** One view for the whole batch, or one for every image. */
export type Views = View | readonly View[]

export function isPerSample(views: Views): views is readonly View[] {
  return Array.isArray(views)
}

type Geometry = Pick<ResolvedOptions, 'cutoutRatioRange' | 'probRandHflip' | 'cropPer'>

/** Draws a box with one ratio for both sides. As in the reference, offsets are rounded down, so that the last one never occurs. */
function drawBox(height: number, width: number, [low, high]: readonly [number, number]): Box {
  const [ratioDraw, xDraw, yDraw] = uniform(3) as [number, number, number]
  const ratio = low + ratioDraw * (high - low)
  const w = Math.floor(ratio * width)
  const h = Math.floor(ratio * height)
  const x0 = Math.floor((width - w) * xDraw)
  const y0 = Math.floor((height - h) * yDraw)
  return { y0, y1: y0 + h, x0, x1: x0 + w }
}

/** Draws the geometry of both views. */
export function drawViews(count: number, height: number, width: number, options: Geometry): [Views, Views] {
  const one = (): [View, View] => {
    const [first, second] = uniform(2) as [number, number]
    const flips = [first < options.probRandHflip, second < options.probRandHflip] as const
    return [
      { box: drawBox(height, width, options.cutoutRatioRange), hflip: flips[0] },
      { box: drawBox(height, width, options.cutoutRatioRange), hflip: flips[1] },
    ]
  }
  if (options.cropPer === 'batch') return one()
  const pairs = Array.from({ length: count }, one)
  return [pairs.map(([view]) => view), pairs.map(([, view]) => view)]
}

type Mode = ResolvedOptions['cutoutInterpolateMode']

/** Crops [N, C, H, W], resizes to `size`, flips. */
function cutOne(images: Tensor, { box, hflip }: View, size: readonly [number, number], mode: Mode): Tensor {
  const rows = images.narrow(2, box.y0, box.y1 - box.y0)
  const cropped = rows.narrow(3, box.x0, box.x1 - box.x0)
  const resized = torch.nn.functional.interpolate(cropped, { size, mode })
  return hflip ? resized.flip([-1]) : resized
}

/** Cuts the view out of every image, resized to `size` (height, width). */
export function cutView(images: Tensor, views: Views, size: readonly [number, number], mode: Mode): Tensor {
  if (!isPerSample(views)) return cutOne(images, views, size, mode)
  return torch.cat(views.map((view, i) => cutOne(images.narrow(0, i, 1), view, size, mode)))
}

/** The size of a map and of the images that it was computed from. */
export interface Sizes {
  readonly image: readonly [height: number, width: number]
  readonly map: readonly [height: number, width: number]
}

/**
 * The coordinates of the pixels of a view's map, [P, 2] (y, x), with the reference's scaling, in float32 and in its order of operations.
 *
 * Pixel indices over the image's diagonal, times the map's height and width, cropped, interpolated to the map, flipped.
 */
function imageCoordinates(view: View, { image, map }: Sizes, mode: Mode, device: Device): Tensor {
  const [height, width] = image
  const grid = torch.meshgrid([torch.arange(height, { device }), torch.arange(width, { device })])
  const scaled = torch
    .stack(grid)
    .unsqueeze(0)
    .float()
    .div_(Math.sqrt(height ** 2 + width ** 2))
  scaled.select(1, 0).mul_(map[0])
  scaled.select(1, 1).mul_(map[1])
  // Contiguous, as in the reference, because libtorch rounds distances differently in the last bit for other strides.
  return cutOne(scaled, view, map, mode).flatten(2).squeeze(0).t().contiguous()
}

/** The bins of a view's map: the parts of the box that the map pixels cover. */
export interface Bins {
  /** Their centres [P, 2] (y, x), float32. */
  readonly centres: Tensor
  /** The diagonal of one bin. */
  readonly diagonal: number
}

type Edges = readonly [near: number, far: number]

/** Divides the box evenly; in a flipped view the columns run from right to left. */
function binsBetween(vertical: Edges, horizontal: Edges, hflip: boolean, map: Sizes['map'], device: Device): Bins {
  const [top, bottom] = vertical
  const [left, right] = hflip ? [horizontal[1], horizontal[0]] : horizontal
  const size = [(bottom - top) / map[0], (right - left) / map[1]] as const
  const along = (count: number, step: number, start: number) =>
    torch.arange(count, { dtype: 'float32', device }).add(0.5).mul(step).add(start)
  const grid = torch.meshgrid([along(map[0], size[0], top), along(map[1], size[1], left)])
  return { centres: torch.stack(grid, -1).flatten(0, 1), diagonal: Math.hypot(...size) }
}

/** The bins of a view in pixels of the image. */
export function binsInPixels({ box, hflip }: View, map: Sizes['map'], device: Device = 'cpu'): Bins {
  return binsBetween([box.y0, box.y1], [box.x0, box.x1], hflip, map, device)
}

/** The bins in fractions of the image, as in the authors' code: coordinates divided by size − 1, with the last pixel inside as the far edge. */
function binsInFractions({ box, hflip }: View, { image, map }: Sizes, device: Device): Bins {
  const [height, width] = [image[0] - 1, image[1] - 1]
  return binsBetween([box.y0 / height, (box.y1 - 1) / height], [box.x0 / width, (box.x1 - 1) / width], hflip, map, device)
}

function maskOfPair(one: View, two: View, sizes: Sizes, options: PairOptions, device: Device): Tensor {
  if (options.distance === 'image') {
    const a = imageCoordinates(one, sizes, options.coordCutoutInterpolateMode, device)
    const b = imageCoordinates(two, sizes, options.coordCutoutInterpolateMode, device)
    return torch.pairwiseDistance(a.unsqueeze(1), b.unsqueeze(0)).lt(options.distanceThres)
  }
  const a = binsInFractions(one, sizes, device)
  const b = binsInFractions(two, sizes, device)
  const distance = a.centres.unsqueeze(1).sub(b.centres.unsqueeze(0)).pow(2).sum([-1]).sqrt()
  return distance.div(Math.max(a.diagonal, b.diagonal)).lt(options.distanceThres)
}

export type PairOptions = Pick<ResolvedOptions, 'distance' | 'distanceThres' | 'coordCutoutInterpolateMode'>

/** The positive pairs of map pixels of view one and view two: bool [P, P], or [N, P, P] if every image has its own views. */
export function positiveMask(one: Views, two: Views, sizes: Sizes, options: PairOptions, device: Device): Tensor {
  return torch.noGrad(() => {
    if (!isPerSample(one) || !isPerSample(two)) return maskOfPair(one as View, two as View, sizes, options, device)
    return torch.stack(one.map((view, i) => maskOfPair(view, two[i]!, sizes, options, device)))
  })
}
