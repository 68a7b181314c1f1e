import { ArgumentError, nn, type Tensor } from '../torch'
import { cosineMatrix } from './losses'

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

/** The same over the pixels of a map, by 1×1 convolutions. */
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

export interface PPMOptions {
  /** Channels of the map. */
  chan: number
  /** Layers of the transform: 0 (none), 1 or 2; default 1. */
  numLayers?: 0 | 1 | 2
  /** How sharply similar pixels are preferred; default 2. */
  gamma?: number
}

/**
 * The pixel propagation module: every pixel becomes the sum of all transformed pixels, weighted by relu(cosine)^gamma.
 *
 * Takes and gives [N, C, H, W]. Source: "Propagate Yourself", section 3.2.
 *
 * @example
 * new PPM({ chan: 4 }).call(torch.ones([1, 4, 3, 3])).shape // [1, 4, 3, 3]
 */
export class PPM extends nn.Module {
  readonly transformNet: nn.Module
  readonly gamma: number

  constructor({ chan, numLayers = 1, gamma = 2 }: PPMOptions) {
    super()
    this.gamma = gamma
    if (numLayers === 0) this.transformNet = new nn.Identity()
    else if (numLayers === 1) this.transformNet = new nn.Conv2d(chan, chan, 1)
    else if (numLayers === 2) {
      this.transformNet = new nn.Sequential(
        new nn.Conv2d(chan, chan, 1),
        new nn.BatchNorm2d(chan),
        new nn.ReLU(),
        new nn.Conv2d(chan, chan, 1),
      )
    } else throw new ArgumentError(`numLayers must be 0, 1 or 2 but is ${String(numLayers)}`)
  }

  override forward(map: Tensor): Tensor {
    const pixels = map.flatten(2)
    const weights = cosineMatrix(pixels, pixels).relu().pow(this.gamma)
    const transformed = this.transformNet.call(map)
    return transformed.flatten(2).bmm(weights.transpose(1, 2)).reshape(transformed.shape)
  }
}
