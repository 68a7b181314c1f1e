import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import * as nn from '../../generated/nn-functions'
import * as F from '../functional'
import { functionLayer } from './layer'
import { adaptive, fractional, maxPool, maxUnpool, strided } from './pools'

/**
 * The largest value of every window of [N, C, L]; with `returnIndices`, [values, indices].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
 * @example
 * new torch.nn.MaxPool1d(3, { stride: 2, padding: 1 }).call(torch.ones([1, 1, 8])).shape // [1, 1, 4]
 */
export class MaxPool1d extends maxPool(layers.MaxPool1d, F.maxPool1d) {}

/**
 * The largest value of every window of [N, C, H, W]; with `returnIndices`, [values, indices].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 * @example
 * new torch.nn.MaxPool2d(3, { stride: 2, padding: 1 }).call(torch.ones([1, 1, 8, 8])).shape // [1, 1, 4, 4]
 */
export class MaxPool2d extends maxPool(layers.MaxPool2d, F.maxPool2d) {}

/**
 * The largest value of every window of [N, C, D, H, W]; with `returnIndices`, [values, indices].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html
 * @example
 * new torch.nn.MaxPool3d(3, { stride: 2, padding: 1 }).call(torch.ones([1, 1, 8, 8, 8])).shape // [1, 1, 4, 4, 4]
 */
export class MaxPool3d extends maxPool(layers.MaxPool3d, F.maxPool3d) {}

/**
 * The mean of every window of [N, C, L].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
 * @example
 * new torch.nn.AvgPool1d(2).call(torch.ones([1, 1, 4])).shape // [1, 1, 2]
 */
export class AvgPool1d extends strided(functionLayer(layers.AvgPool1d, torch.avgPool1d)) {
  override extraRepr(): string {
    return this.shown('kernelSize stride padding')
  }
}

/**
 * The mean of every window of [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 * @example
 * new torch.nn.AvgPool2d(2).call(torch.ones([1, 1, 4, 4])).shape // [1, 1, 2, 2]
 */
export class AvgPool2d extends strided(functionLayer(layers.AvgPool2d, nn.avgPool2d)) {
  override extraRepr(): string {
    return this.shown('kernelSize stride padding')
  }
}

/**
 * The mean of every window of [N, C, D, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html
 * @example
 * new torch.nn.AvgPool3d(2).call(torch.ones([1, 1, 4, 4, 4])).shape // [1, 1, 2, 2, 2]
 */
export class AvgPool3d extends strided(functionLayer(layers.AvgPool3d, nn.avgPool3d)) {
  override extraRepr(): string {
    return this.shown('kernelSize stride padding')
  }
}

/**
 * The p-norm of every window of [N, C, L].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html
 * @example
 * new torch.nn.LPPool1d(2, 2).call(torch.ones([1, 1, 4])).shape // [1, 1, 2]
 */
export class LPPool1d extends functionLayer(layers.LPPool1d, F.lpPool1d) {
  override extraRepr(): string {
    return this.shown('normType kernelSize stride ceilMode')
  }
}

/**
 * The p-norm of every window of [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
 * @example
 * new torch.nn.LPPool2d(2, 2).call(torch.ones([1, 1, 4, 4])).shape // [1, 1, 2, 2]
 */
export class LPPool2d extends functionLayer(layers.LPPool2d, F.lpPool2d) {
  override extraRepr(): string {
    return this.shown('normType kernelSize stride ceilMode')
  }
}

/**
 * The p-norm of every window of [N, C, D, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool3d.html
 * @example
 * new torch.nn.LPPool3d(2, 2).call(torch.ones([1, 1, 4, 4, 4])).shape // [1, 1, 2, 2, 2]
 */
export class LPPool3d extends functionLayer(layers.LPPool3d, F.lpPool3d) {
  override extraRepr(): string {
    return this.shown('normType kernelSize stride ceilMode')
  }
}

/**
 * Means over as many windows as give the output size; null keeps the input's.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html
 * @example
 * new torch.nn.AdaptiveAvgPool1d(2).call(torch.ones([1, 3, 5])).shape // [1, 3, 2]
 */
export class AdaptiveAvgPool1d extends adaptive(layers.AdaptiveAvgPool1d, torch.adaptiveAvgPool1d) {}

/**
 * Means over as many windows as give the output size; null keeps the input's.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
 * @example
 * new torch.nn.AdaptiveAvgPool2d(2).call(torch.ones([1, 3, 5, 5])).shape // [1, 3, 2, 2]
 */
export class AdaptiveAvgPool2d extends adaptive(layers.AdaptiveAvgPool2d, F.adaptiveAvgPool2d) {}

/**
 * Means over as many windows as give the output size; null keeps the input's.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html
 * @example
 * new torch.nn.AdaptiveAvgPool3d(2).call(torch.ones([1, 3, 5, 5, 5])).shape // [1, 3, 2, 2, 2]
 */
export class AdaptiveAvgPool3d extends adaptive(layers.AdaptiveAvgPool3d, F.adaptiveAvgPool3d) {}

/**
 * The largest values of as many windows as give the output size; with `returnIndices`, [values, indices].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
 * @example
 * new torch.nn.AdaptiveMaxPool1d(2).call(torch.ones([1, 3, 5])).shape // [1, 3, 2]
 */
export class AdaptiveMaxPool1d extends adaptive(layers.AdaptiveMaxPool1d, F.adaptiveMaxPool1d) {}

/**
 * The largest values of as many windows as give the output size; with `returnIndices`, [values, indices].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
 * @example
 * new torch.nn.AdaptiveMaxPool2d(2).call(torch.ones([1, 3, 5, 5])).shape // [1, 3, 2, 2]
 */
export class AdaptiveMaxPool2d extends adaptive(layers.AdaptiveMaxPool2d, F.adaptiveMaxPool2d) {}

/**
 * The largest values of as many windows as give the output size; with `returnIndices`, [values, indices].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html
 * @example
 * new torch.nn.AdaptiveMaxPool3d(2).call(torch.ones([1, 3, 5, 5, 5])).shape // [1, 3, 2, 2, 2]
 */
export class AdaptiveMaxPool3d extends adaptive(layers.AdaptiveMaxPool3d, F.adaptiveMaxPool3d) {}

/**
 * The largest values of windows of random size, for [N, C, H, W]; takes `outputSize` or `outputRatio`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html
 * @example
 * new torch.nn.FractionalMaxPool2d(2, { outputSize: 3 }).call(torch.ones([1, 1, 7, 7])).shape // [1, 1, 3, 3]
 */
export class FractionalMaxPool2d extends fractional(layers.FractionalMaxPool2d, 2, F.fractionalMaxPool2d) {}

/**
 * The largest values of windows of random size, for [N, C, D, H, W]; takes `outputSize` or `outputRatio`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool3d.html
 * @example
 * new torch.nn.FractionalMaxPool3d(2, { outputSize: 3 }).call(torch.ones([1, 1, 7, 7, 7])).shape // [1, 1, 3, 3, 3]
 */
export class FractionalMaxPool3d extends fractional(layers.FractionalMaxPool3d, 3, F.fractionalMaxPool3d) {}

/**
 * Puts the values of `MaxPool1d` back to where `indices` says, zeros elsewhere.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html
 * @example
 * const [values, indices] = torch.nn.functional.maxPool1d(torch.ones([1, 1, 4]), 2, { returnIndices: true })
 * new torch.nn.MaxUnpool1d(2).call(values, indices).shape // [1, 1, 4]
 */
export class MaxUnpool1d extends maxUnpool(layers.MaxUnpool1d, 1, F.maxUnpool1d) {}

/**
 * Puts the values of `MaxPool2d` back to where `indices` says, zeros elsewhere.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
 * @example
 * const [values, indices] = torch.nn.functional.maxPool2d(torch.ones([1, 1, 4, 4]), 2, { returnIndices: true })
 * new torch.nn.MaxUnpool2d(2).call(values, indices).shape // [1, 1, 4, 4]
 */
export class MaxUnpool2d extends maxUnpool(layers.MaxUnpool2d, 2, F.maxUnpool2d) {}

/**
 * Puts the values of `MaxPool3d` back to where `indices` says, zeros elsewhere.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html
 * @example
 * const [values, indices] = torch.nn.functional.maxPool3d(torch.ones([1, 1, 4, 4, 4]), 2, { returnIndices: true })
 * new torch.nn.MaxUnpool3d(2).call(values, indices).shape // [1, 1, 4, 4, 4]
 */
export class MaxUnpool3d extends maxUnpool(layers.MaxUnpool3d, 3, F.maxUnpool3d) {}
