import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import { functionLayer } from './layer'

/**
 * Lays groups of `upscaleFactor`² channels out as pixels: [N, C · r², H, W] to [N, C, H · r, W · r].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
 * @example
 * new torch.nn.PixelShuffle(2).call(torch.ones([1, 4, 3, 3])).shape // [1, 1, 6, 6]
 */
export class PixelShuffle extends functionLayer(layers.PixelShuffle, torch.pixelShuffle, { shows: 'upscaleFactor' }) {}

/**
 * The inverse of `PixelShuffle`: [N, C, H · r, W · r] to [N, C · r², H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
 * @example
 * new torch.nn.PixelUnshuffle(2).call(torch.ones([1, 1, 6, 6])).shape // [1, 4, 3, 3]
 */
export class PixelUnshuffle extends functionLayer(layers.PixelUnshuffle, torch.pixelUnshuffle, { shows: 'downscaleFactor' }) {}
