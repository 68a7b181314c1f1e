import * as torch from '../torch'
import type { Tensor } from '../torch'
import type { Features } from './features'
import { classesAt, labelledRows, meanIoU, rowsOf, type Labelled } from './segmentation'

export interface KnnOptions {
  /** Number of classes; mask pixels with this number or a higher one are ignored. */
  classes: number
  /** Feature pixels in the bank; default 20,000. */
  bankSize?: number
  /** Default 20. */
  neighbours?: number
  /** Default 0.07. */
  temperature?: number
  /** Draws the bank's pixels; default 0. */
  seed?: number
}

/** Rows compared with the bank at once, which bounds the memory. */
const ROWS = 2048

/** Segments images by the nearest neighbours of their feature pixels in a bank of labelled ones. */
export class KnnSegmenter {
  private readonly bank: Tensor
  private readonly labels: Tensor
  private readonly options: Required<KnnOptions>

  constructor(
    private readonly features: Pick<Features, 'of'>,
    train: Labelled,
    options: KnnOptions,
  ) {
    this.options = { bankSize: 20_000, neighbours: 20, temperature: 0.07, seed: 0, ...options }
    const { rows, labels, known } = labelledRows(features, train, options.classes)
    const generator = new torch.Generator().manualSeed(this.options.seed)
    const order = torch.randperm(known.shape[0]!, { generator }).narrow(0, 0, Math.min(this.options.bankSize, known.shape[0]!))
    const chosen = known.indexSelect(0, order)
    this.bank = unit(rows).indexSelect(0, chosen).t().contiguous()
    this.labels = labels.indexSelect(0, chosen)
  }

  /** The share of each class among the nearest neighbours, weighted by exp(cosine / temperature): [N, K, h, w]. */
  scores(images: Tensor): Tensor {
    const map = this.features.of(images)
    const [count, , rows, columns] = map.shape as [number, number, number, number]
    const votes = unit(rowsOf(map))
      .split(ROWS)
      .map((part) => this.vote(part))
    return torch.cat(votes).view([count, rows, columns, this.options.classes]).permute([0, 3, 1, 2])
  }

  private vote(rows: Tensor): Tensor {
    const { neighbours, temperature, classes } = this.options
    const [similarity, index] = rows.mm(this.bank).topk(Math.min(neighbours, this.labels.shape[0]!))
    const weights = similarity.div(temperature).softmax(1)
    const labels = this.labels.indexSelect(0, index.flatten()).view(index.shape)
    return torch.zeros([rows.shape[0]!, classes]).scatterAdd(1, labels, weights)
  }

  /** The class of every pixel at a mask's size, int64 [N, height, width]. */
  segment(images: Tensor, size: readonly [number, number]): Tensor {
    return classesAt(this.scores(images), size)
  }
}

function unit(rows: Tensor): Tensor {
  return torch.nn.functional.normalize(rows, { dim: 1 })
}

/** Mean intersection over union of dense nearest-neighbour segmentation, at the masks' resolution. */
export function knnMeanIoU(features: Pick<Features, 'of'>, train: Labelled, heldOut: Labelled, options: KnnOptions): number {
  const segmenter = new KnnSegmenter(features, train, options)
  return meanIoU(heldOut, options.classes, (images) => segmenter.scores(images))
}
