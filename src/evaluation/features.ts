import * as torch from '../torch'
import type { Tensor } from '../torch'
import type { Backbone } from '../pixelcl'
import { HiddenLayers, channelsOf, layerName } from '../pixelcl/internal'
import { Normalize, statisticsFor, withChannels } from '../vision/transforms'
import { recalibrated } from './recalibrate'

/** A frozen copy of a backbone: images to the map of one hidden layer. */
export interface Features {
  /** Images as the backbone takes them (normalised), [N, 3, H, W], to a map [N, C, h, w]. */
  ofNormalised(images: Tensor): Tensor
  /** Images in 0…1, [N, 3, H, W], to a map [N, C, h, w]. */
  of(images: Tensor): Tensor
}

const BATCH = 32

/** The images in 0…1 with the channels that a backbone takes, normalised with ImageNet's mean and deviation. */
export function normalised(images: Tensor, channels = 3): Tensor {
  const { mean, std } = statisticsFor(channels)
  return new Normalize(mean, std).call(withChannels(images, channels))
}

/**
 * Copies a backbone, recomputes its batch-norm statistics from `images` (0…1, [N, 3, H, W]) and freezes it.
 *
 * So two states of a backbone differ in their weights only, and an untrained backbone is not penalised for its initial statistics.
 *
 * @param onImages - Called after each pass with its number of images, also of passes of the result.
 */
export function freeze(
  net: Backbone,
  layer: string | number,
  images: Tensor,
  channels: number = channelsOf(net),
  onImages: (count: number) => void = () => undefined,
): Features {
  const layers = new HiddenLayers(net, { map: layerName(net, layer) })
  const copy = recalibrated(net, inParts(normalised(images, channels)), onImages)
  const mapOf = (part: Tensor): Tensor => {
    const { map } = layers.run(copy, part)
    onImages(part.shape[0]!)
    return map
  }
  const ofNormalised = (batch: Tensor): Tensor => torch.inferenceMode(() => torch.cat(inParts(batch).map(mapOf)))
  return { ofNormalised, of: (batch) => ofNormalised(normalised(batch, channels)) }
}

/** Splits into batches of similar size, because a last batch of one image would have no batch statistics. */
export function inParts(images: Tensor): Tensor[] {
  return images.chunk(Math.max(1, Math.ceil(images.shape[0]! / BATCH)))
}
