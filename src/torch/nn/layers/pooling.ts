import { ArgumentError } from '../../../native'
import { constructed, inFamily, type DeclaredClass } from '../../call/declared'
import * as declared from '../../generated/declared/nn-functional-signatures'
import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import * as nn from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'
import * as F from '../functional'
import * as body from '../functional/pooling'
import { forwardMethod, pythonFloat, pythonInts } from '../torch-script'
import { functionLayer, type FunctionDetails, type Layer } from './layer'

interface Strided {
  readonly kernelSize: number | readonly number[]
  readonly stride: number | readonly number[] | null
}

/** The details of a pooling layer whose stride defaults to the kernel size. */
const strided = (shows: string): FunctionDetails<Strided> => ({
  prepare: ({ kernelSize, stride }) => ({ stride: stride ?? kernelSize }),
  shows,
})

interface WindowFields {
  readonly kernelSize: readonly number[]
  readonly stride: readonly number[]
  readonly padding: readonly number[]
}

/** The base class of fractional max pooling with a number of spatial dimensions. */
function fractional<Arguments, Constructor>(
  signature: DeclaredClass<Arguments, Constructor>,
  spatial: number,
  operator: (...args: never[]) => unknown,
): Constructor {
  const details: FunctionDetails<FractionalFields> = {
    takes: 'kernelSize outputSize outputRatio returnIndices _randomSamples',
    prepare: ({ outputSize, outputRatio }) => {
      if ((outputSize === null) === (outputRatio === null))
        throw new ArgumentError(`${signature.name}(): expected either outputSize or outputRatio`)
    },
    source: ({ kernelSize, outputSize, outputRatio, returnIndices, _randomSamples: randomSamples }: FractionalFields) => {
      const sizes = outputSize ?? outputRatio!.map((ratio, i) => `int(float(input.size(${i - spatial})) * ${pythonFloat(ratio)})`)
      const drawn = `torch.rand([batch, input.size(${-spatial - 1}), ${spatial}], dtype=input.dtype, device=input.device)`
      const lines = [
        ...(randomSamples === null ? [`batch = 1 if input.dim() == ${spatial + 1} else input.size(0)`] : []),
        `samples = ${randomSamples === null ? drawn : 'self._random_samples'}`,
        `values, indices = torch.fractional_max_pool${spatial}d(input, [${kernelSize.join(', ')}], [${sizes.join(', ')}], samples)`,
        returnIndices ? 'return (values, indices)' : 'return values',
      ]
      return forwardMethod(['input'], lines, returnIndices ? 2 : 1)
    },
  }
  const base = functionLayer(inFamily<FractionalFields, abstract new (...given: unknown[]) => Layer>(signature), operator, details)
  abstract class Fractional extends base {
    protected override build({ randomSamples }: { readonly randomSamples: Tensor | null }): void {
      this.registerBuffer('_randomSamples', randomSamples)
    }
  }
  return constructed(signature, Fractional)
}

interface FractionalFields {
  readonly kernelSize: readonly number[]
  readonly outputSize: readonly number[] | null
  readonly outputRatio: readonly number[] | null
  readonly returnIndices: boolean
  readonly _randomSamples: Tensor | null
}

/** The details of max unpooling with a number of spatial dimensions. */
const unpooling = (spatial: number): FunctionDetails<Strided> => ({
  ...strided('kernelSize stride padding'),
  inputs: 'input indices outputSize',
  source: (layer: WindowFields) => unpoolingSource(spatial, layer),
})

/** The TorchScript source, without an output size, which is an argument of the call. */
function unpoolingSource(spatial: number, { kernelSize, stride, padding }: WindowFields): string {
  const sizes = kernelSize.map((size, i) => `(input.size(${i - spatial}) - 1) * ${stride[i]!} + ${size - 2 * padding[i]!}`)
  const line =
    spatial === 1
      ? `return torch.max_unpool2d(input.unsqueeze(-1), indices.unsqueeze(-1), [${sizes[0]!}, 1]).squeeze(-1)`
      : spatial === 2
        ? `return torch.max_unpool2d(input, indices, [${sizes.join(', ')}])`
        : `return torch.max_unpool3d(input, indices, [${sizes.join(', ')}], ${pythonInts(stride)}, ${pythonInts(padding)})`
  return forwardMethod(['input', 'indices'], [line])
}

/**
 * The largest value of every window of [N, C, L]; with `returnIndices`, [values, indices].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
 * @example
 * new torch.nn.MaxPool1d(3, { stride: 2, padding: 1 }).call(torch.ones([1, 1, 8])).shape // [1, 1, 4]
 */
export class MaxPool1d extends functionLayer(
  layers.MaxPool1d,
  declared.maxPool1d,
  body.maxPool1d,
  strided('kernelSize stride padding dilation ceilMode'),
) {}

/**
 * The largest value of every window of [N, C, H, W]; with `returnIndices`, [values, indices].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 * @example
 * new torch.nn.MaxPool2d(3, { stride: 2, padding: 1 }).call(torch.ones([1, 1, 8, 8])).shape // [1, 1, 4, 4]
 */
export class MaxPool2d extends functionLayer(
  layers.MaxPool2d,
  declared.maxPool2d,
  body.maxPool2d,
  strided('kernelSize stride padding dilation ceilMode'),
) {}

/**
 * The largest value of every window of [N, C, D, H, W]; with `returnIndices`, [values, indices].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html
 * @example
 * new torch.nn.MaxPool3d(3, { stride: 2, padding: 1 }).call(torch.ones([1, 1, 8, 8, 8])).shape // [1, 1, 4, 4, 4]
 */
export class MaxPool3d extends functionLayer(
  layers.MaxPool3d,
  declared.maxPool3d,
  body.maxPool3d,
  strided('kernelSize stride padding dilation ceilMode'),
) {}

/**
 * The mean of every window of [N, C, L].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
 * @example
 * new torch.nn.AvgPool1d(2).call(torch.ones([1, 1, 4])).shape // [1, 1, 2]
 */
export class AvgPool1d extends functionLayer(layers.AvgPool1d, torch.avgPool1d, strided('kernelSize stride padding')) {}

/**
 * The mean of every window of [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 * @example
 * new torch.nn.AvgPool2d(2).call(torch.ones([1, 1, 4, 4])).shape // [1, 1, 2, 2]
 */
export class AvgPool2d extends functionLayer(layers.AvgPool2d, nn.avgPool2d, strided('kernelSize stride padding')) {}

/**
 * The mean of every window of [N, C, D, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html
 * @example
 * new torch.nn.AvgPool3d(2).call(torch.ones([1, 1, 4, 4, 4])).shape // [1, 1, 2, 2, 2]
 */
export class AvgPool3d extends functionLayer(layers.AvgPool3d, nn.avgPool3d, strided('kernelSize stride padding')) {}

/**
 * The p-norm of every window of [N, C, L].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html
 * @example
 * new torch.nn.LPPool1d(2, 2).call(torch.ones([1, 1, 4])).shape // [1, 1, 2]
 */
export class LPPool1d extends functionLayer(layers.LPPool1d, F.lpPool1d, { shows: 'normType kernelSize stride ceilMode' }) {}

/**
 * The p-norm of every window of [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
 * @example
 * new torch.nn.LPPool2d(2, 2).call(torch.ones([1, 1, 4, 4])).shape // [1, 1, 2, 2]
 */
export class LPPool2d extends functionLayer(layers.LPPool2d, F.lpPool2d, { shows: 'normType kernelSize stride ceilMode' }) {}

/**
 * The p-norm of every window of [N, C, D, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool3d.html
 * @example
 * new torch.nn.LPPool3d(2, 2).call(torch.ones([1, 1, 4, 4, 4])).shape // [1, 1, 2, 2, 2]
 */
export class LPPool3d extends functionLayer(layers.LPPool3d, F.lpPool3d, { shows: 'normType kernelSize stride ceilMode' }) {}

/**
 * Means over as many windows as give the output size; null keeps the input's.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html
 * @example
 * new torch.nn.AdaptiveAvgPool1d(2).call(torch.ones([1, 3, 5])).shape // [1, 3, 2]
 */
export class AdaptiveAvgPool1d extends functionLayer(layers.AdaptiveAvgPool1d, torch.adaptiveAvgPool1d, { shows: 'outputSize' }) {}

/**
 * Means over as many windows as give the output size; null keeps the input's.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
 * @example
 * new torch.nn.AdaptiveAvgPool2d(2).call(torch.ones([1, 3, 5, 5])).shape // [1, 3, 2, 2]
 */
export class AdaptiveAvgPool2d extends functionLayer(layers.AdaptiveAvgPool2d, F.adaptiveAvgPool2d, { shows: 'outputSize' }) {}

/**
 * Means over as many windows as give the output size; null keeps the input's.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html
 * @example
 * new torch.nn.AdaptiveAvgPool3d(2).call(torch.ones([1, 3, 5, 5, 5])).shape // [1, 3, 2, 2, 2]
 */
export class AdaptiveAvgPool3d extends functionLayer(layers.AdaptiveAvgPool3d, F.adaptiveAvgPool3d, { shows: 'outputSize' }) {}

/**
 * The largest values of as many windows as give the output size; with `returnIndices`, [values, indices].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
 * @example
 * new torch.nn.AdaptiveMaxPool1d(2).call(torch.ones([1, 3, 5])).shape // [1, 3, 2]
 */
export class AdaptiveMaxPool1d extends functionLayer(layers.AdaptiveMaxPool1d, F.adaptiveMaxPool1d, { shows: 'outputSize' }) {}

/**
 * The largest values of as many windows as give the output size; with `returnIndices`, [values, indices].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
 * @example
 * new torch.nn.AdaptiveMaxPool2d(2).call(torch.ones([1, 3, 5, 5])).shape // [1, 3, 2, 2]
 */
export class AdaptiveMaxPool2d extends functionLayer(layers.AdaptiveMaxPool2d, F.adaptiveMaxPool2d, { shows: 'outputSize' }) {}

/**
 * The largest values of as many windows as give the output size; with `returnIndices`, [values, indices].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html
 * @example
 * new torch.nn.AdaptiveMaxPool3d(2).call(torch.ones([1, 3, 5, 5, 5])).shape // [1, 3, 2, 2, 2]
 */
export class AdaptiveMaxPool3d extends functionLayer(layers.AdaptiveMaxPool3d, F.adaptiveMaxPool3d, { shows: 'outputSize' }) {}

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
export class MaxUnpool1d extends functionLayer(layers.MaxUnpool1d, declared.maxUnpool1d, body.maxUnpool1d, unpooling(1)) {}

/**
 * Puts the values of `MaxPool2d` back to where `indices` says, zeros elsewhere.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
 * @example
 * const [values, indices] = torch.nn.functional.maxPool2d(torch.ones([1, 1, 4, 4]), 2, { returnIndices: true })
 * new torch.nn.MaxUnpool2d(2).call(values, indices).shape // [1, 1, 4, 4]
 */
export class MaxUnpool2d extends functionLayer(layers.MaxUnpool2d, declared.maxUnpool2d, body.maxUnpool2d, unpooling(2)) {}

/**
 * Puts the values of `MaxPool3d` back to where `indices` says, zeros elsewhere.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html
 * @example
 * const [values, indices] = torch.nn.functional.maxPool3d(torch.ones([1, 1, 4, 4, 4]), 2, { returnIndices: true })
 * new torch.nn.MaxUnpool3d(2).call(values, indices).shape // [1, 1, 4, 4, 4]
 */
export class MaxUnpool3d extends functionLayer(layers.MaxUnpool3d, declared.maxUnpool3d, body.maxUnpool3d, unpooling(3)) {}
