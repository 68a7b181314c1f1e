// Written from the schemas by `npm test -- pixelcl/option-types -u`; do not edit.
import type { Tensor, nn } from '../torch'

/** The learner's options, with the reference's defaults. */
export interface PixelCLOptions {
  /** Side of the constructor's dry run, in pixels; images may have other sizes unless the instance layer is spatial. A whole number of at least 1. */
  imageSize: number
  /** Channels of the images; those that the backbone's first convolution takes when left out. A whole number of at least 1. */
  channels?: number | undefined
  /** The layer whose map the pixel loss reads: a name, or an index into the backbone's children. Default -2. */
  hiddenLayerPixel?: string | number | undefined
  /** The layer that the instance loss reads, flattened: a name or an index; none is needed where its weight is 0. Default -2. */
  hiddenLayerInstance?: string | number | undefined
  /** Channels of the projections that are compared. A whole number of at least 1. Default 256. */
  projectionSize?: number | undefined
  /** Channels of the hidden layer of projectors and predictor. A whole number of at least 1. Default 2048. */
  projectionHiddenSize?: number | undefined
  /** Replaces the augmentations of the first view, normalisation included. */
  augmentFn?: nn.Module | ((images: Tensor) => Tensor) | undefined
  /** The same for the second view; default: the first's. */
  augmentFn2?: nn.Module | ((images: Tensor) => Tensor) | undefined
  /** Probability of a horizontal flip, of each view. A number from 0 to 1. Default 0.25. */
  probRandHflip?: number | undefined
  /** Share of the target that stays in an update. A number from 0 to 1. Default 0.99. */
  movingAverageDecay?: number | undefined
  /** Layers of the pixel propagation's transform. Default 1. */
  ppmNumLayers?: 0 | 1 | 2 | undefined
  /** How sharply the pixel propagation prefers similar pixels. A number above 0. Default 2. */
  ppmGamma?: number | undefined
  /** Pixels nearer than this are a positive pair. A number above 0. Default 0.7. */
  distanceThres?: number | undefined
  /** Temperature of PixContrast. A number above 0. Default 0.3. */
  similarityTemperature?: number | undefined
  /** Weight of the pixel loss. Default 1. */
  alpha?: number | undefined
  /** PixPro (pixel propagation); else PixContrast. Default true. */
  usePixpro?: boolean | undefined
  /** Least and largest share of the image's sides that a view's box has. 0 < low ≤ high ≤ 1. Default [0.6, 0.8]. */
  cutoutRatioRange?: [number, number] | undefined
  /** How a box is resized to the size of a view. Default 'nearest'. */
  cutoutInterpolateMode?: 'nearest' | 'bilinear' | 'bicubic' | 'area' | 'nearest-exact' | undefined
  /** How the coordinates of a box are resized to the map. Default 'bilinear'. */
  coordCutoutInterpolateMode?: 'nearest' | 'bilinear' | 'bicubic' | 'area' | 'nearest-exact' | undefined
  /** Weight of the instance loss; 0 leaves the instance branch out. A number of at least 0. Default 1. */
  instanceWeight?: number | undefined
  /** 'batch': one ratio over the pooled batch, as the reference; 'pixel': one for each pixel, as the paper. Default 'batch'. */
  contrast?: 'batch' | 'pixel' | undefined
  /** 'batch': one box and flip for all images; 'sample': every image its own. Default 'batch'. */
  cropPer?: 'batch' | 'sample' | undefined
  /** 'image': the reference's scaling; 'bin': distances of bin centres over the larger bin diagonal, as the authors. Default 'image'. */
  distance?: 'image' | 'bin' | undefined
  /** Height and width that views are resized to; the images' own when left out, so that larger images give sharper views. Each a whole number of at least 1. */
  viewSize?: [number, number] | undefined
}

/** Strengths of the augmentations, with the reference's defaults. */
export interface AugmentationOptions {
  /** Largest change of brightness, contrast, saturation and, in whole turns, hue. At least 0, at least 0, at least 0, from 0 to 0.5. Default [0.8, 0.8, 0.8, 0.2]. */
  colorJitter?: [number, number, number, number] | undefined
  /** Probability of the colour jitter, of each batch. A number from 0 to 1. Default 0.8. */
  probColorJitter?: number | undefined
  /** Probability of grey, of each image. A number from 0 to 1. Default 0.2. */
  probGrayscale?: number | undefined
  /** Probability of a blur, of each batch. A number from 0 to 1. Default 0.1. */
  probBlur?: number | undefined
  /** Probability that bright values are inverted, of each image. A number from 0 to 1. Default 0.5. */
  probSolarize?: number | undefined
}
