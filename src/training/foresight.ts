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
  readonly viewSize: Size
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
  const reason = smallMap(run) ?? fewImages(run)
  return reason === null
    ? null
    : worded`warning: this run will have no verdict: ${reason}, or masks of ${2 * FEWEST_IMAGES} images or more (${option('masks')})`
}

function smallMap({ net, layer, viewSize, channels }: Foreseen): Wording | null {
  const found = mapLayer(net, layer, viewSize, channels)
  const small = found === null ? null : tooSmallMap(found.map)
  if (found === null || small === null) return null
  const [height, width] = found.map.map((side, i) => Math.ceil((SMALLEST_MAP * viewSize[i]!) / side))
  const other = lastMapLayer(net, viewSize, SMALLEST_MAP, channels)
  const earlier = other === null ? null : worded`, an earlier layer (${option('hiddenLayerPixel', other.name)})`
  return worded`${small}. Give views of about ${sized([height!, width!], ' pixels')} (${option('imageSize')}, ${option('viewSize')})${earlier}`
}

function fewImages({ images, heldOut, all }: Foreseen): Wording | null {
  if (images >= FEWEST_IMAGES) return null
  const more =
    heldOut > images || heldOut === 0 || Math.floor(all / 4) < FEWEST_IMAGES
      ? 'more images, of which a quarter is held out'
      : worded`a higher ${option('heldOut')} (now ${heldOut})`
  return worded`${plural(images, 'image')} cannot tell a change from chance; at least ${FEWEST_IMAGES} are needed. Give ${more}`
}
