import * as torch from '../torch'
import type { Tensor } from '../torch'
import type { ResolvedOptions } from './options'

/** Below this norm a feature is divided by it, as `cosine_similarity` does. */
const COSINE_EPS = 1e-8

/** Cosines between all pixels of two maps [N, C, P]: [N, P, P], by one batched product of normalised features. */
export function cosineMatrix(one: Tensor, two: Tensor): Tensor {
  const F = torch.nn.functional
  const a = F.normalize(one, { dim: 1, eps: COSINE_EPS })
  const b = one === two ? a : F.normalize(two, { dim: 1, eps: COSINE_EPS })
  return a.transpose(1, 2).bmm(b)
}

/** What the pixel losses know of the pairs: a mask [P, P] for all images, or [N, P, P] for each. */
export interface Pairs {
  readonly mask: Tensor
  /** Positive pairs of `mask`. */
  readonly count: number
}

/** −mean of the cosines of all positive pairs: pooled over the batch, or the mean over the images that have any. */
export function pixProLoss(similarity: Tensor, { mask, count }: Pairs): Tensor {
  const weights = mask.to(similarity.dtype)
  if (mask.dim() === 2) return similarity.mul(weights).sum().div(similarity.shape[0]! * count).neg()
  const positives = weights.sum([1, 2])
  const means = similarity.mul(weights).sum([1, 2]).div(positives.clampMin(1))
  return meanOverImages(means, positives).neg()
}

function meanOverImages(values: Tensor, positives: Tensor): Tensor {
  const has = positives.gt(0).to(values.dtype)
  return values.mul(has).sum().div(has.sum())
}

/** −log of the share of the positives' exponentials, over the pooled batch (or each image). */
function batchContrast(logits: Tensor, { mask }: Pairs): Tensor {
  const positive = logits.maskedFill(mask.logicalNot(), -Infinity)
  if (mask.dim() === 2) return logits.flatten().logsumexp([0]).sub(positive.flatten().logsumexp([0]))
  const positives = mask.sum([1, 2])
  const has = positives.gt(0)
  const share = logits.flatten(1).logsumexp([1]).sub(safeLogsumexp(positive.flatten(1), has))
  return meanOverImages(share, positives)
}

/** −log of the share of the positives' exponentials in each pixel's row, the mean over pixels that have a positive. */
function pixelContrast(logits: Tensor, { mask }: Pairs): Tensor {
  const full = mask.dim() === 2 ? mask.unsqueeze(0).expandAs(logits) : mask
  const rows = full.any(2)
  const positive = logits.maskedFill(full.logicalNot(), -Infinity)
  const share = logits.logsumexp([2]).sub(safeLogsumexp(positive, rows))
  const weights = rows.to(logits.dtype)
  if (mask.dim() === 2) return share.mul(weights).sum().div(weights.sum())
  const perImage = share.mul(weights).sum([1]).div(weights.sum([1]).clampMin(1))
  return meanOverImages(perImage, rows.sum([1]))
}

/** logsumexp over the last dimension; rows of nothing but −∞ give 0, whose gradient is 0 and not NaN. */
function safeLogsumexp(values: Tensor, has: Tensor): Tensor {
  return values.maskedFill(has.logicalNot().unsqueeze(-1), 0).logsumexp([-1]).mul(has.to(values.dtype))
}

/** PixContrast over cosines [N, P, P]. */
export function pixContrastLoss(similarity: Tensor, pairs: Pairs, options: Pick<ResolvedOptions, 'contrast' | 'similarityTemperature'>): Tensor {
  const logits = similarity.div(options.similarityTemperature)
  return options.contrast === 'batch' ? batchContrast(logits, pairs) : pixelContrast(logits, pairs)
}

/** 2 − 2·cos of each row of two batches [N, D]. */
export function instanceLoss(predicted: Tensor, target: Tensor): Tensor {
  const F = torch.nn.functional
  const a = F.normalize(predicted, { dim: -1 })
  const b = F.normalize(target, { dim: -1 })
  return torch.rsub(a.mul(b).sum([-1]).mul(2), 2)
}
