import * as torch from '../torch'
import type { Tensor } from '../torch'
import type { Backbone } from '../pixelcl'
import { HiddenLayers, layerName } from '../pixelcl/internal'
import { IMAGENET_MEAN, IMAGENET_STD, Normalize } from '../vision/transforms'
import { recalibrated } from './recalibrate'

/** A frozen copy of a backbone: images to the map of one hidden layer. */
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
 * Copies a backbone, recomputes its batch-norm statistics from `images` (0…1, [N, 3, H, W]) and freezes it.
 *
 * So two states of a backbone differ in their weights only, and an untrained backbone is not penalised for its initial statistics.
 */
export function freeze(net: Backbone, layer: string | number, images: Tensor): Features {
  const layers = new HiddenLayers(net, [layerName(net, layer)])
  const copy = recalibrated(net, inParts(normalised(images)))
  const ofNormalised = (batch: Tensor): Tensor =>
    torch.inferenceMode(() => torch.cat(inParts(batch).map((part) => layers.run(copy, part)[0]!)))
  return { ofNormalised, of: (batch) => ofNormalised(normalised(batch)) }
}

/** Splits into batches of similar size, because a last batch of one image would have no batch statistics. */
export function inParts(images: Tensor): Tensor[] {
  return images.chunk(Math.max(1, Math.ceil(images.shape[0]! / BATCH)))
}
