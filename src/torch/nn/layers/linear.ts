import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import { linear } from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'
import { calculateFanIn, kaimingUniform_, uniform_ } from '../init'
import type { Parameter } from '../parameter'
import { functionLayer, layer } from './layer'

interface Weights {
  readonly weight: Parameter
  readonly bias: Parameter | null
}

/** @internal Initialises weights like Python's linear layers and convolutions. */
export function drawWeights({ weight, bias }: Weights): void {
  kaimingUniform_(weight, { a: Math.sqrt(5) })
  if (bias === null) return
  const fanIn = calculateFanIn(weight)
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0
  if (bound > 0 || weight.dim() === 2) uniform_(bias, -bound, bound)
}

/** The shapes of a weight and a bias. */
const weights = (outFeatures: number, inFeatures: readonly number[], bias: boolean) => ({
  weight: [outFeatures, ...inFeatures],
  bias: bias && [outFeatures],
})

function drawBilinear({ weight, bias, in1Features }: Weights & { readonly in1Features: number }): void {
  const bound = 1 / Math.sqrt(in1Features)
  uniform_(weight, -bound, bound)
  if (bias !== null) uniform_(bias, -bound, bound)
}

/**
 * `input · weightᵀ + bias` over the last dimension; weight [outFeatures, inFeatures].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
 * @example
 * new torch.nn.Linear(3, 2).call(torch.ones([4, 3])).shape // [4, 2]
 */
export class Linear extends functionLayer(layers.Linear, linear, {
  takes: 'weight bias',
  parameters: ({ inFeatures, outFeatures, bias }) => weights(outFeatures, [inFeatures], bias),
  reset: drawWeights,
  shows: 'inFeatures outFeatures bias',
}) {}

/**
 * `input1 · weight · input2 + bias` over the last dimensions; weight [outFeatures, in1Features, in2Features].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
 * @example
 * new torch.nn.Bilinear(3, 4, 2).call(torch.ones([5, 3]), torch.ones([5, 4])).shape // [5, 2]
 */
export class Bilinear extends functionLayer(layers.Bilinear, torch.bilinear, {
  takes: 'weight bias',
  parameters: ({ in1Features, in2Features, outFeatures, bias }) => weights(outFeatures, [in1Features, in2Features], bias),
  reset: drawBilinear,
  shows: 'in1Features in2Features outFeatures bias',
}) {}

/**
 * Returns its input; a placeholder for a removed layer.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html
 * @example
 * new torch.nn.Identity().call(torch.ones([2])).tolist() // [1, 1]
 */
export class Identity extends layer(layers.Identity) {
  override forward(input: Tensor): Tensor {
    return input
  }
}
