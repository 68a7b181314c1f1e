import { aten } from '../call/aten'
import { expectTensor } from '../call/expected'
import { ArgumentError } from '../../native'
import { isTensor, wrap } from '../tensor/base'
import { describe } from '../call/describe'
import { type Given, named } from '../call/named'
import type { Int, Scalar, DTypeLike } from '../tensor/dtype'
import * as linalg from '../generated/linalg'
import type { Tensor } from '../tensor/tensor'

export interface NormOptions {
  /** The order; 'fro' is 2, 'nuc' the sum of a matrix's singular values. Default: 'fro'. */
  p?: Scalar | 'fro' | 'nuc'
  /** Default: all dimensions. */
  dim?: Int | readonly Int[]
  keepdim?: boolean
  /** Computes in this type. */
  dtype?: DTypeLike | null
}

/** @internal */
export const NORM = ['p', 'dim', 'keepdim', 'dtype'] as const

let vectorNormCall: (...args: unknown[]) => unknown = (...args) => (vectorNormCall = aten('linalg_vector_norm'))(...args)

/**
 * A vector's or a matrix's norm.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.norm.html
 * @example
 * torch.norm(torch.tensor([3, 4])).item() // 5
 */
export function norm(input: Tensor, ...given: Given<NormOptions, typeof NORM>): Tensor {
  if (!isTensor(input)) throw new ArgumentError(`norm() takes a Tensor but received ${describe(input)}`)
  const { p = 'fro', dim, keepdim = false, dtype } = named<NormOptions>('norm', NORM, given)
  const dims = dim === undefined || Array.isArray(dim) ? (dim as readonly Int[] | undefined) : [dim as Int]
  if (p === 'nuc' || (p === 'fro' && dims !== undefined && dims.length > 2)) {
    return linalg.matrixNorm(input, p, dims ?? input.shape.map((_, i) => i), keepdim, { dtype: dtype ?? null })
  }
  if (typeof p === 'string' && p !== 'fro')
    throw new ArgumentError(`norm(): unknown order '${p as string}': expected a number, 'fro' or 'nuc'`)
  return wrap(vectorNormCall(input._h, p === 'fro' ? 2 : p, dims ?? null, keepdim, dtype ?? null))
}

export type CdistMode = 'use_mm_for_euclid_dist_if_necessary' | 'use_mm_for_euclid_dist' | 'donot_use_mm_for_euclid_dist'

export interface CdistOptions {
  /** The norm's order; default: 2. */
  p?: number
  /** Whether products of matrices may serve for p = 2; default: where there are more than 25 rows. */
  computeMode?: CdistMode
}

const CDIST = ['p', 'computeMode'] as const
const CDIST_MODES: readonly (string | null)[] = [
  'use_mm_for_euclid_dist_if_necessary',
  'use_mm_for_euclid_dist',
  'donot_use_mm_for_euclid_dist',
]
let cdistCall: (...args: unknown[]) => unknown = (...args) => (cdistCall = aten('cdist'))(...args)

/** The distances between the rows of [B, P, M] and of [B, R, M]: [B, P, R]. */
export function cdist(x1: Tensor, x2: Tensor, ...given: Given<CdistOptions, typeof CDIST>): Tensor {
  expectTensor('cdist', x1, 'x1')
  expectTensor('cdist', x2, 'x2')
  const { p = 2, computeMode } = named<CdistOptions>('cdist', CDIST, given)
  const mode = computeMode === undefined ? 0 : CDIST_MODES.indexOf(computeMode)
  if (mode < 0) throw new ArgumentError(`cdist(): unknown computeMode '${computeMode!}': expected one of ${CDIST_MODES.join(', ')}`)
  return wrap(cdistCall(x1._h, x2._h, p, mode === 0 ? null : mode))
}
