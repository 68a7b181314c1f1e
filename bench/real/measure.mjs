// Two measures of a backbone's frozen features, each at two resolutions.
import * as torch from '../../dist/torch/index.js'
import { KnnSegmenter, MeanIoU, classesAt, freeze, labelsAt, linearMeanIoU } from '../../dist/training/evaluate/index.js'
import { CLASSES } from './data.mjs'

const LAYER = 'layer3'
/** Images whose similarities are held at a time. */
const PART = 8

/**
 * Mean IoU of a backbone's file on the held-out images: nearest neighbours and a linear layer, each against every pixel of the masks
 * (scores brought there in a bilinear way) and against the class at the centre of each feature pixel alone.
 */
export function measure(file, train, heldOut) {
  const features = freeze(torch.jit.load(file), LAYER, train.images)
  // From here on the maps stand in the images' place, so that each is read once.
  const read = { of: (maps) => maps }
  const bank = { images: features.of(train.images), masks: train.masks }
  const maps = features.of(heldOut.images)
  const truths = { atMaskPixels: heldOut.masks, atFeaturePixels: labelsAt(heldOut.masks, maps.shape.slice(2)) }
  return { knn: knnOf(read, bank, maps, truths), linear: linearOf(read, bank, maps, truths) }
}

function knnOf(read, bank, maps, truths) {
  return torch.inferenceMode(() => {
    const segmenter = new KnnSegmenter(read, bank, { classes: CLASSES })
    const counted = Object.entries(truths).map(([name, masks]) => ({ name, masks: masks.split(PART), result: new MeanIoU(CLASSES) }))
    maps.split(PART).forEach((part, i) => {
      torch.scope(() => {
        const scores = segmenter.scores(part)
        for (const { masks, result } of counted) result.add(classesAt(scores, masks[i].shape.slice(1)), masks[i])
      })
    })
    return Object.fromEntries(counted.map(({ name, result }) => [name, result.mean()]))
  })
}

function linearOf(read, bank, maps, truths) {
  const meanIoU = (masks) => linearMeanIoU(read, bank, { images: maps, masks }, { classes: CLASSES })
  return Object.fromEntries(Object.entries(truths).map(([name, masks]) => [name, meanIoU(masks)]))
}
