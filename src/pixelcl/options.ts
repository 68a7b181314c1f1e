import { z } from 'zod'
import { nn, type Tensor } from '../torch'
import { positiveInt, probability } from '../common/options'

const augmentation = z.custom<nn.Module | ((images: Tensor) => Tensor)>(
  (value) => typeof value === 'function' || value instanceof nn.Module,
  'expected a function of images or a Module',
)
const layer = z.union([z.string(), z.number().int()])
const interpolateMode = z.enum(['nearest', 'bilinear', 'bicubic', 'area', 'nearest-exact'])

/** The learner's options, with the reference's defaults; the descriptions are the command line's help. */
export const pixelCLOptions = z.strictObject({
  imageSize: positiveInt.describe(
    "side of the constructor's dry run, in pixels; images may have other sizes unless the instance layer is spatial",
  ),
  channels: positiveInt.optional().describe("channels of the images; those that the backbone's first convolution takes when left out"),
  hiddenLayerPixel: layer
    .default(-2)
    .describe("the layer whose map the pixel loss reads: a name, or an index into the backbone's children"),
  hiddenLayerInstance: layer
    .default(-2)
    .describe('the layer that the instance loss reads, flattened: a name or an index; none is needed where its weight is 0'),
  projectionSize: positiveInt.default(256).describe('channels of the projections that are compared'),
  projectionHiddenSize: positiveInt.default(2048).describe('channels of the hidden layer of projectors and predictor'),
  augmentFn: augmentation.optional().describe('replaces the augmentations of the first view, normalisation included'),
  augmentFn2: augmentation.optional().describe("the same for the second view; default: the first's"),
  probRandHflip: probability.default(0.25).describe('probability of a horizontal flip, of each view'),
  movingAverageDecay: probability.default(0.99).describe('share of the target that stays in an update'),
  ppmNumLayers: z
    .union([z.literal(0), z.literal(1), z.literal(2)], 'expected 0, 1 or 2')
    .default(1)
    .describe("layers of the pixel propagation's transform"),
  ppmGamma: z.number().positive().default(2).describe('how sharply the pixel propagation prefers similar pixels'),
  distanceThres: z.number().positive().default(0.7).describe('pixels nearer than this are a positive pair'),
  similarityTemperature: z.number().positive().default(0.3).describe('temperature of PixContrast'),
  alpha: z.number().default(1).describe('weight of the pixel loss'),
  usePixpro: z.boolean().default(true).describe('PixPro (pixel propagation); else PixContrast'),
  cutoutRatioRange: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low > 0 && low <= high && high <= 1, 'expected 0 < low ≤ high ≤ 1')
    .default([0.6, 0.8])
    .describe("least and largest share of the image's sides that a view's box has"),
  cutoutInterpolateMode: interpolateMode.default('nearest').describe('how a box is resized to the size of a view'),
  coordCutoutInterpolateMode: interpolateMode.default('bilinear').describe('how the coordinates of a box are resized to the map'),
  instanceWeight: z.number().min(0).default(1).describe('weight of the instance loss; 0 leaves the instance branch out'),
  contrast: z
    .enum(['batch', 'pixel'])
    .default('batch')
    .describe("'batch': one ratio over the pooled batch, as the reference; 'pixel': one for each pixel, as the paper"),
  cropPer: z.enum(['batch', 'sample']).default('batch').describe("'batch': one box and flip for all images; 'sample': every image its own"),
  distance: z
    .enum(['image', 'bin'])
    .default('image')
    .describe("'image': the reference's scaling; 'bin': distances of bin centres over the larger bin diagonal, as the authors"),
  viewSize: z
    .tuple([positiveInt, positiveInt])
    .optional()
    .describe("height and width that views are resized to; the images' own when left out, so that larger images give sharper views"),
})

export type { PixelCLOptions } from './option-types'
export type ResolvedOptions = z.output<typeof pixelCLOptions>
