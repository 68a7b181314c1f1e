import * as torch from '../torch'
import type { Tensor } from '../torch'
import type { Backbone } from '../pixelcl'
import { HiddenLayers, layerName } from '../pixelcl/internal'
import { IMAGENET_MEAN, IMAGENET_STD, Normalize } from '../vision/transforms'
import { recalibrated } from './recalibrate'

/** A backbone frozen as it is now: images to the map of one hidden layer. */
export interface Features {
  /** Images as the backbone takes them (normalised), [N, 3, H, W], to a map [N, C, h, w]. */
  ofNormalised(images: Tensor): Tensor
  /** Images in 0…1, [N, 3, H, W], to a map [N, C, h, w]. */
  of(images: Tensor): Tensor
}

const BATCH = 32

/** The images in 0…1 normalised with ImageNet's mean and deviation. */
export function normalised(images: Tensor): Tensor {
  return new Normalize(IMAGENET_MEAN, IMAGENET_STD).call(images)
}

/**
 * Copies a backbone, takes its batch-norm statistics anew from `images` (0…1, [N, 3, H, W]) and freezes it.
 *
 * With that, two states of a backbone differ by their weights alone, and a fresh one is not worse for having seen no image.
 */
export function freeze(net: Backbone, layer: string | number, images: Tensor): Features {
  const layers = new HiddenLayers(net, [layerName(net, layer)])
  const copy = recalibrated(net, inParts(normalised(images)))
  const ofNormalised = (batch: Tensor): Tensor =>
    torch.inferenceMode(() => torch.cat(inParts(batch).map((part) => layers.run(copy, part)[0]!)))
  return { ofNormalised, of: (batch) => ofNormalised(normalised(batch)) }
}

/** Batches of like sizes, so that none is left with one image, of which a small map has no statistics. */
export function inParts(images: Tensor): Tensor[] {
  return images.chunk(Math.max(1, Math.ceil(images.shape[0]! / BATCH)))
}
