// Two measures of a backbone's frozen features.
import * as torch from '../../dist/torch/index.js'
import { freeze, knnMeanIoU, linearMeanIoU } from '../../dist/evaluation/index.js'
import { CLASSES } from './data.mjs'

const LAYER = 'layer3'

/** Mean IoU of a backbone's file on the held-out images, against every pixel of their masks: by nearest neighbours, and by a linear layer. */
export function measure(file, train, heldOut) {
  const features = freeze(torch.jit.load(file), LAYER, train.images)
  // From here on the maps stand in the images' place, so that each is read once.
  const read = { of: (maps) => maps }
  const [bank, maps] = [train, heldOut].map(({ images, masks }) => ({ images: features.of(images), masks }))
  return {
    knn: knnMeanIoU(read, bank, maps, { classes: CLASSES }),
    linear: linearMeanIoU(read, bank, maps, { classes: CLASSES }),
  }
}
