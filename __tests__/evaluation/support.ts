import * as torch from '../../src/torch'
import type { EvaluationSet } from '../../src/evaluation'

const classes = ['stripes', 'dots & <bold>']

/** Ten images of two brightnesses, with masks of two classes, and six to name them by. */
export function someSet(): EvaluationSet {
  torch.manualSeed(2)
  const masks = torch.randint(2, [16, 8, 8]).repeatInterleave(4, 1).repeatInterleave(4, 2)
  const images = masks
    .unsqueeze(1)
    .expand([16, 3, 32, 32])
    .to('float32')
    .mul(0.5)
    .add(torch.rand([16, 3, 32, 32]).mul(0.4))
  const labelled = (from: number, count: number) => ({ images: images.narrow(0, from, count), masks: masks.narrow(0, from, count) })
  const heldOut = labelled(6, 10)
  return {
    images: heldOut.images,
    statistics: images,
    views: { augment: (batch) => batch, cutoutRatioRange: [0.4, 0.7], probRandHflip: 0.5 },
    labels: { classes, masks: heldOut.masks, bank: labelled(0, 6) },
  }
}
