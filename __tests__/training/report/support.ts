import * as torch from '../../../src/torch'
import { pixelCLOptions } from '../../../src/pixelcl'
import { measure, type EvaluationSet, type ReportData } from '../../../src/training/report'
import type { StepMetrics } from '../../../src/training/run-folder'
import { Small } from '../../pixelcl/small'

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
    views: { augment: (batch) => batch, cutoutRatioRange: [0.6, 0.8], probRandHflip: 0.25 },
    labels: { classes, masks: heldOut.masks, bank: labelled(0, 6) },
  }
}

export function someMetrics(count: number): StepMetrics[] {
  return Array.from({ length: count }, (_, i) => ({
    step: i + 1,
    loss: 2 + Math.cos(i),
    positivePairs: 1000 + i,
    lr: 1e-3,
    imagesPerSecond: 50,
    seconds: (i + 1) / 4,
  }))
}

export function someReport(change: Partial<ReportData> = {}): ReportData {
  const set = change.set ?? someSet()
  torch.manualSeed(3)
  const [before, after] = [new Small(), new Small()].map((net) => measure(net, 'body', set))
  return {
    title: 'demo',
    config: { steps: 40, backbone: 'small.pt', overwrite: undefined },
    metrics: someMetrics(40),
    set,
    before: before!,
    after: after!,
    learner: pixelCLOptions.parse({ imageSize: 32, distance: 'bin', distanceThres: 1 }),
    ...change,
  }
}
