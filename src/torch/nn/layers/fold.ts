import * as layers from '../../generated/declared/nn-layers'
import * as F from '../functional'
import { functionLayer } from './layer'

/**
 * Sums the columns of `Unfold` back to an image: [N, C · kernel, L] to [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Fold.html
 * @example
 * new torch.nn.Fold([3, 3], 2).call(torch.ones([1, 4, 4])).shape // [1, 1, 3, 3]
 */
export class Fold extends functionLayer(layers.Fold, F.fold, { shows: 'outputSize kernelSize dilation padding stride' }) {}

/**
 * The windows of [N, C, H, W] as columns: [N, C · kernel, L].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html
 * @example
 * new torch.nn.Unfold(2).call(torch.ones([1, 1, 3, 3])).shape // [1, 4, 4]
 */
export class Unfold extends functionLayer(layers.Unfold, F.unfold, { shows: 'kernelSize dilation padding stride' }) {}
