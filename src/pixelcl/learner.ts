import * as torch from '../torch'
import { ArgumentError, isTensor, nn, type Device, type Tensor } from '../torch'
import { describe } from '../common/describe'
import { applyTransform, type ImageTransform } from '../vision/transforms'
import { defaultAugmentation } from './augment'
import { checkBackbone, checkBatchNorms, checkOptions, checkSmallestBox, checkTrainable, checkViews, type ForwardOptions } from './checks'
import { channelsOf } from './backbone-input'
import { Encoder, firstParameter, type Backbone } from './encoder'
import { MLP, PPM } from './heads'
import { checkImages } from './image-checks'
import { instanceLoss, pixContrastLoss, pixProLoss, type Pairs } from './losses'
import { pixelCLOptions, type PixelCLOptions, type ResolvedOptions } from './options'
import { parseOptions, probability } from '../common/options'
import { cutView, drawViews, positiveMask, type Sizes, type Views } from './views'

/**
 * Pixel-level self-supervised learning of a backbone: PixPro, or PixContrast, with an instance loss.
 *
 * Source: "Propagate Yourself" (arXiv 2011.10043), as in the Python package pixel-level-contrastive-learning.
 *
 * @param net - The backbone, TorchScript or a module of this package. It is trained in place, and the learner leaves no hook or member on it.
 * @throws ArgumentError for wrong options, unknown layers, frozen batch norms, and a backbone without a parameter that requires a gradient.
 * @example
 * const learner = new PixelCL(models.resnet18(), { imageSize: 64, hiddenLayerPixel: 'layer3' })
 * const optimizer = new torch.optim.Adam(learner.parameters(), { lr: 1e-4 })
 * const loss = learner.forward(torch.rand([2, 3, 64, 64]))
 * loss.backward()
 * optimizer.step()
 * learner.updateMovingAverage()
 */
export class PixelCL extends nn.Module<[Tensor, ForwardOptions?], Tensor | [Tensor, number]> {
  readonly options: ResolvedOptions
  /** Channels of the images that the backbone takes. */
  readonly channels: number
  readonly augment1: nn.Module | ImageTransform
  readonly augment2: nn.Module | ImageTransform
  // Keep the order of these fields: it is the order of the parameters, which optimizer states exchanged with Python rely on.
  readonly onlineEncoder: Encoder
  /** Null without `usePixpro`. */
  readonly propagatePixels: PPM | null
  /** Null where the instance loss has no weight. */
  readonly onlinePredictor: MLP | null
  /** The momentum encoder; absent between `resetMovingAverage` and the next forward. */
  targetEncoder: Encoder | null

  constructor(net: Backbone, options: PixelCLOptions) {
    super()
    this.options = parseOptions(pixelCLOptions, options, 'PixelCL')
    const { imageSize, projectionSize, projectionHiddenSize, augmentFn, augmentFn2 } = this.options
    checkBackbone(net)
    checkSmallestBox(imageSize, imageSize, this.options)
    checkBatchNorms(net)
    checkTrainable(net)
    this.channels = this.options.channels ?? channelsOf(net)
    this.augment1 = augmentFn ?? defaultAugmentation({}, this.channels)
    this.augment2 = augmentFn2 ?? this.augment1
    const ppm = this.options.usePixpro
      ? new PPM({ chan: projectionSize, numLayers: this.options.ppmNumLayers, gamma: this.options.ppmGamma })
      : null
    const predictor = this.options.instanceWeight > 0 ? new MLP(projectionSize, projectionSize, projectionHiddenSize) : null
    const where = firstParameter(net)
    this.onlineEncoder = new Encoder(net, imageSize, this.channels, this.options)
    this.propagatePixels = ppm?.to(where) ?? null
    this.onlinePredictor = predictor?.to(where) ?? null
    for (const augment of [this.augment1, this.augment2]) if (augment instanceof nn.Module) augment.to(where.device)
    this.targetEncoder = this.copyOnlineEncoder()
  }

  /**
   * The loss of a batch of images, float [N, C, H, W] in 0…1; RGB becomes grey for a backbone of one channel.
   *
   * @returns A scalar; with `returnPositivePairs` also the number of positive pairs in one mask.
   * @throws ArgumentError for images of a wrong shape or dtype, with NaN, too small for a box, or for a single image in training.
   */
  override forward(images: Tensor, options: ForwardOptions & { returnPositivePairs: true }): [Tensor, number]
  override forward(images: Tensor, options?: ForwardOptions & { returnPositivePairs?: false }): Tensor
  override forward(images: Tensor, options?: ForwardOptions): Tensor | [Tensor, number]
  override forward(images: Tensor, options: ForwardOptions = {}): Tensor | [Tensor, number] {
    checkImages(images, this)
    checkOptions(options)
    const [count, , height, width] = images.shape as [number, number, number, number]
    if (options.views === undefined) checkSmallestBox(height, width, this.options)
    else checkViews(options.views, count, height, width)
    const views = options.views ?? drawViews(count, height, width, this.options)
    const [loss, pairs] = this.lossOf(images, views)
    return options.returnPositivePairs === true ? [loss, pairs] : loss
  }

  private lossOf(images: Tensor, [viewOne, viewTwo]: readonly [Views, Views]): [Tensor, number] {
    const { instanceWeight, cutoutInterpolateMode } = this.options
    const image = images.shape.slice(2) as [number, number]
    const size = this.options.viewSize ?? image
    const one = this.augmented(this.augment1, cutView(images, viewOne, size, cutoutInterpolateMode), 'augmentFn')
    const two = this.augmented(this.augment2, cutView(images, viewTwo, size, cutoutInterpolateMode), 'augmentFn2')

    const onlineOne = this.onlineEncoder.call(one)
    const onlineTwo = this.onlineEncoder.call(two)
    const target = (this.targetEncoder ??= this.copyOnlineEncoder())
    const [targetOne, targetTwo] = torch.noGrad(() => [target.call(one), target.call(two)])

    const instance = this.instanceBranch(onlineOne.instance, onlineTwo.instance, targetOne.instance, targetTwo.instance)
    const map = onlineOne.pixels.shape.slice(2) as [number, number]
    const pairs = this.pairsOf(viewOne, viewTwo, { image, map }, images.device)
    const weighted = instance === null || instanceWeight === 1 ? instance : instance.mul(instanceWeight)
    if (pairs.count === 0) return [weighted ?? nothingToLearn(images), 0]

    const pixels = this.pixelBranch([onlineOne.pixels, onlineTwo.pixels], [targetOne.pixels, targetTwo.pixels], pairs).mul(
      this.options.alpha,
    )
    return [weighted === null ? pixels : pixels.add(weighted), pairs.count]
  }

  private augmented(augment: nn.Module | ImageTransform, images: Tensor, option: string): Tensor {
    const augmented: unknown = applyTransform(augment, images)
    const [count, ...rest] = images.shape
    const wanted = [count, this.channels, ...rest.slice(1)]
    if (isTensor(augmented) && augmented.dim() === 4 && augmented.shape[0] === count && augmented.shape[1] === this.channels)
      return augmented
    const came = isTensor(augmented) ? `[${augmented.shape.join(', ')}]` : typeof augmented
    throw new ArgumentError(`${option} must give a batch of images as it takes one, [${wanted.join(', ')}], but gave ${came}`)
  }

  private instanceBranch(one: Tensor | null, two: Tensor | null, targetOne: Tensor | null, targetTwo: Tensor | null): Tensor | null {
    const predictor = this.onlinePredictor
    if (predictor === null || one === null || two === null || targetOne === null || targetTwo === null) return null
    const predictedOne = predictor.call(one)
    const predictedTwo = predictor.call(two)
    return instanceLoss(predictedOne, targetTwo).add(instanceLoss(predictedTwo, targetOne)).mean()
  }

  /** @internal The positive pairs of two views. */
  protected pairsOf(one: Views, two: Views, sizes: Sizes, device: Device): Pairs {
    const mask = positiveMask(one, two, sizes, this.options, device)
    return { mask, count: mask.sum().item() }
  }

  /** The mean of the pixel losses in both directions; the second direction uses the transposed mask. */
  private pixelBranch(online: readonly [Tensor, Tensor], target: readonly [Tensor, Tensor], pairs: Pairs): Tensor {
    const ppm = this.propagatePixels
    const [one, two] = ppm === null ? online : [ppm.call(online[0]), ppm.call(online[1])]
    const back: Pairs = { mask: pairs.mask.transpose(-2, -1), count: pairs.count }
    const loss = (map: Tensor, targetMap: Tensor, direction: Pairs): Tensor => {
      const [pixels, targets] = [map.flatten(2), targetMap.flatten(2)]
      return ppm === null ? pixContrastLoss(pixels, targets, direction, this.options) : pixProLoss(pixels, targets, direction)
    }
    return loss(one, target[1], pairs)
      .add(loss(two, target[0], back))
      .div(2)
  }

  /** A copy of the online encoder without gradients. */
  private copyOnlineEncoder(): Encoder {
    return this.onlineEncoder.deepcopy().requiresGrad_(false)
  }

  /**
   * Moves the target's parameters towards those of the online encoder; buffers are left alone, because the target's own forwards update them.
   *
   * @param decay - The weight of the old value of the target; default: the option movingAverageDecay.
   * @throws ArgumentError if there is no target, between `resetMovingAverage` and the next forward, and for a decay outside 0…1.
   */
  updateMovingAverage(decay: number = this.options.movingAverageDecay): void {
    if (!probability.safeParse(decay).success) {
      throw new ArgumentError(`updateMovingAverage: expected a decay of 0 to 1 but received ${describe(decay)}`)
    }
    const target = this.targetEncoder
    if (target === null) {
      throw new ArgumentError(
        'the target encoder has not been created yet: after resetMovingAverage() the next forward makes it; call forward() before updateMovingAverage()',
      )
    }
    torch.noGrad(() => torch._foreachLerp_([...target.parameters()], [...this.onlineEncoder.parameters()], 1 - decay))
  }

  /** Drops the target; the next forward makes a new one from the online encoder. */
  resetMovingAverage(): void {
    this.targetEncoder = null
  }

  /** A state may lack kornia's buffers, because not all versions of kornia have them. */
  protected override toleratesMissing(key: string): boolean {
    return /^augment[12]\.\d+\._param_generator\./.test(key)
  }
}

/** A zero loss whose backward changes no parameter. */
function nothingToLearn(images: Tensor): Tensor {
  return torch.zeros([], { dtype: images.dtype, device: images.device, requiresGrad: true })
}
