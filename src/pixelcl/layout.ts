import { isTensor, type Tensor } from '../torch'

/** Most class, distillation and register tokens that stand before those of the patches. */
const MOST_PREFIX_TOKENS = 16

/** How a layer's output holds a map: [N, C, h, w], [N, h, w, C], or tokens [N, T, C] or [T, N, C] of which the last h·w are the map. */
export type Layout =
  | { readonly kind: 'channelsFirst' }
  | { readonly kind: 'channelsLast' }
  | { readonly kind: 'tokens'; readonly isBatchFirst: boolean; readonly prefix: number }

type Size = readonly [height: number, width: number]

/** The layout of an output for images [N, C, H, W]; null if it holds no map. `stem` gives the size of the first convolution's map, if there is one. */
export function layoutOf(output: Tensor, images: Tensor, stem: () => Size | null): Layout | null {
  const image = images.shape.slice(2) as [number, number]
  const { shape } = output
  if (shape.length === 4) {
    const isMap = fits([shape[2]!, shape[3]!], image) || !fits([shape[1]!, shape[2]!], image)
    return { kind: isMap ? 'channelsFirst' : 'channelsLast' }
  }
  if (shape.length !== 3) return null
  const isBatchFirst = shape[0] === images.shape[0]
  if (!isBatchFirst && shape[1] !== images.shape[0]) return null
  const tokens = isBatchFirst ? shape[1]! : shape[0]!
  // A small grid can be read in two ways: 9 tokens are 3 × 3, or 2 × 2 after five others. The patches' convolution tells.
  const first = stem()
  const grid = gridsOf(tokens, image).find((possible) => {
    if (first === null) return true
    // Networks that reduce their grid have a class token at most.
    return isSame(possible, first) || (tokens - possible[0] * possible[1] <= 1 && isReduced(possible, first))
  })
  return grid === undefined ? null : { kind: 'tokens', isBatchFirst, prefix: tokens - grid[0] * grid[1] }
}

/** An output as a map [N, C, h, w]. */
export function toMap(output: Tensor, images: Tensor, layout: Layout): Tensor {
  if (layout.kind === 'channelsFirst') return output
  if (layout.kind === 'channelsLast') return output.permute([0, 3, 1, 2])
  const batchFirst = layout.isBatchFirst ? output : output.transpose(0, 1)
  const patches = batchFirst.shape[1]! - layout.prefix
  const grid = gridsOf(patches, images.shape.slice(2) as [number, number]).find(([height, width]) => height * width === patches)
  // The same layer for images of another shape; what cannot be laid out stays, and is refused by who needs a map.
  if (grid === undefined) return output
  return batchFirst
    .narrow(1, layout.prefix, patches)
    .transpose(1, 2)
    .reshape([batchFirst.shape[0]!, batchFirst.shape[2]!, ...grid])
}

/** @internal The grids of the images' shape that so many tokens may hold, the largest first. */
export function gridsOf(tokens: number, image: Size): Size[] {
  const grids: Size[] = []
  for (let height = 1; height <= tokens; height++) {
    const exact = (height * image[1]) / image[0]
    for (const width of new Set([Math.floor(exact), Math.ceil(exact)])) {
      const rest = tokens - height * width
      if (width >= 1 && rest >= 0 && rest <= MOST_PREFIX_TOKENS && fits([height, width], image)) grids.push([height, width])
    }
    if (Math.floor(exact) * height > tokens) break
  }
  return grids.sort((a, b) => b[0] * b[1] - a[0] * a[1])
}

/** Whether a map's sides are the image's by one stride, but for rounding. */
function fits([height, width]: Size, [imageHeight, imageWidth]: Size): boolean {
  return Math.abs(height * imageWidth - width * imageHeight) < Math.max(imageHeight, imageWidth)
}

function isSame([height, width]: Size, [otherHeight, otherWidth]: Size): boolean {
  return height === otherHeight && width === otherWidth
}

/** Whether a grid is that of the first convolution, a whole factor smaller. */
function isReduced([height, width]: Size, [stemHeight, stemWidth]: Size): boolean {
  for (let factor = 2; factor <= stemHeight; factor++) {
    if ([Math.floor, Math.ceil].some((round) => round(stemHeight / factor) === height && round(stemWidth / factor) === width)) return true
  }
  return false
}

/** Whether a map has more than one pixel. */
export function isSpatial(map: Tensor): boolean {
  return isTensor(map) && map.dim() === 4 && (map.shape[2]! > 1 || map.shape[3]! > 1)
}
