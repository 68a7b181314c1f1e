import { plural, sized } from '../common/text'
import { option, worded, type Wording } from '../common/wording'
import { FEWEST_IMAGES, SMALLEST_MAP, tooSmallMap } from '../evaluation'
import type { Backbone } from '../pixelcl'
import { lastMapLayer, mapLayer } from '../pixelcl/internal'
import type { Size } from '../vision/datasets'

/** What is known of a run's measures before it begins. */
export interface Foreseen {
  readonly net: Backbone
  /** The layer that is measured. */
  readonly layer: string | number
  /** The size that images are brought to. */
  readonly size: Size
  /** The option that sets this size. */
  readonly sizeOption: 'inputSize' | 'imageSize'
  readonly viewSize: Size
  /** Whether views keep this size when images get another. */
  readonly isViewSizeGiven: boolean
  readonly channels: number
  /** Images that are measured. */
  readonly images: number
  /** Images that were asked to be held out. */
  readonly heldOut: number
  /** All images of the folder, of which a quarter at most is held out. */
  readonly all: number
}

/** Why a run that masks do not judge will have no verdict, and what to do about it; null if it may have one. */
export function noVerdict(run: Foreseen): Wording | null {
  const found = smallMap(run) ?? fewImages(run)
  if (found === null) return null
  const ways = found.ways.map((way) => worded`${way}, `).reduce((text, way) => text.plus(way), worded``)
  const masks = worded`masks of ${2 * FEWEST_IMAGES} images or more (${option('masks')})`
  return worded`warning: this run will have no verdict: ${found.reason}. Give ${ways}${found.ways.length === 0 ? '' : 'or '}${masks}`
}

interface Hindrance {
  readonly reason: string
  /** What would remove it, the best first. */
  readonly ways: readonly Wording[]
}

function smallMap(run: Foreseen): Hindrance | null {
  const { net, layer, viewSize, channels } = run
  const found = mapLayer(net, layer, viewSize, channels)
  const reason = found === null ? null : tooSmallMap(found.map)
  if (found === null || reason === null) return null
  const other = lastMapLayer(net, viewSize, SMALLEST_MAP, channels)
  const earlier = other === null ? [] : [worded`an earlier layer (${option('hiddenLayerPixel', other.name)})`]
  const scale = scaleFor(run, found.map)
  if (scale === null) return { reason, ways: earlier }
  const views = enlarged(run, found.map, scale)
  // Views that are larger than their image would show nothing more of it.
  const fits = views.every((side, i) => side <= run.size[i]!)
  return { reason, ways: fits ? [viewsOf(views), ...earlier] : [...earlier, imagesOf(run, views)] }
}

/** How many scales are tried, a twelfth of the least apart: a map's sides are rounded, so that the least may not do. */
const MOST_SCALES = 9

/** By how much views must be larger for a map to judge by; null if the network gives none. */
function scaleFor(run: Foreseen, map: Size): number | null {
  const least = SMALLEST_MAP / Math.min(...map)
  const scales = Array.from({ length: MOST_SCALES }, (_, i) => least * (1 + i / 12))
  const isEnough = (scale: number) => {
    const larger = mapLayer(run.net, run.layer, enlarged(run, map, scale), run.channels)
    return larger !== null && tooSmallMap(larger.map) === null
  }
  return scales.find(isEnough) ?? null
}

/** The size of views whose sides with too small a map are scaled. */
function enlarged({ viewSize }: Foreseen, map: Size, scale: number): Size {
  const side = (i: 0 | 1) => (map[i] >= SMALLEST_MAP ? viewSize[i] : Math.ceil(scale * viewSize[i]))
  return [side(0), side(1)]
}

function viewsOf(views: Size): Wording {
  return worded`views of about ${sized(views, ' pixels')} (${option('viewSize', views.join())})`
}

/** Images of the same aspect ratio in which the views fit. */
function imagesOf({ size, sizeOption, isViewSizeGiven }: Foreseen, views: Size): Wording {
  const scale = Math.max(views[0] / size[0], views[1] / size[1])
  const larger: Size = [Math.round(scale * size[0]), Math.round(scale * size[1])]
  const value = sizeOption === 'imageSize' ? larger[0] : larger.join()
  const images = worded`images of about ${sized(larger, ' pixels')} (${option(sizeOption, value)})`
  return isViewSizeGiven ? worded`${images} with ${viewsOf(views)}` : images
}

function fewImages({ images, heldOut, all }: Foreseen): Hindrance | null {
  if (images >= FEWEST_IMAGES) return null
  const more =
    heldOut > images || heldOut === 0 || Math.floor(all / 4) < FEWEST_IMAGES
      ? worded`more images, of which a quarter is held out`
      : worded`a higher ${option('heldOut')} (now ${heldOut})`
  return { reason: `${plural(images, 'image')} cannot tell a change from chance; at least ${FEWEST_IMAGES} are needed`, ways: [more] }
}
