import { ArgumentError, isTensor, type Tensor } from '../torch'
import type { PixelCL } from './learner'

const warned = new WeakSet<PixelCL>()

/**
 * Refuses what is no batch of images, before it reaches the weights.
 *
 * @throws ArgumentError for a wrong rank, channel count, dtype or device, NaN, and one image alone in training; warns once outside 0…1.
 */
export function checkImages(images: Tensor, learner: PixelCL): void {
  if (!isTensor(images)) throw new ArgumentError('forward() takes a Tensor of images [N, 3, H, W]')
  const { shape, dtype } = images
  if (shape.length !== 4)
    throw new ArgumentError(
      `expected images [N, 3, H, W] but received [${shape.join(', ')}]${shape.length === 3 ? ': call unsqueeze(0), or stack several images' : ''}`,
    )
  if (shape[1] !== 3)
    throw new ArgumentError(
      `expected images with 3 channels [N, 3, H, W] but received [${shape.join(', ')}]${shape[3] === 3 ? ': call permute([0, 3, 1, 2])' : ''}`,
    )
  const { dtype: expected, device } = learner.onlinePredictor.parameters()[0]!
  if (dtype !== expected)
    throw new ArgumentError(
      `expected images of ${expected}, as the backbone's weights are, but received ${dtype}: call images.to('${expected}')${dtype === 'uint8' ? '.div(255)' : ''}`,
    )
  if (images.device !== device)
    throw new ArgumentError(
      `expected images on ${device}, where the learner is, but they are on ${images.device}: call images.to('${device}')`,
    )
  if (shape[0] === 1 && learner.training && learner.options.instanceWeight > 0)
    throw new ArgumentError('batch norm needs two or more images in training but received 1: give a larger batch, or call learner.eval()')
  if (shape[0] === 0) throw new ArgumentError('the batch of images is empty')
  const [low, high] = images.detach().aminmax()
  const least = low.item()
  const most = high.item()
  if (!Number.isFinite(least) || !Number.isFinite(most))
    throw new ArgumentError(
      `the images hold ${Number.isNaN(least) || Number.isNaN(most) ? 'NaN' : 'infinite values'}: the weights were not touched; look at how the images are loaded`,
    )
  if ((least < 0 || most > 1) && !warned.has(learner)) {
    warned.add(learner)
    process.emitWarning(`images reach from ${least} to ${most}, but values in 0…1 are expected${most > 1 ? ': divide bytes by 255' : ''}`, {
      code: 'PIXELCL_IMAGE_RANGE',
    })
  }
}
