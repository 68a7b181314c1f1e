import * as declared from '../../generated/declared/nn-functional-signatures'
import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import * as nn from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'
import * as body from '../functional/activation'
import { constant_ } from '../init'
import type { Parameter } from '../parameter'
import { expectDimensions, functionLayer, layer } from './layer'

/**
 * The larger of each element and 0.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html
 * @example
 * new torch.nn.ReLU().call(torch.tensor([-1, 2])).tolist() // [0, 2]
 */
export class ReLU extends functionLayer(layers.ReLU, declared.relu, body.relu, { shows: 'inplace?' }) {}

/**
 * Clamps each element to 0 … 6.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU6.html
 * @example
 * new torch.nn.ReLU6().call(torch.tensor([-1, 8])).tolist() // [0, 6]
 */
export class ReLU6 extends functionLayer(layers.ReLU6, declared.relu6, body.relu6, { shows: 'inplace?' }) {}

/**
 * `x` where it is positive, else `negativeSlope · x`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html
 * @example
 * new torch.nn.LeakyReLU(0.5).call(torch.tensor([-1, 2])).tolist() // [-0.5, 2]
 */
export class LeakyReLU extends functionLayer(layers.LeakyReLU, declared.leakyRelu, body.leakyRelu, { shows: 'negativeSlope inplace?' }) {}

/**
 * Leaky relu whose slope is drawn per element from `lower` … `upper` in training, and is their mean in evaluation.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.RReLU.html
 * @example
 * new torch.nn.RReLU(0.25, 0.75).eval().call(torch.tensor([-1, 2])).tolist() // [-0.5, 2]
 */
export class RReLU extends functionLayer(layers.RReLU, declared.rrelu, body.rrelu, { shows: 'lower upper inplace?' }) {}

/**
 * `x` where it is positive, else `weight · x`, with one trained weight or one for each channel.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html
 * @example
 * new torch.nn.PReLU(1, 0.5).call(torch.tensor([-1, 2])).tolist() // [-0.5, 2]
 */
export class PReLU extends functionLayer(layers.PReLU, torch.prelu, {
  takes: 'weight',
  parameters: ({ numParameters }) => ({ weight: [numParameters] }),
  reset: ({ weight, init }: layers.PReLUArguments & { readonly weight: Parameter }) => constant_(weight, init),
  shows: 'numParameters',
}) {
  declare weight: Parameter
}

/**
 * `x` where it is positive, else `alpha · (exp(x) − 1)`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ELU.html
 * @example
 * new torch.nn.ELU().call(torch.tensor([0, 2])).tolist() // [0, 2]
 */
export class ELU extends functionLayer(layers.ELU, declared.elu, body.elu, { shows: 'alpha inplace?' }) {}

/**
 * `max(0, x) + min(0, alpha · (exp(x / alpha) − 1))`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.CELU.html
 * @example
 * new torch.nn.CELU().call(torch.tensor([0, 2])).tolist() // [0, 2]
 */
export class CELU extends functionLayer(layers.CELU, declared.celu, body.celu, { shows: 'alpha inplace?' }) {}

/**
 * Scaled exponential linear units, which keep mean 0 and variance 1.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.SELU.html
 * @example
 * new torch.nn.SELU().call(torch.tensor([0])).tolist() // [0]
 */
export class SELU extends functionLayer(layers.SELU, declared.selu, body.selu, { shows: 'inplace?' }) {}

/**
 * `x · Φ(x)` with the normal distribution's Φ, or its approximation by tanh.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html
 * @example
 * new torch.nn.GELU({ approximate: 'tanh' }).call(torch.tensor([0])).tolist() // [0]
 */
export class GELU extends functionLayer(layers.GELU, (input: Tensor, approximate: string) => nn.gelu(input, { approximate }), {
  shows: 'approximate',
}) {}

/**
 * `x · sigmoid(x)`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html
 * @example
 * new torch.nn.SiLU().call(torch.tensor([0])).tolist() // [0]
 */
export class SiLU extends functionLayer(layers.SiLU, declared.silu, body.silu, { shows: 'inplace?' }) {}

/**
 * `x · tanh(softplus(x))`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Mish.html
 * @example
 * new torch.nn.Mish().call(torch.tensor([0])).tolist() // [0]
 */
export class Mish extends functionLayer(layers.Mish, declared.mish, body.mish, { shows: 'inplace?' }) {}

/**
 * `x · relu6(x + 3) / 6`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardswish.html
 * @example
 * new torch.nn.Hardswish().call(torch.tensor([0, 3])).tolist() // [0, 3]
 */
export class Hardswish extends functionLayer(layers.Hardswish, declared.hardswish, body.hardswish) {}

/**
 * `relu6(x + 3) / 6`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html
 * @example
 * new torch.nn.Hardsigmoid().call(torch.tensor([-3, 3])).tolist() // [0, 1]
 */
export class Hardsigmoid extends functionLayer(layers.Hardsigmoid, declared.hardsigmoid, body.hardsigmoid) {}

/**
 * Clamps each element to `minVal` … `maxVal`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html
 * @example
 * new torch.nn.Hardtanh(-2, 2).call(torch.tensor([-3, 1])).tolist() // [-2, 1]
 */
export class Hardtanh extends functionLayer(layers.Hardtanh, declared.hardtanh, body.hardtanh, { shows: 'minVal maxVal inplace?' }) {}

/**
 * `x` where its magnitude exceeds `lambd`, else 0.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html
 * @example
 * new torch.nn.Hardshrink(1).call(torch.tensor([0.5, 2])).tolist() // [0, 2]
 */
export class Hardshrink extends functionLayer(layers.Hardshrink, torch.hardshrink, { shows: ':lambd' }) {}

/**
 * `x` moved towards 0 by `lambd`, which is not negative.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Softshrink.html
 * @example
 * new torch.nn.Softshrink(1).call(torch.tensor([0.5, 3])).tolist() // [0, 2]
 */
export class Softshrink extends functionLayer(layers.Softshrink, nn.softshrink, { shows: ':lambd' }) {}

/**
 * `x − tanh(x)`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html
 * @example
 * new torch.nn.Tanhshrink().call(torch.tensor([0])).tolist() // [0]
 */
export class Tanhshrink extends functionLayer(layers.Tanhshrink, declared.tanhshrink, body.tanhshrink) {}

/**
 * `x` where it exceeds `threshold`, else `value`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Threshold.html
 * @example
 * new torch.nn.Threshold(1, 20).call(torch.tensor([0, 3])).tolist() // [20, 3]
 */
export class Threshold extends functionLayer(layers.Threshold, declared.threshold, body.threshold, { shows: 'threshold value inplace?' }) {}

/**
 * `log(1 + exp(beta · x)) / beta`, and `x` itself where `beta · x` exceeds `threshold`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html
 * @example
 * new torch.nn.Softplus().call(torch.tensor([30])).tolist() // [30]
 */
export class Softplus extends functionLayer(layers.Softplus, nn.softplus, { shows: 'beta threshold' }) {}

/**
 * `x / (1 + |x|)`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Softsign.html
 * @example
 * new torch.nn.Softsign().call(torch.tensor([1])).tolist() // [0.5]
 */
export class Softsign extends functionLayer(layers.Softsign, declared.softsign, body.softsign) {}

/**
 * `1 / (1 + exp(−x))`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html
 * @example
 * new torch.nn.Sigmoid().call(torch.tensor([0])).tolist() // [0.5]
 */
export class Sigmoid extends functionLayer(layers.Sigmoid, torch.sigmoid) {}

/**
 * The logarithm of sigmoid, computed in one numerically stable step.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html
 * @example
 * new torch.nn.LogSigmoid().call(torch.tensor([-200])).tolist() // [-200]
 */
export class LogSigmoid extends functionLayer(layers.LogSigmoid, nn.logSigmoid) {}

/**
 * The hyperbolic tangent of each element.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html
 * @example
 * new torch.nn.Tanh().call(torch.tensor([0])).tolist() // [0]
 */
export class Tanh extends functionLayer(layers.Tanh, torch.tanh) {}

/**
 * The first half along `dim` times the sigmoid of the second.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.GLU.html
 * @example
 * new torch.nn.GLU().call(torch.tensor([2, 0])).tolist() // [1]
 */
export class GLU extends functionLayer(layers.GLU, nn.glu, { shows: 'dim' }) {}

/**
 * Exponentials along `dim`, divided by their sum.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html
 * @example
 * new torch.nn.Softmax(0).call(torch.tensor([1, 1])).tolist() // [0.5, 0.5]
 */
export class Softmax extends functionLayer(layers.Softmax, declared.softmax, body.softmax, { shows: 'dim' }) {}

/**
 * Softmax of the negated input.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmin.html
 * @example
 * new torch.nn.Softmin(0).call(torch.tensor([1, 1])).tolist() // [0.5, 0.5]
 */
export class Softmin extends functionLayer(layers.Softmin, declared.softmin, body.softmin, { shows: 'dim' }) {}

/**
 * The logarithm of softmax, computed in one numerically stable step.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html
 * @example
 * new torch.nn.LogSoftmax(0).call(torch.tensor([3])).tolist() // [0]
 */
export class LogSoftmax extends functionLayer(layers.LogSoftmax, declared.logSoftmax, body.logSoftmax, { shows: 'dim' }) {}

/**
 * Softmax over the channels of [N, C, H, W] or [C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html
 * @example
 * new torch.nn.Softmax2d().call(torch.ones([2, 1, 1])).flatten().tolist() // [0.5, 0.5]
 */
export class Softmax2d extends layer(layers.Softmax2d) {
  override forward(input: Tensor): Tensor {
    expectDimensions('Softmax2d', input, [3, 4], '[N, C, H, W] or [C, H, W]')
    return torch.softmax(input, -3)
  }
}
