import { join } from 'node:path'
import type { PretrainOptions } from '../../training'
import { packageRoot } from '../package'

/** What the demo pretrains with; whatever is not named here has the default of `pixelcl pretrain`. */
export type Recipe = Omit<PretrainOptions, 'data' | 'run'> & { readonly data: Omit<PretrainOptions['data'], 'folder'> }

/**
 * PixContrast as the paper writes it, a row for every pixel, on views of their own for every image.
 *
 * PixPro's features tend towards one value an image in so short a run, and an instance loss pulls the same way, for every image shows all
 * classes; distances between bin centres keep the pairs exact where a map is small.
 */
export const RECIPE = {
  backbone: { file: join(packageRoot, 'models', 'small.pt') },
  data: { batchSize: 16 },
  schedule: { steps: 200 },
  optimizer: { lr: 1e-3 },
  learner: {
    imageSize: 80,
    hiddenLayerPixel: 'layer3',
    hiddenLayerInstance: 'avgpool',
    usePixpro: false,
    contrast: 'pixel',
    instanceWeight: 0,
    cropPer: 'sample',
    // Of the image's area 0.2 to 1.
    cutoutRatioRange: [0.447, 1],
    distance: 'bin',
    distanceThres: 1,
    projectionSize: 128,
    projectionHiddenSize: 512,
  },
  // The measured images lie in a folder of their own.
  evaluation: { heldOut: 0 },
} as const satisfies Recipe
