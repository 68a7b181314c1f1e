import { aten } from '../call/aten'
import { declared, read } from '../call/declared'
import { misfit } from '../call/errors'
import { isTensor, wrap } from '../tensor/base'
import type { Int } from '../tensor/dtype'
import type * as signatures from '../generated/declared/functional-signatures'
import * as generated from '../generated/functions'
import type { Tensor } from '../tensor/tensor'
import { type Tensors, listed } from './lists'

/**
 * Sums products of elements along the dimensions that the equation names.
 *
 * @param operands - Tensors, one by one or in one array.
 * @throws ArgumentError for what is no equation, and for operands that are no tensors; TorchError for sizes that do not fit.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.einsum.html
 * @example
 * torch.einsum('ij,jk->ik', torch.ones([2, 3]), torch.ones([3, 2])).tolist() // [[3, 3], [3, 3]]
 */
export function einsum(equation: string, ...operands: Tensors): Tensor {
  if (typeof equation !== 'string') throw misfit('einsum', 'equation', "an equation, such as 'ij,jk->ik'", equation)
  const handles = listed('einsum', 'operands', operands).map((operand) => operand._h)
  return wrap(aten('einsum')(equation, handles))
}

/**
 * Sums products over the last `dims` dimensions of `a` and the first of `b`, or over those that `dims` names of each: `[[…], […]]`.
 *
 * @throws ArgumentError for more dimensions than there are.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.tensordot.html
 * @example
 * torch.tensordot(torch.ones([2, 3]), torch.ones([3, 2]), 1).tolist() // [[3, 3], [3, 3]]
 */
export function tensordot({ a, b, dims: wanted }: signatures.TensordotArguments): Tensor {
  const dims = isTensor(wanted) ? (wanted.numel() === 1 ? Number(wanted.item()) : (wanted.tolist() as Int[][])) : wanted
  if (typeof dims === 'number') {
    const most = Math.min(a.dim(), b.dim())
    if (!(dims >= 0 && dims <= most)) throw misfit('tensordot', 'dims', `a whole number from 0 to ${most}`, dims)
    const range = Array.from({ length: dims }, (_, i) => i)
    const last = range.map((i) => i - dims)
    return generated.tensordot(a, b, last, range)
  }
  const [left, right] = dims as readonly (readonly Int[] | undefined)[]
  if (left === undefined || right === undefined) throw misfit('tensordot', 'dims', 'dimensions of both tensors, [[…], […]]', dims)
  return generated.tensordot(a, b, left, right)
}

/**
 * The LU factorisation in compact form: `[LU, pivots]`, with `getInfos` `[LU, pivots, infos]`.
 *
 * An info is 0 or the place of the first zero pivot, which is an error without `getInfos`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.lu.html
 * @example
 * torch.lu(torch.eye(2))[1].tolist() // [1, 2]
 */
export function lu({ input, pivot, getInfos }: signatures.LuArguments): Tensor[] {
  const results = aten('_lu_with_info')(input._h, pivot, !getInfos) as unknown[]
  return (getInfos ? results : results.slice(0, 2)).map(wrap)
}

const SPMM = declared<{ input: Tensor; mat2: Tensor }>('spmm', 'input:T', 'mat2:T')

/** The product of a sparse and a dense matrix; of two dense ones too. */
export function spmm(input: Tensor, mat2: Tensor): Tensor {
  read(SPMM, [input, mat2])
  return generated.mm(input, mat2)
}
