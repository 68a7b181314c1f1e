import { callAten } from '../call/resolve'
import type * as declared from '../generated/declared/functional-signatures'
import * as linalg from '../generated/linalg'
import type { Tensor } from '../tensor/tensor'

/**
 * A vector's or a matrix's norm of the order `p`: a number, 'fro' (2) or 'nuc' (the sum of a matrix's singular values).
 *
 * `dim` defaults to all dimensions; `dtype` is the type to compute in.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.norm.html
 * @example
 * torch.norm(torch.tensor([3, 4])).item() // 5
 */
export function norm({ input, p, dim, keepdim, dtype }: declared.NormArguments): Tensor {
  const dims = typeof dim === 'number' ? [dim] : dim
  if (p === 'nuc' || (p === 'fro' && dims !== null && dims.length > 2))
    return linalg.matrixNorm(input, p, dims ?? input.shape.map((_, i) => i), keepdim, { dtype })
  return callAten('linalg_vector_norm', '', input, p === 'fro' || p === null ? 2 : p, dims, keepdim, dtype)
}

const CDIST_MODES = ['use_mm_for_euclid_dist_if_necessary', 'use_mm_for_euclid_dist', 'donot_use_mm_for_euclid_dist'] as const

/**
 * The distances of order `p` between the rows of [B, P, M] and of [B, R, M]: [B, P, R].
 *
 * `computeMode` chooses whether p = 2 is computed by matrix products; by default it is for more than 25 rows.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.cdist.html
 * @example
 * torch.cdist(torch.zeros([1, 2]), torch.tensor([[3, 4]])).tolist() // [[5]]
 */
export function cdist({ x1, x2, p, computeMode }: declared.CdistArguments): Tensor {
  return callAten('cdist', '', x1, x2, p, CDIST_MODES.indexOf(computeMode) || null)
}
