import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import { convolution, transposed } from './convolution'

/**
 * A convolution over [N, inChannels, L]; weights [outChannels, inChannels / groups, k].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
 * @example
 * new torch.nn.Conv1d(2, 4, 3).call(torch.ones([1, 2, 5])).shape // [1, 4, 3]
 */
export class Conv1d extends convolution(layers.Conv1d, torch.conv1d) {}

/**
 * A convolution over [N, inChannels, H, W]; weights [outChannels, inChannels / groups, kH, kW].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 * @example
 * new torch.nn.Conv2d(2, 4, 3).call(torch.ones([1, 2, 5, 5])).shape // [1, 4, 3, 3]
 */
export class Conv2d extends convolution(layers.Conv2d, torch.conv2d) {}

/**
 * A convolution over [N, inChannels, D, H, W]; weights [outChannels, inChannels / groups, kD, kH, kW].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv3d.html
 * @example
 * new torch.nn.Conv3d(2, 4, 3).call(torch.ones([1, 2, 5, 5, 5])).shape // [1, 4, 3, 3, 3]
 */
export class Conv3d extends convolution(layers.Conv3d, torch.conv3d) {}

/**
 * The gradient of a convolution over [N, inChannels, L]; weights [inChannels, outChannels / groups, k].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
 * @example
 * new torch.nn.ConvTranspose1d(2, 4, 3, { stride: 2 }).call(torch.ones([1, 2, 5])).shape // [1, 4, 11]
 */
export class ConvTranspose1d extends transposed(layers.ConvTranspose1d, torch.convTranspose1d) {}

/**
 * The gradient of a convolution over [N, inChannels, H, W]; weights [inChannels, outChannels / groups, kH, kW].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
 * @example
 * new torch.nn.ConvTranspose2d(2, 4, 3, { stride: 2 }).call(torch.ones([1, 2, 5, 5])).shape // [1, 4, 11, 11]
 */
export class ConvTranspose2d extends transposed(layers.ConvTranspose2d, torch.convTranspose2d) {}

/**
 * The gradient of a convolution over [N, inChannels, D, H, W]; weights [inChannels, outChannels / groups, kD, kH, kW].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html
 * @example
 * new torch.nn.ConvTranspose3d(2, 4, 3, { stride: 2 }).call(torch.ones([1, 2, 5, 5, 5])).shape // [1, 4, 11, 11, 11]
 */
export class ConvTranspose3d extends transposed(layers.ConvTranspose3d, torch.convTranspose3d) {}
