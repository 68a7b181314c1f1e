import { aten } from '../call/aten'
import { expectTensor } from '../call/expected'
import { ArgumentError } from '../../native'
import { isTensor, wrap } from '../tensor/base'
import { describe } from '../call/describe'
import { type Given, named } from '../call/named'
import type { Int } from '../tensor/dtype'
import * as generated from '../generated/functions'
import type { Tensor } from '../tensor/tensor'
import { type Tensors, listed } from './lists'

/**
 * Sums products of elements along the dimensions that the equation names.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.einsum.html
 * @example
 * torch.einsum('ij,jk->ik', torch.ones([2, 3]), torch.ones([3, 2])).tolist() // [[3, 3], [3, 3]]
 */
export function einsum(equation: string, ...operands: Tensors): Tensor {
  if (typeof equation !== 'string')
    throw new ArgumentError(`einsum() takes an equation such as 'ij,jk->ik' first but received ${describe(equation)}`)
  return wrap(
    aten('einsum')(
      equation,
      listed('einsum', operands).map((operand) => operand._h),
    ),
  )
}

export interface TensordotOptions {
  /** How many dimensions to sum over, or which of each; default: 2. */
  dims?: Int | readonly (readonly Int[])[] | Tensor
}

const TENSORDOT = ['dims'] as const

/**
 * Sums products over the last dimensions of `a` and the first of `b`, or over those named.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.tensordot.html
 */
export function tensordot(a: Tensor, b: Tensor, ...given: Given<TensordotOptions, typeof TENSORDOT>): Tensor {
  expectTensor('tensordot', a, 'a')
  expectTensor('tensordot', b, 'b')
  const { dims: wanted = 2 } = named<TensordotOptions>('tensordot', TENSORDOT, given)
  const dims = isTensor(wanted) ? (wanted.numel() === 1 ? wanted.item() : (wanted.tolist() as Int[][])) : wanted
  if (typeof dims === 'object') {
    const [left, right] = dims
    if (left === undefined || right === undefined) throw new ArgumentError('tensordot(): dims names dimensions of both tensors, [[…], […]]')
    return generated.tensordot(a, b, left, right)
  }
  const count = Number(dims)
  if (!(count >= 0 && count <= Math.min(a.dim(), b.dim())))
    throw new ArgumentError(`tensordot(): dims must lie in 0 … ${Math.min(a.dim(), b.dim())} but is ${count}`)
  const range = Array.from({ length: count }, (_, i) => i)
  return generated.tensordot(
    a,
    b,
    range.map((i) => i - count),
    range,
  )
}

export interface LuOptions {
  /** Default: true. */
  pivot?: boolean
  /** Gives 0, or the first zero pivot, instead of an error. */
  getInfos?: boolean
}

/** @internal */
export const LU = ['pivot', 'getInfos'] as const

/**
 * The LU factorisation in compact form: `[LU, pivots]`, with `getInfos` `[LU, pivots, infos]`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.lu.html
 */
export function lu(input: Tensor, ...given: Given<LuOptions, typeof LU>): Tensor[] {
  expectTensor('lu', input)
  const { pivot = true, getInfos = false } = named<LuOptions>('lu', LU, given)
  const results = aten('_lu_with_info')(input._h, pivot, !getInfos) as unknown[]
  return (getInfos ? results : results.slice(0, 2)).map(wrap)
}

/** The product of a sparse and a dense matrix; of two dense ones too. */
export function spmm(input: Tensor, mat2: Tensor): Tensor {
  expectTensor('spmm', input)
  expectTensor('spmm', mat2, 'mat2')
  return generated.mm(input, mat2)
}
