export { adjustBrightness, adjustContrast, adjustHue, adjustSaturation, hsvToRgb, rgbToGrayscale, rgbToHsv, solarize } from './color'
export {
  ColorJitter,
  GaussianBlur,
  IMAGENET_MEAN,
  IMAGENET_STD,
  Normalize,
  RandomApply,
  RandomGrayscale,
  RandomSolarize,
  applyTransform,
  colorJitter,
  gaussianBlur,
  uniform,
  type ImageTransform,
  type JitterFactors,
} from './random'
