import { nn } from '../torch'
import {
  ColorJitter,
  GaussianBlur,
  IMAGENET_MEAN,
  IMAGENET_STD,
  Normalize,
  RandomApply,
  RandomGrayscale,
  RandomSolarize,
} from '../vision/transforms'

/** The reference's augmentations, for images in 0…1: colour jitter, grayscale, blur, solarize, ImageNet normalisation. */
export function defaultAugmentation(): nn.Sequential {
  return new nn.Sequential(
    new RandomApply(new ColorJitter(0.8, 0.8, 0.8, 0.2), 0.8),
    new RandomGrayscale(0.2),
    new RandomApply(new GaussianBlur(3, 1.5), 0.1),
    new RandomSolarize({ p: 0.5 }),
    new Normalize(IMAGENET_MEAN, IMAGENET_STD),
  )
}
