import { expectTensor } from '../../call/expected'
import { ArgumentError } from '../../../native'
import * as torch from '../../generated/functions'
import * as generated from '../../generated/nn-functions'
import { type Given, named } from '../../call/named'
import type { Tensor } from '../../tensor'
import { dropout } from './dropout'

/** Weights of the projections into queries, keys and values: stacked in one matrix, or one each. */
export interface AttentionOptions {
  /** Applies dropout; default: true. */
  training?: boolean
  /** [N, S]: keys to leave out (bool), or what is added to their scores. */
  keyPaddingMask?: Tensor
  /** Gives the attention's weights too; default: true. */
  needWeights?: boolean
  /** [L, S] or [N · heads, L, S]: pairs to leave out (bool), or what is added to their scores. */
  attnMask?: Tensor
  useSeparateProjWeight?: boolean
  qProjWeight?: Tensor
  kProjWeight?: Tensor
  vProjWeight?: Tensor
  staticK?: Tensor
  staticV?: Tensor
  /** Means the weights over the heads; default: true. */
  averageAttnWeights?: boolean
  /** A hint that `attnMask` is the causal one. */
  isCausal?: boolean
}

const ATTENTION = [
  'training',
  'keyPaddingMask',
  'needWeights',
  'attnMask',
  'useSeparateProjWeight',
  'qProjWeight',
  'kProjWeight',
  'vProjWeight',
  'staticK',
  'staticV',
  'averageAttnWeights',
  'isCausal',
] as const

/**
 * Attention of `numHeads` heads of queries [L, N, E] over keys and values [S, N, E] (or each without N), and its weights.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
 */
export function multiHeadAttentionForward(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  embedDimToCheck: number,
  numHeads: number,
  inProjWeight: Tensor | null,
  inProjBias: Tensor | null,
  biasK: Tensor | null,
  biasV: Tensor | null,
  addZeroAttn: boolean,
  dropoutP: number,
  outProjWeight: Tensor,
  outProjBias: Tensor | null,
  ...given: Given<AttentionOptions, typeof ATTENTION>
): [output: Tensor, weights: Tensor | null] {
  expectTensor('multiHeadAttentionForward', query, 'query')
  expectTensor('multiHeadAttentionForward', key, 'key')
  expectTensor('multiHeadAttentionForward', value, 'value')
  const options = named<AttentionOptions>('multiHeadAttentionForward', ATTENTION, given)
  const { training = true, needWeights = true, averageAttnWeights = true } = options
  const isBatched = query.dim() === 3
  const batched = (tensor: Tensor): Tensor => (isBatched ? tensor : tensor.unsqueeze(1))
  const inputs = [query, key, value].map(batched) as [Tensor, Tensor, Tensor]
  const [length, batch, features] = inputs[0].shape as [number, number, number]
  if (features !== embedDimToCheck)
    throw new ArgumentError(`multiHeadAttentionForward(): expected ${embedDimToCheck} features but the query has ${features}`)
  const width = Math.floor(features / numHeads)
  if (width * numHeads !== features)
    throw new ArgumentError(`multiHeadAttentionForward(): ${features} features cannot be divided among ${numHeads} heads`)

  let padding =
    options.keyPaddingMask === undefined ? null : additive(isBatched ? options.keyPaddingMask : options.keyPaddingMask.unsqueeze(0), query)
  let isCausal = options.isCausal === true
  if (isCausal && options.attnMask === undefined) throw new ArgumentError('multiHeadAttentionForward(): isCausal needs attnMask')
  // The kernel knows the causal mask itself where nothing else is masked.
  let mask = options.attnMask === undefined || (isCausal && padding === null && !needWeights) ? null : additive(options.attnMask, query)
  if (padding !== null && mask !== null) isCausal = false
  if (mask?.dim() === 2) mask = mask.unsqueeze(0)

  const [q, projectedK, projectedV] = project(inputs, inProjWeight, inProjBias, options)
  let k = projectedK
  let v = projectedV
  const widen = () => {
    if (mask !== null) mask = generated.pad(mask, [0, 1])
    if (padding !== null) padding = generated.pad(padding, [0, 1])
  }
  if ((biasK === null) !== (biasV === null)) throw new ArgumentError('multiHeadAttentionForward() takes biasK and biasV together')
  if (biasK !== null && biasV !== null) {
    k = torch.cat([k, biasK.repeat([1, batch, 1])])
    v = torch.cat([v, biasV.repeat([1, batch, 1])])
    widen()
  }
  const heads = (tensor: Tensor): Tensor =>
    tensor
      .contiguous()
      .view([tensor.shape[0]!, batch * numHeads, width])
      .transpose(0, 1)
  const queries = heads(q)
  k = options.staticK ?? heads(k)
  v = options.staticV ?? heads(v)
  if (addZeroAttn) {
    const zeros = torch.zeros([batch * numHeads, 1, width], { dtype: k.dtype, device: k.device })
    k = torch.cat([k, zeros], 1)
    v = torch.cat([v, zeros], 1)
    widen()
  }
  const source = k.shape[1]!
  if (padding !== null) {
    const perHead: Tensor = (padding as Tensor)
      .view([batch, 1, 1, source])
      .expand([-1, numHeads, -1, -1])
      .reshape([batch * numHeads, 1, source])
    mask = mask === null ? perHead : (mask as Tensor).add(perHead)
  }
  const p = training ? dropoutP : 0
  const finish = (flat: Tensor): Tensor => {
    const output = generated.linear(flat, outProjWeight, outProjBias)
    const shaped = output.view([length, batch, output.shape[1]!])
    return isBatched ? shaped : shaped.squeeze(1)
  }

  if (!needWeights) {
    const fourth = (tensor: Tensor, size: number): Tensor => tensor.view([batch, numHeads, size, width])
    const whole =
      mask === null ? null : mask.shape[0] === 1 && mask.dim() === 3 ? mask.unsqueeze(0) : mask.view([batch, numHeads, -1, source])
    const attended = generated.scaledDotProductAttention(fourth(queries, length), fourth(k, source), fourth(v, source), whole, p, isCausal)
    return [finish(attended.permute([2, 0, 1, 3]).reshape([batch * length, features])), null]
  }
  const scaled = queries.mul(Math.sqrt(1 / width))
  const scores = mask === null ? torch.bmm(scaled, k.transpose(-2, -1)) : torch.baddbmm(mask, scaled, k.transpose(-2, -1))
  const soft = torch.softmax(scores, -1)
  const attention = p > 0 ? dropout({ input: soft, p, training: true, inplace: false }) : soft
  const output = finish(
    torch
      .bmm(attention, v)
      .transpose(0, 1)
      .reshape([length * batch, features]),
  )
  const perHead = attention.view([batch, numHeads, length, source])
  const weights = averageAttnWeights ? perHead.mean([1]) : perHead
  return [output, isBatched ? weights : weights.squeeze(0)]
}

/** A mask of booleans as what is added to scores. */
function additive(mask: Tensor, like: Tensor): Tensor {
  if (mask.dtype !== 'bool') return mask
  return torch.zerosLike(mask, { dtype: like.dtype }).maskedFill_(mask, -Infinity)
}

function project(
  [query, key, value]: readonly [Tensor, Tensor, Tensor],
  weight: Tensor | null,
  bias: Tensor | null,
  options: AttentionOptions,
): [Tensor, Tensor, Tensor] {
  const biases = bias === null ? [null, null, null] : bias.chunk(3)
  const separate = [options.qProjWeight, options.kProjWeight, options.vProjWeight]
  const weights = options.useSeparateProjWeight === true ? separate : weight?.chunk(3)
  if (weights === undefined || weights.some((one) => one === undefined)) {
    throw new ArgumentError(
      'multiHeadAttentionForward() needs inProjWeight, or useSeparateProjWeight with qProjWeight, kProjWeight and vProjWeight',
    )
  }
  return [query, key, value].map((input, i) => generated.linear(input, weights[i]!, biases[i]!)) as [Tensor, Tensor, Tensor]
}
