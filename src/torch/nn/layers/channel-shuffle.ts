import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import { functionLayer } from './layer'

/**
 * Mixes the channels of `groups` groups.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
 * @example
 * new torch.nn.ChannelShuffle(2).call(torch.arange(4).reshape([1, 4, 1, 1])).flatten().tolist() // [0, 2, 1, 3]
 */
export class ChannelShuffle extends functionLayer(layers.ChannelShuffle, torch.channelShuffle, { shows: 'groups' }) {}
