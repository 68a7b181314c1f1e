import * as torch from '../torch'
import type { Tensor } from '../torch'
import { cosine } from '../common/schedules'
import type { Features } from './features'
import { labelledRows, meanIoU, type Labelled } from './segmentation'

export interface LinearOptions {
  /** Number of classes; mask pixels with this number or a higher one are ignored. */
  classes: number
  /** Default 1500. */
  steps?: number
  /** Feature pixels in a step; default 4096. */
  batchSize?: number
  /** Initial learning rate, which follows a cosine to 0; default 0.01. */
  lr?: number
  /** Default 0. */
  seed?: number
}

/** Mean intersection over union of one 1×1 layer trained on the frozen, standardised features, at the masks' resolution. */
export function linearMeanIoU(features: Pick<Features, 'of'>, train: Labelled, heldOut: Labelled, options: LinearOptions): number {
  return meanIoU(heldOut, options.classes, linearScores(features, train, options))
}

/** Trains the layer; the result gives scores [N, K, h, w] for images [N, 3, H, W]. */
export function linearScores(features: Pick<Features, 'of'>, train: Labelled, options: LinearOptions): (images: Tensor) => Tensor {
  const { rows, labels, known } = labelledRows(features, train, options.classes)
  // Features are inference tensors, on which autograd does not work; a copy is an ordinary tensor.
  const copy = rows.clone()
  const mean = copy.mean([0])
  const std = copy.std([0]).clampMin(1e-6)
  const layer = fit(copy.indexSelect(0, known).sub_(mean).div_(std), labels.indexSelect(0, known), options)
  return (images) => {
    const standardised = features.of(images).permute([0, 2, 3, 1]).sub(mean).div(std)
    return layer.call(standardised).permute([0, 3, 1, 2])
  }
}

function fit(
  rows: Tensor,
  labels: Tensor,
  { classes, steps = 1500, batchSize = 4096, lr = 0.01, seed = 0 }: LinearOptions,
): torch.nn.Linear {
  const layer = new torch.nn.Linear(rows.shape[1]!, classes)
  torch.noGrad(() => layer.parameters().forEach((parameter) => parameter.zero_()))
  const optimizer = new torch.optim.Adam(layer.parameters(), { lr })
  const rate = cosine({ steps, warmupSteps: 0 })
  const generator = new torch.Generator().manualSeed(seed)
  for (let step = 0; step < steps; step++) {
    torch.scope(() => {
      const chosen = torch.randint(rows.shape[0]!, [Math.min(batchSize, rows.shape[0]!)], { generator })
      const loss = torch.nn.functional.crossEntropy(layer.call(rows.indexSelect(0, chosen)), labels.indexSelect(0, chosen))
      optimizer.zeroGrad()
      loss.backward()
      optimizer.paramGroups[0]!.lr = lr * rate(step)
      optimizer.step()
    })
  }
  return layer
}
