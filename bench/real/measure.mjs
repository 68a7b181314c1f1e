// Two measures of a backbone's frozen features.
import * as torch from '../../dist/torch/index.js'
import { freeze, knnMeanIoU, linearMeanIoU } from '../../dist/evaluation/index.js'
import { CLASSES } from './data.mjs'

const LAYER = 'layer3'

/** Mean IoU of a backbone's file on the held-out images at the masks' resolution: by nearest neighbours, and by a linear layer. */
export function measure(file, train, heldOut) {
  const features = freeze(torch.jit.load(file), LAYER, train.images)
  // From here on the maps replace the images, so that each map is computed once.
  const read = { of: (maps) => maps }
  const [bank, maps] = [train, heldOut].map(({ images, masks }) => ({ images: features.of(images), masks }))
  return {
    knn: knnMeanIoU(read, bank, maps, { classes: CLASSES }),
    linear: linearMeanIoU(read, bank, maps, { classes: CLASSES }),
  }
}
