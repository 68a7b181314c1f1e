import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import { functionLayer } from './layer'

/**
 * The cosine of the angle between vectors along `dim`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html
 * @example
 * new torch.nn.CosineSimilarity().call(torch.ones([1, 2]), torch.ones([1, 2])).shape // [1]
 */
export class CosineSimilarity extends functionLayer(layers.CosineSimilarity, torch.cosineSimilarity) {}

/**
 * The p-norm of the difference of vectors along the last dimension.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html
 * @example
 * new torch.nn.PairwiseDistance().call(torch.ones([3, 2]), torch.zeros([3, 2])).shape // [3]
 */
export class PairwiseDistance extends functionLayer(layers.PairwiseDistance, torch.pairwiseDistance) {}
