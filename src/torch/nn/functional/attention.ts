import { ArgumentError } from '../../../native'
import { misfit } from '../../call/errors'
import * as torch from '../../generated/functions'
import type * as declared from '../../generated/declared/nn-functional-signatures'
import * as generated from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'
import { dropout } from './dropout'

const CALL = 'multiHeadAttentionForward'

/**
 * Multi-head attention of queries [L, N, E] over keys and values [S, N, E] (or all without N): the output and the attention weights.
 *
 * The projections of queries, keys and values are stacked in `inProjWeight` [3 · E, E], or separate with `useSeparateProjWeight`.
 * Boolean masks exclude pairs where they are true, others are added to the scores: `keyPaddingMask` [N, S], `attnMask` [L, S] or
 * [N · heads, L, S]. `isCausal` hints that `attnMask` is the causal mask. The weights are null with `needWeights: false`, and averaged over
 * the heads with `averageAttnWeights`. If query, key and value are the same tensor, one matrix product projects all three.
 *
 * @throws ArgumentError for shapes that do not fit and for missing weights.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
 */
export function multiHeadAttentionForward(args: declared.MultiHeadAttentionForwardArguments): [output: Tensor, weights: Tensor | null] {
  const { query, key, value, embedDimToCheck, numHeads, biasK, biasV, keyPaddingMask, attnMask, needWeights } = args
  const isBatched = query.dim() === 3
  const batched = (tensor: Tensor): Tensor => (isBatched ? tensor : tensor.unsqueeze(1))
  const inputs = [query, key, value].map(batched) as [Tensor, Tensor, Tensor]
  const [length, batch, features] = inputs[0].shape as [number, number, number]
  if (features !== embedDimToCheck) throw misfit(CALL, 'query', `${embedDimToCheck} features`, query)
  const width = Math.floor(features / numHeads)
  if (width * numHeads !== features) throw misfit(CALL, 'numHeads', `a divisor of the ${features} features`, numHeads)

  let padding = keyPaddingMask === null ? null : additive(isBatched ? keyPaddingMask : keyPaddingMask.unsqueeze(0), query)
  let isCausal = args.isCausal
  if (isCausal && attnMask === null) throw misfit(CALL, 'attnMask', 'a Tensor where isCausal is true', attnMask)
  // The kernel makes the causal mask itself if nothing else is masked.
  let mask = attnMask === null || (isCausal && padding === null && !needWeights) ? null : additive(attnMask, query)
  if (padding !== null && mask !== null) isCausal = false
  if (mask?.dim() === 2) mask = mask.unsqueeze(0)

  const [q, projectedK, projectedV] = project(inputs, args)
  let k = projectedK
  let v = projectedV
  const widen = () => {
    if (mask !== null) mask = generated.pad(mask, [0, 1])
    if (padding !== null) padding = generated.pad(padding, [0, 1])
  }
  if ((biasK === null) !== (biasV === null)) throw new ArgumentError(`${CALL}(): expected biasK and biasV together`)
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
  k = args.staticK ?? heads(k)
  v = args.staticV ?? heads(v)
  if (args.addZeroAttn) {
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
  const p = args.training ? args.dropoutP : 0
  const finish = (flat: Tensor): Tensor => {
    const output = generated.linear(flat, args.outProjWeight, args.outProjBias)
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
  const weights = args.averageAttnWeights ? perHead.mean([1]) : perHead
  return [output, isBatched ? weights : weights.squeeze(0)]
}

/** A mask that is added to scores, from a boolean one. */
function additive(mask: Tensor, like: Tensor): Tensor {
  if (mask.dtype !== 'bool') return mask
  return torch.zerosLike(mask, { dtype: like.dtype }).maskedFill_(mask, -Infinity)
}

function project(
  [query, key, value]: readonly [Tensor, Tensor, Tensor],
  args: declared.MultiHeadAttentionForwardArguments,
): readonly [Tensor, Tensor, Tensor] {
  const { inProjWeight: weight, inProjBias: bias, qProjWeight, kProjWeight, vProjWeight } = args
  if (args.useSeparateProjWeight) {
    if (qProjWeight === null || kProjWeight === null || vProjWeight === null)
      throw new ArgumentError(`${CALL}(): expected qProjWeight, kProjWeight and vProjWeight with useSeparateProjWeight`)
    const [q = null, k = null, v = null] = bias?.chunk(3) ?? []
    return [generated.linear(query, qProjWeight, q), generated.linear(key, kProjWeight, k), generated.linear(value, vProjWeight, v)]
  }
  if (weight === null) throw misfit(CALL, 'inProjWeight', 'a Tensor without useSeparateProjWeight', weight)
  if (key !== value) {
    const weights = weight.chunk(3)
    const [q = null, k = null, v = null] = bias?.chunk(3) ?? []
    return [generated.linear(query, weights[0]!, q), generated.linear(key, weights[1]!, k), generated.linear(value, weights[2]!, v)]
  }
  const features = query.size(-1)
  if (query === key) return packed(query, weight, bias, 3) as [Tensor, Tensor, Tensor]
  const [queryWeight, restWeight] = weight.split([features, 2 * features])
  const [queryBias = null, restBias = null] = bias?.split([features, 2 * features]) ?? []
  const [k, v] = packed(key, restWeight!, restBias, 2)
  return [generated.linear(query, queryWeight!, queryBias), k!, v!]
}

/** `count` projections of one input by one matrix product, which sums gradients in the same order as Python. */
function packed(input: Tensor, weight: Tensor, bias: Tensor | null, count: number): Tensor[] {
  return generated
    .linear(input, weight, bias)
    .unflatten(-1, [count, input.size(-1)])
    .unsqueeze(0)
    .transpose(0, -2)
    .squeeze(-2)
    .contiguous()
    .unbind(0)
}
