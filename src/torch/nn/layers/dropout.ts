import * as declared from '../../generated/declared/nn-functional-signatures'
import * as layers from '../../generated/declared/nn-layers'
import * as body from '../functional/dropout'
import { functionLayer } from './layer'

/**
 * Zeroes elements with probability `p` in training, and scales the others up so that the mean stays.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 * @example
 * new torch.nn.Dropout(0.2).eval().call(torch.ones([3])).flatten().tolist() // [1, 1, 1]
 */
export class Dropout extends functionLayer(layers.Dropout, declared.dropout, body.dropout, { shows: 'p inplace' }) {}

/**
 * Zeroes whole channels of [N, C, L] or [C, L] with probability `p` in training.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html
 * @example
 * new torch.nn.Dropout1d(0.2).eval().call(torch.ones([1, 3])).flatten().tolist() // [1, 1, 1]
 */
export class Dropout1d extends functionLayer(layers.Dropout1d, declared.dropout1d, body.dropout1d, { shows: 'p inplace' }) {}

/**
 * Zeroes whole channels of [N, C, H, W] with probability `p` in training.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html
 * @example
 * new torch.nn.Dropout2d(0.2).eval().call(torch.ones([1, 1, 1, 3])).flatten().tolist() // [1, 1, 1]
 */
export class Dropout2d extends functionLayer(layers.Dropout2d, declared.dropout2d, body.dropout2d, { shows: 'p inplace' }) {}

/**
 * Zeroes whole channels of [N, C, D, H, W] or [C, D, H, W] with probability `p` in training.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html
 * @example
 * new torch.nn.Dropout3d(0.2).eval().call(torch.ones([1, 1, 1, 3])).flatten().tolist() // [1, 1, 1]
 */
export class Dropout3d extends functionLayer(layers.Dropout3d, declared.dropout3d, body.dropout3d, { shows: 'p inplace' }) {}

/**
 * Dropout that keeps mean and variance of selu's activations.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html
 * @example
 * new torch.nn.AlphaDropout(0.2).eval().call(torch.ones([3])).flatten().tolist() // [1, 1, 1]
 */
export class AlphaDropout extends functionLayer(layers.AlphaDropout, declared.alphaDropout, body.alphaDropout, { shows: 'p inplace' }) {}

/**
 * Alpha dropout of whole channels.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html
 * @example
 * new torch.nn.FeatureAlphaDropout(0.2).eval().call(torch.ones([1, 1, 3])).flatten().tolist() // [1, 1, 1]
 */
export class FeatureAlphaDropout extends functionLayer(layers.FeatureAlphaDropout, declared.featureAlphaDropout, body.featureAlphaDropout, {
  shows: 'p inplace',
}) {}
