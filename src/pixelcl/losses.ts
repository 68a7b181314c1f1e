import * as torch from '../torch'
import type { Tensor } from '../torch'
import type { ResolvedOptions } from './options'

/** Lower bound of a norm, as in `cosine_similarity`. */
const COSINE_EPS = 1e-8

function unit(pixels: Tensor): Tensor {
  return torch.nn.functional.normalize(pixels, { dim: 1, eps: COSINE_EPS })
}

/** Cosines between all pixels of two maps [N, C, P]: [N, P, P], as one batched matrix product of normalised features. */
export function cosineMatrix(one: Tensor, two: Tensor): Tensor {
  const a = unit(one)
  return a.transpose(1, 2).bmm(one === two ? a : unit(two))
}

/** The positive pairs: a mask [P, P] for all images, or [N, P, P] with one per image. */
export interface Pairs {
  readonly mask: Tensor
  /** The number of positive pairs in `mask`. */
  readonly count: number
}

/**
 * Negative mean of the cosines of all positive pairs of two maps [N, C, P]: pooled over the batch, or averaged over the images that have pairs.
 *
 * The sum of a pixel's cosines is its dot product with the sum of its partners, so neither forward nor backward needs a similarity matrix.
 */
export function pixProLoss(pixels: Tensor, targets: Tensor, { mask, count }: Pairs): Tensor {
  const pairs = mask.to(pixels.dtype)
  const partners = unit(targets).matmul(pairs.transpose(-2, -1))
  const sums = unit(pixels).mul(partners).sum([1, 2])
  if (mask.dim() === 2) return sums.sum().div(-pixels.shape[0]! * count)
  const positives = pairs.sum([1, 2])
  return meanOverImages(sums.div(positives.clampMin(1)), positives).neg()
}

function meanOverImages(values: Tensor, positives: Tensor): Tensor {
  const has = positives.gt(0).to(values.dtype)
  return values.mul(has).sum().div(has.sum())
}

/** −log of the positives' share of all exponentials, pooled over the batch (or per image). */
function batchContrast(logits: Tensor, { mask }: Pairs): Tensor {
  const positive = logits.maskedFill(mask.logicalNot(), -Infinity)
  if (mask.dim() === 2)
    return logits
      .flatten()
      .logsumexp([0])
      .sub(positive.flatten().logsumexp([0]))
  const positives = mask.sum([1, 2])
  const has = positives.gt(0)
  const share = logits
    .flatten(1)
    .logsumexp([1])
    .sub(safeLogsumexp(positive.flatten(1), has))
  return meanOverImages(share, positives)
}

/** −log of the positives' share of the exponentials in each pixel's row, averaged over the pixels that have a positive. */
function pixelContrast(logits: Tensor, { mask }: Pairs): Tensor {
  const full = mask.dim() === 2 ? mask.unsqueeze(0).expandAs(logits) : mask
  const rows = full.any(2)
  const positive = logits.maskedFill(full.logicalNot(), -Infinity)
  const share = logits.logsumexp([2]).sub(safeLogsumexp(positive, rows))
  const weights = rows.to(logits.dtype)
  if (mask.dim() === 2) return share.mul(weights).sum().div(weights.sum())
  const perImage = share
    .mul(weights)
    .sum([1])
    .div(weights.sum([1]).clampMin(1))
  return meanOverImages(perImage, rows.sum([1]))
}

/** logsumexp over the last dimension; rows that are all −∞ give 0 with gradient 0 instead of NaN. */
function safeLogsumexp(values: Tensor, has: Tensor): Tensor {
  return values.maskedFill(has.logicalNot().unsqueeze(-1), 0).logsumexp([-1]).mul(has.to(values.dtype))
}

/** PixContrast of two maps [N, C, P]. */
export function pixContrastLoss(
  pixels: Tensor,
  targets: Tensor,
  pairs: Pairs,
  options: Pick<ResolvedOptions, 'contrast' | 'similarityTemperature'>,
): Tensor {
  const logits = cosineMatrix(pixels, targets).div(options.similarityTemperature)
  return options.contrast === 'batch' ? batchContrast(logits, pairs) : pixelContrast(logits, pairs)
}

/** 2 − 2·cos of each row of two batches [N, D]. */
export function instanceLoss(predicted: Tensor, target: Tensor): Tensor {
  const F = torch.nn.functional
  const a = F.normalize(predicted, { dim: -1 })
  const b = F.normalize(target, { dim: -1 })
  return torch.rsub(a.mul(b).sum([-1]).mul(2), 2)
}
