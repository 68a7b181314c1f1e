import { ArgumentError } from '../../../native'
import { noGrad } from '../../autograd'
import { declared as declare, read } from '../../call/declared'
import { misfit } from '../../call/errors'
import type { Int } from '../../tensor/dtype'
import type * as declared from '../../generated/declared/nn-functional-signatures'
import * as torch from '../../generated/functions'
import * as generated from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'
import { expectIndices } from './indices'

/**
 * The rows of `weight` [rows, features] at the indices in `input`.
 *
 * The row `paddingIdx` gets no gradient. Selected rows whose norm of order `normType` exceeds `maxNorm` are scaled to it in
 * `weight`, in place. `scaleGradByFreq` divides gradients by the number of times that a row is selected; `sparse` makes the weight's gradient sparse.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
 */
export function embedding(args: declared.EmbeddingArguments): Tensor {
  const { input, weight, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = args
  expectIndices('embedding', 'input', input)
  if (maxNorm !== null) noGrad(() => torch.embeddingRenorm_(weight.detach(), input.contiguous(), maxNorm, normType))
  return torch.embedding(weight, input, paddingRow('embedding', paddingIdx, weight) ?? -1, scaleGradByFreq, sparse)
}

/** The row as a non-negative index. */
function paddingRow(call: string, index: number | null, weight: Tensor): number | null {
  if (index === null) return null
  const rows = weight.shape[0]!
  if (index >= rows || index < -rows) throw misfit(call, 'paddingIdx', `one of ${rows} rows, from ${-rows} to ${rows - 1},`, index)
  return index < 0 ? rows + index : index
}

const BAG_MODES = ['sum', 'mean', 'max'] as const

/**
 * Sums, means or maxima of rows of `weight` over bags, which are the rows of a two-dimensional `input` or segments of a flat one.
 *
 * `offsets` holds the start of each bag in a flat `input`; with `includeLastOffset` the last one is the end. `perSampleWeights` scales every
 * element of `input` in mode 'sum'. The other options are those of `embedding`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
 */
export function embeddingBag(args: declared.EmbeddingBagArguments): Tensor {
  const { input, weight, maxNorm, normType, scaleGradByFreq, mode, sparse, perSampleWeights, includeLastOffset, paddingIdx } = args
  expectIndices('embeddingBag', 'input', input)
  if (perSampleWeights !== null && mode !== 'sum')
    throw new ArgumentError(`embeddingBag(): perSampleWeights: expected mode 'sum' with them but received mode '${mode}'`)
  if ((input.dim() === 1) !== (args.offsets !== null))
    throw new ArgumentError('embeddingBag(): offsets: expected a Tensor for a flat input and none for a two-dimensional one')
  const offsets = args.offsets ?? torch.arange(0, input.numel(), input.shape[1]!, { dtype: 'int64', device: input.device })
  const flat = input.reshape([-1])
  if (maxNorm !== null) noGrad(() => torch.embeddingRenorm_(weight.detach(), flat, maxNorm, normType))
  const weights = perSampleWeights?.reshape([-1]) ?? null
  const row = paddingRow('embeddingBag', paddingIdx, weight)
  const code = BAG_MODES.indexOf(mode)
  return torch.embeddingBag(weight, flat, offsets, scaleGradByFreq, code, sparse, weights, includeLastOffset, row)[0]
}

interface OneHotArguments {
  readonly input: Tensor
  readonly numClasses: number
}

export interface OneHotOptions {
  /** Default −1: the largest class plus one. */
  numClasses?: Int | null | undefined
}

const oneHotSignature = declare<OneHotArguments>('oneHot', 'input:T', 'num_classes:i=-1')

/**
 * One-hot vectors of `numClasses` elements for classes.
 *
 * @param numClasses - Default −1: the largest class plus one.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
 */
export function oneHot(input: Tensor, numClasses?: Int | null): Tensor
export function oneHot(input: Tensor, options: OneHotOptions): Tensor
export function oneHot(options: OneHotOptions & { input: Tensor }): Tensor
export function oneHot(...given: unknown[]): Tensor {
  const { input, numClasses } = read(oneHotSignature, given)
  expectIndices('oneHot', 'input', input)
  return generated.oneHot(input, numClasses)
}
