import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import type { Tensor } from '../../tensor/tensor'
import * as F from '../functional'
import { functionLayer, layer } from './layer'

/**
 * Joins the dimensions from `startDim` to `endDim`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html
 * @example
 * new torch.nn.Flatten().call(torch.ones([2, 3, 4])).shape // [2, 12]
 */
export class Flatten extends functionLayer(layers.Flatten, torch.flatten) {
  override extraRepr(): string {
    return this.shown('startDim endDim')
  }
}

/**
 * Splits one dimension into several.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Unflatten.html
 * @example
 * new torch.nn.Unflatten(1, [2, 3]).call(torch.ones([4, 6])).shape // [4, 2, 3]
 */
export class Unflatten extends layer(layers.Unflatten) {
  override forward(input: Tensor): Tensor {
    return input.unflatten(this.dim, this.unflattenedSize)
  }

  override extraRepr(): string {
    return this.shown('dim unflattenedSize')
  }
}

/**
 * Sums the columns of `Unfold` back to an image: [N, C · kernel, L] to [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Fold.html
 * @example
 * new torch.nn.Fold([3, 3], 2).call(torch.ones([1, 4, 4])).shape // [1, 1, 3, 3]
 */
export class Fold extends functionLayer(layers.Fold, F.fold) {
  override extraRepr(): string {
    return this.shown('outputSize kernelSize dilation padding stride')
  }
}

/**
 * The windows of [N, C, H, W] as columns: [N, C · kernel, L].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html
 * @example
 * new torch.nn.Unfold(2).call(torch.ones([1, 1, 3, 3])).shape // [1, 4, 4]
 */
export class Unfold extends functionLayer(layers.Unfold, F.unfold) {
  override extraRepr(): string {
    return this.shown('kernelSize dilation padding stride')
  }
}

/**
 * Lays groups of `upscaleFactor`² channels out as pixels: [N, C · r², H, W] to [N, C, H · r, W · r].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
 * @example
 * new torch.nn.PixelShuffle(2).call(torch.ones([1, 4, 3, 3])).shape // [1, 1, 6, 6]
 */
export class PixelShuffle extends functionLayer(layers.PixelShuffle, torch.pixelShuffle) {
  override extraRepr(): string {
    return this.shown('upscaleFactor')
  }
}

/**
 * The inverse of `PixelShuffle`: [N, C, H · r, W · r] to [N, C · r², H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
 * @example
 * new torch.nn.PixelUnshuffle(2).call(torch.ones([1, 1, 6, 6])).shape // [1, 4, 3, 3]
 */
export class PixelUnshuffle extends functionLayer(layers.PixelUnshuffle, torch.pixelUnshuffle) {
  override extraRepr(): string {
    return this.shown('downscaleFactor')
  }
}

/**
 * Mixes the channels of `groups` groups.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
 * @example
 * new torch.nn.ChannelShuffle(2).call(torch.arange(4).reshape([1, 4, 1, 1])).flatten().tolist() // [0, 2, 1, 3]
 */
export class ChannelShuffle extends functionLayer(layers.ChannelShuffle, torch.channelShuffle) {
  override extraRepr(): string {
    return this.shown('groups')
  }
}
