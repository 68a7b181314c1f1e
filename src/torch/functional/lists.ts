import { ArgumentError } from '../../native'
import { isTensor } from '../tensor/base'
import { misfit } from '../call/errors'
import { LONGEST_LIST } from '../call/kinds'
import * as generated from '../generated/functions'
import type { Tensor } from '../tensor/tensor'

/** Tensors one by one or in one array. */
export type Tensors = readonly Tensor[] | readonly [readonly Tensor[]]

/** @internal The tensors of both forms as one array. */
export function listed(call: string, name: string, tensors: Tensors): Tensor[] {
  const endless = (tensors as readonly unknown[]).find((list) => Array.isArray(list) && list.length > LONGEST_LIST)
  if (endless !== undefined) throw misfit(call, name, 'Tensors', endless)
  const flat = (tensors as readonly unknown[]).flat()
  const stray = flat.find((tensor) => !isTensor(tensor))
  if (flat.every(isTensor)) return flat
  throw misfit(call, name, 'Tensors', stray)
}

/** The tensors, broadcast to a common shape. */
export function broadcastTensors(...tensors: Tensors): Tensor[] {
  return generated.broadcastTensors(listed('broadcastTensors', 'tensors', tensors))
}

/**
 * The shape to which tensors of these shapes are broadcast.
 *
 * @throws ArgumentError if two sizes differ and neither is 1, and for a negative size.
 * @example
 * torch.broadcastShapes([2, 1], [3]) // [2, 3]
 */
export function broadcastShapes(...shapes: readonly (number | readonly number[])[]): number[] {
  const lists = shapes.map((shape) => (typeof shape === 'number' ? [shape] : shape))
  if (!lists.every((shape) => Array.isArray(shape) && shape.length <= 64 && shape.every(Number.isInteger))) {
    throw misfit('broadcastShapes', 'shapes', 'shapes, such as [2, 3]', shapes)
  }
  const negative = lists.flat().find((size) => size < 0)
  if (negative !== undefined) throw misfit('broadcastShapes', 'shapes', 'sizes from 0 on', negative)
  const length = Math.max(0, ...lists.map((shape) => shape.length))
  return Array.from({ length }, (_, i) => {
    const sizes = lists.map((shape) => shape[i - length + shape.length] ?? 1).filter((size) => size !== 1)
    if (sizes.some((size) => size !== sizes[0]))
      throw new ArgumentError(`the shapes ${lists.map((shape) => `[${shape.join(', ')}]`).join(' and ')} cannot be broadcast`)
    return sizes[0] ?? 1
  })
}

/** A matrix with the tensors along its diagonal, zeros elsewhere. */
export function blockDiag(...tensors: Tensors): Tensor {
  return generated.blockDiag(listed('blockDiag', 'tensors', tensors))
}

/** All tuples of one element of each vector: [tuples, vectors]. */
export function cartesianProd(...tensors: Tensors): Tensor {
  return generated.cartesianProd(listed('cartesianProd', 'tensors', tensors))
}

/**
 * Each vector's values as coordinates of a grid, one tensor per vector.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.meshgrid.html
 * @example
 * torch.meshgrid(torch.arange(2), torch.arange(3))[0].shape // [2, 3]
 */
export function meshgrid(...given: readonly [...tensors: Tensors, options: { readonly indexing?: 'ij' | 'xy' }] | Tensors): Tensor[] {
  const last = given.at(-1) as unknown
  const isNamed = typeof last === 'object' && last !== null && !Array.isArray(last) && !isTensor(last)
  const { indexing = 'ij' } = (isNamed ? last : {}) as { indexing?: string }
  if (indexing !== 'ij' && indexing !== 'xy') throw misfit('meshgrid', 'indexing', "'ij' or 'xy'", indexing)
  return generated.meshgrid(listed('meshgrid', 'tensors', (isNamed ? given.slice(0, -1) : given) as Tensors), { indexing })
}

type AtLeast = { (tensor: Tensor): Tensor; (...tensors: Tensors): Tensor[] }

function atLeast(call: string, kernel: { (input: Tensor): Tensor; (tensors: readonly Tensor[]): Tensor[] }): AtLeast {
  function run(tensor: Tensor): Tensor
  function run(...tensors: Tensors): Tensor[]
  function run(...tensors: Tensors): Tensor | Tensor[] {
    return tensors.length === 1 && isTensor(tensors[0]) ? kernel(tensors[0]) : kernel(listed(call, 'tensors', tensors))
  }
  return run
}

/** The tensor, or each of several, with at least one dimension. */
export const atleast1d = atLeast('atleast1d', generated.atleast1d)
/** The tensor, or each of several, with at least two dimensions. */
export const atleast2d = atLeast('atleast2d', generated.atleast2d)
/** The tensor, or each of several, with at least three dimensions. */
export const atleast3d = atLeast('atleast3d', generated.atleast3d)
