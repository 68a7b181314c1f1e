import { expectIndices, taken } from '../../call/arguments'
import { ArgumentError } from '../../../native'
import { noGrad } from '../../autograd'
import type { Given } from '../../call/named'
import * as torch from '../../generated/functions'
import * as generated from '../../generated/nn-functions'
import type { Int } from '../../dtype'
import type { Tensor } from '../../tensor'

interface InputWeight {
  readonly input: Tensor
  readonly weight: Tensor
}

const INPUT_WEIGHT = ['input', 'weight'] as const

export interface EmbeddingOptions {
  /** The row that gets no gradient. */
  paddingIdx?: number
  /** Rows that are read and longer than this are shortened to it, in the weight itself. */
  maxNorm?: number
  /** The order of that norm; default: 2. */
  normType?: number
  /** Divides gradients by how often their row was read. */
  scaleGradByFreq?: boolean
  /** Makes the weight's gradient sparse. */
  sparse?: boolean
}

const EMBEDDING = ['paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq', 'sparse'] as const

/**
 * The rows of `weight` [rows, features] that `input` names.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
 */
export function embedding(input: Tensor, weight: Tensor, ...given: Given<EmbeddingOptions, typeof EMBEDDING>): Tensor
export function embedding(...given: unknown[]): Tensor {
  const {
    input,
    weight,
    paddingIdx,
    maxNorm,
    normType = 2,
    scaleGradByFreq = false,
    sparse = false,
  } = taken<InputWeight, EmbeddingOptions>('embedding', INPUT_WEIGHT, EMBEDDING, given)
  expectIndices('embedding', 'input', input)
  if (maxNorm !== undefined) noGrad(() => torch.embeddingRenorm_(weight.detach(), input.contiguous(), maxNorm, normType))
  return torch.embedding(weight, input, paddingRow('embedding', paddingIdx, weight), scaleGradByFreq, sparse)
}

/** The row counted from the front; −1 for none. */
function paddingRow(call: string, index: number | undefined, weight: Tensor): number {
  if (index === undefined) return -1
  const rows = weight.shape[0]!
  if (index >= rows || index < -rows) throw new ArgumentError(`${call}(): paddingIdx ${index} is out of range for ${rows} rows`)
  return index < 0 ? rows + index : index
}

export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** Where each bag begins in a flat `input`. */
  offsets?: Tensor
  /** Default: 'mean'. */
  mode?: 'sum' | 'mean' | 'max'
  /** A factor for every element of `input`; mode 'sum' only. */
  perSampleWeights?: Tensor
  /** The last offset is the end instead of a bag's beginning. */
  includeLastOffset?: boolean
}

const EMBEDDING_BAG = [
  'offsets',
  'maxNorm',
  'normType',
  'scaleGradByFreq',
  'mode',
  'sparse',
  'perSampleWeights',
  'includeLastOffset',
  'paddingIdx',
] as const
const BAG_MODES: readonly string[] = ['sum', 'mean', 'max']

/**
 * Sums, means or maxima of rows of `weight` over bags: the rows of a two-dimensional `input`, or stretches of a flat one.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
 */
export function embeddingBag(input: Tensor, weight: Tensor, ...given: Given<EmbeddingBagOptions, typeof EMBEDDING_BAG>): Tensor
export function embeddingBag(...given: unknown[]): Tensor {
  const options = taken<InputWeight, EmbeddingBagOptions>('embeddingBag', INPUT_WEIGHT, EMBEDDING_BAG, given)
  const {
    input,
    weight,
    maxNorm,
    normType = 2,
    scaleGradByFreq = false,
    mode = 'mean',
    sparse = false,
    perSampleWeights,
    includeLastOffset = false,
    paddingIdx,
  } = options
  expectIndices('embeddingBag', 'input', input)
  const modeCode = BAG_MODES.indexOf(mode)
  if (modeCode < 0) throw new ArgumentError(`embeddingBag(): unknown mode '${mode}': expected one of ${BAG_MODES.join(', ')}`)
  if (perSampleWeights !== undefined && mode !== 'sum')
    throw new ArgumentError(`embeddingBag(): perSampleWeights go with mode 'sum', not '${mode}'`)
  if ((input.dim() === 1) !== (options.offsets !== undefined))
    throw new ArgumentError('embeddingBag(): a flat input needs offsets, a two-dimensional one has none')
  const offsets = options.offsets ?? torch.arange(0, input.numel(), input.shape[1]!, { dtype: 'int64', device: input.device })
  const flat = input.reshape([-1])
  if (maxNorm !== undefined) noGrad(() => torch.embeddingRenorm_(weight.detach(), flat, maxNorm, normType))
  const weights = perSampleWeights === undefined ? null : perSampleWeights.reshape([-1])
  const row = paddingIdx === undefined ? null : paddingRow('embeddingBag', paddingIdx, weight)
  return torch.embeddingBag(weight, flat, offsets, scaleGradByFreq, modeCode, sparse, weights, includeLastOffset, row)[0]
}

export interface OneHotOptions {
  /** Default: the largest class plus one. */
  numClasses?: Int
}

const ONE_HOT = ['numClasses'] as const

/** Classes as rows of `numClasses` zeros with a one. */
export function oneHot(input: Tensor, ...given: Given<OneHotOptions, typeof ONE_HOT>): Tensor
export function oneHot(...given: unknown[]): Tensor {
  const { input, numClasses = -1 } = taken<{ input: Tensor }, OneHotOptions>('oneHot', ['input'], ONE_HOT, given)
  expectIndices('oneHot', 'input', input)
  return generated.oneHot(input, numClasses)
}
