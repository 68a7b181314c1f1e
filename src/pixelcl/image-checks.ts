import { ArgumentError, isTensor, type nn, type Tensor } from '../torch'
import { describe } from '../common/describe'
import type { ResolvedOptions } from './options'

/** The properties of a learner that determine valid images. */
interface Learner {
  readonly training: boolean
  readonly options: Pick<ResolvedOptions, 'instanceWeight'>
  /** The channels that the backbone takes. */
  readonly channels: number
  /** Its modules have one dtype and device. */
  readonly onlineEncoder: nn.AnyModule
}

const warned = new WeakSet<Learner>()

/**
 * Checks a batch of images before it can affect the weights.
 *
 * @throws ArgumentError for a wrong rank, channel count, dtype or device, NaN, and a single image in training; warns once of values outside 0…1.
 */
export function checkImages(images: Tensor, learner: Learner): void {
  checkShape(images, learner)
  const { dtype, device } = learner.onlineEncoder.parameters()[0]!
  if (images.dtype !== dtype) {
    const call = `images.to('${dtype}')${images.dtype === 'uint8' ? '.div(255)' : ''}`
    throw new ArgumentError(`expected images of ${dtype}, as the backbone's weights are, but received ${images.dtype}: call ${call}`)
  }
  if (images.device !== device) {
    const call = `images.to('${device}')`
    throw new ArgumentError(`expected images on ${device}, where the learner is, but they are on ${images.device}: call ${call}`)
  }
  checkValues(images, learner)
}

function checkShape(images: Tensor, learner: Learner): void {
  const expected = learner.channels
  if (!isTensor(images))
    throw new ArgumentError(`forward() takes a Tensor of images [N, ${expected}, H, W] but received ${describe(images)}`)
  const { shape } = images
  const [count, channels] = shape
  const came = `[${shape.join(', ')}]`
  if (shape.length !== 4) {
    throw new ArgumentError(
      `expected images [N, ${expected}, H, W] but received ${came}${shape.length === 3 ? ': call unsqueeze(0), or stack several images' : ''}`,
    )
  }
  // RGB is taken for a backbone of grey images, too: the augmentations make it grey.
  if (channels !== expected && !(expected === 1 && channels === 3)) {
    const hint =
      shape[3] === expected
        ? ': call permute([0, 3, 1, 2])'
        : channels === 1 && expected === 3
          ? ': call expand([-1, 3, -1, -1])'
          : expected === 3
            ? ''
            : ", as the backbone's first convolution takes, or the option channels says"
    throw new ArgumentError(`expected images with ${expected} channels [N, ${expected}, H, W] but received ${came}${hint}`)
  }
  if (count === 0) throw new ArgumentError('the batch of images is empty')
  if (count === 1 && learner.training && learner.options.instanceWeight > 0) {
    throw new ArgumentError('batch norm needs two or more images in training but received 1: give a larger batch, or call learner.eval()')
  }
}

function checkValues(images: Tensor, learner: Learner): void {
  if (images.numel() === 0) throw new ArgumentError(`expected images of at least one pixel but received [${images.shape.join(', ')}]`)
  const [least, most] = images
    .detach()
    .aminmax()
    .map((bound) => bound.item()) as [number, number]
  if (!Number.isFinite(least) || !Number.isFinite(most)) {
    const found = Number.isNaN(least) || Number.isNaN(most) ? 'NaN' : 'infinite values'
    throw new ArgumentError(`the images hold ${found}: the weights were not changed; check how the images are loaded`)
  }
  if ((least >= 0 && most <= 1) || warned.has(learner)) return
  warned.add(learner)
  const hint = most > 1 ? ': divide bytes by 255' : ''
  process.emitWarning(`images have values from ${least} to ${most}, but values in 0…1 are expected${hint}`, { code: 'PIXELCL_IMAGE_RANGE' })
}
