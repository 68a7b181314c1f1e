import { z } from 'zod'
import { nn, type Tensor } from '../torch'
import { cosineMatrix } from './losses'
import { pixelCLOptions } from './options'
import { parseOptions } from '../common/options'

/** Linear, batch norm, ReLU, Linear: the projector and the predictor of the instance branch. */
export class MLP extends nn.Module {
  readonly net: nn.Sequential

  constructor(inputSize: number, outputSize: number, hiddenSize: number) {
    super()
    this.net = new nn.Sequential(
      new nn.Linear(inputSize, hiddenSize),
      new nn.BatchNorm1d(hiddenSize),
      new nn.ReLU(),
      new nn.Linear(hiddenSize, outputSize),
    )
  }

  override forward(features: Tensor): Tensor {
    return this.net.call(features)
  }
}

/** The same for the pixels of a map, with 1×1 convolutions. */
export class ConvMLP extends nn.Module {
  readonly net: nn.Sequential

  constructor(inputSize: number, outputSize: number, hiddenSize: number) {
    super()
    this.net = new nn.Sequential(
      new nn.Conv2d(inputSize, hiddenSize, 1),
      new nn.BatchNorm2d(hiddenSize),
      new nn.ReLU(),
      new nn.Conv2d(hiddenSize, outputSize, 1),
    )
  }

  override forward(map: Tensor): Tensor {
    return this.net.call(map)
  }
}

const { ppmNumLayers, ppmGamma } = pixelCLOptions.shape

const ppmOptions = z.strictObject({
  /** Channels of the map. */
  chan: z.number().int().positive(),
  /** Layers of the transform: 0 (none), 1 or 2; default 1. */
  numLayers: ppmNumLayers,
  /** Exponent of the similarities; larger values favour the most similar pixels. Default 2. */
  gamma: ppmGamma,
})

export type PPMOptions = z.input<typeof ppmOptions>

/**
 * The pixel propagation module: every pixel becomes the sum of all transformed pixels, weighted by relu(cosine)^gamma.
 *
 * Input and output are [N, C, H, W]. Source: "Propagate Yourself", section 3.2.
 *
 * @example
 * new PPM({ chan: 4 }).call(torch.ones([1, 4, 3, 3])).shape // [1, 4, 3, 3]
 */
export class PPM extends nn.Module {
  readonly transformNet: nn.Module
  readonly gamma: number

  constructor(options: PPMOptions) {
    super()
    const { chan, numLayers, gamma } = parseOptions(ppmOptions, options, 'PPM')
    this.gamma = gamma
    if (numLayers === 0) this.transformNet = new nn.Identity()
    else if (numLayers === 1) this.transformNet = new nn.Conv2d(chan, chan, 1)
    else {
      this.transformNet = new nn.Sequential(
        new nn.Conv2d(chan, chan, 1),
        new nn.BatchNorm2d(chan),
        new nn.ReLU(),
        new nn.Conv2d(chan, chan, 1),
      )
    }
  }

  override forward(map: Tensor): Tensor {
    const pixels = map.flatten(2)
    const weights = cosineMatrix(pixels, pixels).relu().pow(this.gamma)
    const transformed = this.transformNet.call(map)
    return transformed.flatten(2).bmm(weights.transpose(1, 2)).reshape(transformed.shape)
  }
}
