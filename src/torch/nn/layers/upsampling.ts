import type { DeclaredClass } from '../../call/declared'
import * as layers from '../../generated/declared/nn-layers'
import type { Tensor } from '../../tensor/tensor'
import * as F from '../functional'
import { functionLayer, layer, type Layer } from './layer'

/** The base of an upsampling in one mode. */
function upsampling<Arguments, Constructor>(signature: DeclaredClass<Arguments, Constructor>, mode: 'nearest' | 'bilinear'): Constructor {
  const base = layer(signature) as unknown as abstract new (...given: unknown[]) => Layer & layers.UpsamplingNearest2dArguments
  abstract class Upsampling extends base {
    override forward(input: Tensor): Tensor {
      const { size, scaleFactor } = this
      return F.interpolate(input, { size, scaleFactor, mode, alignCorners: mode === 'bilinear' ? true : null } as never)
    }

    override extraRepr(): string {
      return `${this.shown(this.scaleFactor === null ? 'size' : 'scaleFactor')}, mode='${mode}'`
    }
  }
  return Upsampling as unknown as Constructor
}

/**
 * Enlarges [N, C, …spatial] to `size` or by `scaleFactor`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html
 * @example
 * new torch.nn.Upsample({ scaleFactor: 2 }).call(torch.ones([1, 1, 3, 3])).shape // [1, 1, 6, 6]
 */
export class Upsample extends functionLayer(layers.Upsample, F.interpolate) {
  override extraRepr(): string {
    return this.shown(`${this.scaleFactor === null ? 'size' : 'scaleFactor'} mode`)
  }
}

/**
 * Enlarges [N, C, H, W] by repeating the nearest values.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.UpsamplingNearest2d.html
 * @example
 * new torch.nn.UpsamplingNearest2d({ scaleFactor: 2 }).call(torch.ones([1, 1, 3, 3])).shape // [1, 1, 6, 6]
 */
export class UpsamplingNearest2d extends upsampling(layers.UpsamplingNearest2d, 'nearest') {}

/**
 * Enlarges [N, C, H, W] bilinearly, corners on corners.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.UpsamplingBilinear2d.html
 * @example
 * new torch.nn.UpsamplingBilinear2d({ size: 5 }).call(torch.ones([1, 1, 3, 3])).shape // [1, 1, 5, 5]
 */
export class UpsamplingBilinear2d extends upsampling(layers.UpsamplingBilinear2d, 'bilinear') {}
