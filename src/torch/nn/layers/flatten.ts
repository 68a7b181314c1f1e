import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import { functionLayer } from './layer'

/**
 * Joins the dimensions from `startDim` to `endDim`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html
 * @example
 * new torch.nn.Flatten().call(torch.ones([2, 3, 4])).shape // [2, 12]
 */
export class Flatten extends functionLayer(layers.Flatten, torch.flatten, { shows: 'startDim endDim' }) {}

/**
 * Splits one dimension into several.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Unflatten.html
 * @example
 * new torch.nn.Unflatten(1, [2, 3]).call(torch.ones([4, 6])).shape // [4, 2, 3]
 */
export class Unflatten extends functionLayer(layers.Unflatten, torch.unflatten, { shows: 'dim unflattenedSize' }) {}
