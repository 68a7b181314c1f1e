import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import * as F from '../functional'
import { ones_, zeros_ } from '../init'
import type { Parameter } from '../parameter'
import { expectMultiple, functionLayer } from './layer'

interface Affine {
  readonly weight: Parameter | null
  readonly bias?: Parameter | null
}

/** @internal The shapes of the scale and shift of a normalisation, false for those it lacks. */
export function affine(shape: readonly number[], scales: boolean, shifts: boolean): Record<'weight' | 'bias', readonly number[] | false> {
  return { weight: scales && shape, bias: scales && shifts && shape }
}

/** @internal Resets the scale to 1 and the shift to 0. */
export function resetAffine({ weight, bias = null }: Affine): void {
  if (weight !== null) ones_(weight)
  if (bias !== null) zeros_(bias)
}

/**
 * Normalises over the last dimensions, `normalizedShape`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
 * @example
 * new torch.nn.LayerNorm(2).call(torch.ones([1, 2])).tolist() // [[0, 0]]
 */
export class LayerNorm extends functionLayer(layers.LayerNorm, torch.layerNorm, {
  takes: 'normalizedShape weight bias eps',
  parameters: ({ normalizedShape, elementwiseAffine, bias }) => affine(normalizedShape, elementwiseAffine, bias),
  reset: resetAffine,
  shows: ':normalizedShape eps elementwiseAffine bias',
}) {}

/**
 * Normalises groups of channels of [N, C, …].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
 * @example
 * new torch.nn.GroupNorm(1, 2).call(torch.ones([1, 2, 3])).shape // [1, 2, 3]
 */
export class GroupNorm extends functionLayer(layers.GroupNorm, torch.groupNorm, {
  takes: 'numGroups weight bias eps',
  prepare: ({ numGroups, numChannels }) => expectMultiple('GroupNorm', { numChannels }, { numGroups }),
  parameters: ({ numChannels, affine: scales, bias }) => affine([numChannels], scales, bias),
  reset: resetAffine,
  shows: ':numGroups :numChannels eps affine bias',
}) {}

/**
 * Divides by the root mean square over the last dimensions, `normalizedShape`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
 * @example
 * new torch.nn.RMSNorm(2).call(torch.ones([1, 2])).shape // [1, 2]
 */
export class RMSNorm extends functionLayer(layers.RMSNorm, torch.rmsNorm, {
  takes: 'normalizedShape weight eps',
  parameters: ({ normalizedShape, elementwiseAffine }) => ({ weight: elementwiseAffine && normalizedShape }),
  reset: resetAffine,
  shows: ':normalizedShape eps elementwiseAffine',
}) {}

/**
 * Divides each channel by a mean of the squares of `size` channels around it.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
 * @example
 * new torch.nn.LocalResponseNorm(2).call(torch.ones([1, 3, 4])).shape // [1, 3, 4]
 */
export class LocalResponseNorm extends functionLayer(layers.LocalResponseNorm, F.localResponseNorm, { shows: ':size alpha beta k' }) {}
