import { ArgumentError, native } from '../native'
import { isTensor, wrap } from './base'
import { isComplexDtype, isFloatingDtype, type DType, type Int } from './dtype'
import * as generated from './generated/functions'
import type { Tensor } from './tensor'

/** Splits a tensor into chunks of a size, or of the sizes given. */
export function split(input: Tensor, sizes: Int | readonly Int[], dim = 0): Tensor[] {
  return Array.isArray(sizes) ? input.split(sizes as readonly Int[], dim) : input.split(sizes as Int, dim)
}

let einsumCall: ((...args: unknown[]) => unknown) | undefined

/**
 * Sums products of elements along the dimensions that the equation names.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.einsum.html
 * @example
 * torch.einsum('ij,jk->ik', torch.ones([2, 3]), torch.ones([3, 2])).tolist() // [[3, 3], [3, 3]]
 */
export function einsum(equation: string, ...operands: (Tensor | readonly Tensor[])[]): Tensor {
  einsumCall ??= native.operator('aten::einsum', '')
  const tensors = operands.flat() as Tensor[]
  return wrap(einsumCall(equation, tensors.map((operand) => operand._h)))
}

/**
 * A vector or matrix norm.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.norm.html
 */
export function norm(input: Tensor, p: number | 'fro' = 'fro', dim: Int | readonly Int[] | null = null, options: { keepdim?: boolean; dtype?: DType } = {}): Tensor {
  if (!isTensor(input)) throw new ArgumentError('norm() takes a Tensor')
  const order = p === 'fro' ? 2 : p
  const { keepdim = false, dtype } = options
  vectorNormCall ??= native.operator('aten::linalg_vector_norm', '')
  return wrap(vectorNormCall(input._h, order, typeof dim === 'number' || typeof dim === 'bigint' ? [dim] : dim, keepdim, dtype ?? null))
}

let vectorNormCall: ((...args: unknown[]) => unknown) | undefined

export function isFloatingPoint(input: Tensor): boolean {
  return isFloatingDtype(input.dtype)
}

export function isComplex(input: Tensor): boolean {
  return isComplexDtype(input.dtype)
}

/** The tensor with every dimension of size one in `shape`, broadcast together. */
export function broadcastTensors(...tensors: Tensor[]): Tensor[] {
  return generated.broadcastTensors(tensors)
}

export function meshgrid(tensors: readonly Tensor[], options: { indexing?: 'ij' | 'xy' } = {}): Tensor[] {
  return generated.meshgrid(tensors, { indexing: options.indexing ?? 'ij' })
}
