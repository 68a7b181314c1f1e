import * as torch from '../../torch'
import type { Tensor } from '../../torch'
import { checkBatch, checkFactors } from './check'

/** Luma weights of ITU-R BT.601. */
const RED = 0.299
const GREEN = 0.587
const BLUE = 0.114

/**
 * The luma of RGB images [N, 3, H, W] as [N, 1, H, W].
 *
 * @throws ArgumentError for another shape or dtype.
 * @example
 * transforms.rgbToGrayscale(torch.ones([1, 3, 1, 1])).shape // [1, 1, 1, 1]
 */
export function rgbToGrayscale(images: Tensor): Tensor {
  checkBatch('rgbToGrayscale()', images, { colour: true })
  const [red, green, blue] = images.unbind(1) as [Tensor, Tensor, Tensor]
  const weight = (value: number) => torch.scalarTensor(value, { dtype: images.dtype, device: images.device })
  return red.mul(weight(RED)).addcmul(green, weight(GREEN)).addcmul(blue, weight(BLUE)).unsqueeze(1)
}

/**
 * RGB in 0…1 to hue in 0…2π, saturation and value; [N, 3, H, W].
 *
 * @throws ArgumentError for another shape or dtype.
 * @example
 * transforms.rgbToHsv(torch.tensor([0, 0, 1]).reshape([1, 3, 1, 1])).flatten().tolist()[2] // 1
 */
export function rgbToHsv(images: Tensor): Tensor {
  checkBatch('rgbToHsv()', images, { colour: true })
  const largest = images.amax([1])
  const range = largest.sub(images.amin([1]))
  const ones = torch.onesLike(largest)
  const saturation = range.div(torch.where(largest.eq(0), ones, largest.add(1e-8)))
  const divisor = torch.where(range.eq(0), ones, range)
  const [rc, gc, bc] = largest.unsqueeze(1).sub(images).unbind(1) as [Tensor, Tensor, Tensor]
  const [red, green, blue] = images.unbind(1) as [Tensor, Tensor, Tensor]
  const fromGreen = rc.sub(bc).add(divisor.mul(2))
  const fromBlue = gc.sub(rc).add(divisor.mul(4))
  const isRed = red.ge(green).logicalAnd(red.ge(blue))
  const sextant = torch.where(isRed, bc.sub(gc), torch.where(green.ge(blue), fromGreen, fromBlue))
  const turns = sextant.div(divisor).div(6).remainder(1)
  const hue = turns.mul(2 * Math.PI)
  return torch.stack([hue.maskedFill(hue.ge(2 * Math.PI), 0), saturation, largest], 1)
}

/** Hue in 0…2π, saturation and value back to RGB. */
export function hsvToRgb(images: Tensor): Tensor {
  checkBatch('hsvToRgb()', images, { colour: true })
  const [angle, s, v] = images.unbind(1) as [Tensor, Tensor, Tensor]
  const turns = angle.div(2 * Math.PI).mul(6)
  const sextant = turns.floor().remainder(6)
  const fraction = turns.remainder(6).sub(sextant)
  const p = v.mul(torch.rsub(s, 1))
  const q = v.mul(torch.rsub(fraction.mul(s), 1))
  const t = v.mul(torch.rsub(torch.rsub(fraction, 1).mul(s), 1))
  const isSextant = [0, 1, 2, 3, 4].map((i) => sextant.eq(i))
  const chain = (rows: readonly Tensor[]): Tensor => isSextant.reduceRight((value, mask, i) => torch.where(mask, rows[i]!, value), rows[5]!)
  return torch.stack([chain([v, q, p, p, t, v]), chain([t, v, v, q, p, p]), chain([p, p, t, v, v, q])], 1)
}

/** One factor per image [N], shaped to act on [N, C, H, W]. */
function perImage(factor: Tensor, images: Tensor): Tensor {
  return factor.to({ dtype: images.dtype, device: images.device }).reshape([-1, 1, 1, 1])
}

/** Clamps to 0…1. */
export function clampUnit(images: Tensor): Tensor {
  return images.clamp(0, 1)
}

/**
 * Multiplies by a factor [N] and clamps to 0…1.
 *
 * @throws ArgumentError for images that are not [N, C, H, W] and for another number of factors.
 * @example
 * transforms.adjustBrightness(torch.full([1, 3, 1, 1], 0.25), torch.tensor([2])).flatten().tolist() // [0.5, 0.5, 0.5]
 */
export function adjustBrightness(images: Tensor, factor: Tensor): Tensor {
  checkBatch('adjustBrightness()', images)
  checkFactors('adjustBrightness()', factor, images)
  return clampUnit(images.mul(perImage(factor, images)))
}

/** Blends with the mean luma of each image by a factor [N]: 0 is flat grey, 1 the image. */
export function adjustContrast(images: Tensor, factor: Tensor): Tensor {
  checkBatch('adjustContrast()', images, { colour: true })
  checkFactors('adjustContrast()', factor, images)
  const amount = perImage(factor, images)
  const mean = rgbToGrayscale(images).mean([-2, -1], true)
  return clampUnit(images.mul(amount).add(mean.mul(torch.rsub(amount, 1))))
}

/** Blends with the luma by a factor [N]: 0 is grey, 1 the image. */
export function adjustSaturation(images: Tensor, factor: Tensor): Tensor {
  checkBatch('adjustSaturation()', images, { colour: true })
  checkFactors('adjustSaturation()', factor, images)
  const amount = perImage(factor, images)
  return clampUnit(torch.rsub(amount, 1).mul(rgbToGrayscale(images)).add(amount.mul(images)))
}

/** Turns the hue by a factor [N] in whole turns (−0.5…0.5). */
export function adjustHue(images: Tensor, factor: Tensor): Tensor {
  checkBatch('adjustHue()', images, { colour: true })
  checkFactors('adjustHue()', factor, images)
  const [hue, saturation, value] = rgbToHsv(images).unbind(1) as [Tensor, Tensor, Tensor]
  const shift = perImage(factor.mul(2).mul(Math.PI), images).squeeze(1)
  const turned = hue.add(shift).remainder(2 * Math.PI)
  return hsvToRgb(torch.stack([turned.maskedFill(turned.ge(2 * Math.PI), 0), saturation, value], 1))
}

/** Adds, clamps to 0…1, then inverts values from the threshold on; one threshold and one addition per image [N]. */
export function solarize(images: Tensor, thresholds: Tensor, additions: Tensor): Tensor {
  checkBatch('solarize()', images)
  checkFactors('solarize()', thresholds, images)
  checkFactors('solarize()', additions, images)
  const added = clampUnit(images.add(perImage(additions, images)))
  return torch.where(added.lt(perImage(thresholds, images)), added, torch.rsub(added, 1))
}
