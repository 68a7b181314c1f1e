import * as layers from '../../generated/declared/nn-layers'
import * as F from '../functional'
import { functionLayer, type FunctionDetails } from './layer'

type Scale = Pick<layers.UpsampleArguments, 'size' | 'scaleFactor'>

const upsampling: FunctionDetails<Scale> = {
  shows: ({ scaleFactor }: Scale) => `${scaleFactor === null ? 'size' : 'scaleFactor'} mode`,
}

const inMode = (mode: string, alignCorners: boolean | null): FunctionDetails<Scale> => ({
  ...upsampling,
  takes: 'size scaleFactor mode alignCorners',
  prepare: () => ({ mode, alignCorners }),
})

/**
 * Enlarges [N, C, …spatial] to `size` or by `scaleFactor`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html
 * @example
 * new torch.nn.Upsample({ scaleFactor: 2 }).call(torch.ones([1, 1, 3, 3])).shape // [1, 1, 6, 6]
 */
export class Upsample extends functionLayer(layers.Upsample, F.interpolate, upsampling) {}

/**
 * Enlarges [N, C, H, W] by repeating the nearest values.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.UpsamplingNearest2d.html
 * @example
 * new torch.nn.UpsamplingNearest2d({ scaleFactor: 2 }).call(torch.ones([1, 1, 3, 3])).shape // [1, 1, 6, 6]
 */
export class UpsamplingNearest2d extends functionLayer(layers.UpsamplingNearest2d, F.interpolate, inMode('nearest', null)) {}

/**
 * Enlarges [N, C, H, W] bilinearly, corners on corners.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.UpsamplingBilinear2d.html
 * @example
 * new torch.nn.UpsamplingBilinear2d({ size: 5 }).call(torch.ones([1, 1, 3, 3])).shape // [1, 1, 5, 5]
 */
export class UpsamplingBilinear2d extends functionLayer(layers.UpsamplingBilinear2d, F.interpolate, inMode('bilinear', true)) {}
