import { z } from 'zod'
import { nn } from '../torch'
import {
  ColorJitter,
  GaussianBlur,
  Channels,
  Normalize,
  RandomApply,
  RandomGrayscale,
  RandomSolarize,
  statisticsFor,
} from '../vision/transforms'
import { parseOptions, probability } from '../common/options'
import type { AugmentationOptions } from './option-types'

const spread = z.number().min(0)

/** Strengths of the augmentations, with the reference's defaults; the descriptions are the command line's help. */
export const augmentationOptions = z.strictObject({
  colorJitter: z
    .tuple([spread, spread, spread, spread.max(0.5)])
    .default([0.8, 0.8, 0.8, 0.2])
    .describe('largest change of brightness, contrast, saturation and, in whole turns, hue'),
  probColorJitter: probability.default(0.8).describe('probability of the colour jitter, of each batch'),
  probGrayscale: probability.default(0.2).describe('probability of grey, of each image'),
  probBlur: probability.default(0.1).describe('probability of a blur, of each batch'),
  probSolarize: probability.default(0.5).describe('probability that bright values are inverted, of each image'),
})

export type { AugmentationOptions }

/**
 * The reference's augmentations, for images [N, 3, H, W] in 0…1: colour jitter, grayscale, blur, solarize, ImageNet normalisation; by default in the
 * reference's strength.
 *
 * @param channels - Channels that the backbone takes, default 3. For 1, images may be RGB or grey and become grey; for any other number, blur, solarize and
 * a normalisation by ImageNet's average remain.
 * @throws ArgumentError for wrong options.
 * @example
 * const augmentFn = defaultAugmentation({ colorJitter: [0.4, 0.4, 0.2, 0.1], probSolarize: 0 })
 * augmentFn.call(torch.rand([4, 3, 8, 8])).shape // [4, 3, 8, 8]
 */
export function defaultAugmentation(options: AugmentationOptions = {}, channels = 3): nn.Sequential {
  const { colorJitter, probColorJitter, probGrayscale, probBlur, probSolarize } = parseOptions(
    augmentationOptions,
    options,
    'defaultAugmentation',
  )
  const { mean, std } = statisticsFor(channels)
  const colour = () => [new RandomApply(new ColorJitter(...colorJitter), probColorJitter), new RandomGrayscale(probGrayscale)]
  const sharpness = [new RandomApply(new GaussianBlur(3, 1.5), probBlur), new RandomSolarize({ p: probSolarize })]
  const steps = {
    1: () => [new Channels(3), ...colour(), ...sharpness, new Channels(1)],
    3: () => [...colour(), ...sharpness],
  }[channels]
  return new nn.Sequential(...(steps?.() ?? sharpness), new Normalize(mean, std))
}
