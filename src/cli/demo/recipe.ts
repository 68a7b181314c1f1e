import { join } from 'node:path'
import type { PretrainOptions } from '../../training'
import { packageRoot } from '../package'

/** The demo's options; all others have the defaults of `pixelcl pretrain`. */
export type Recipe = Omit<PretrainOptions, 'data' | 'run'> & { readonly data: Omit<PretrainOptions['data'], 'folder'> }

/**
 * PixContrast as in the paper, with one softmax row per pixel, on views drawn separately for each image.
 *
 * In so short a run PixPro's features tend to become constant within an image. An instance loss does the same, because every image shows all
 * classes. Distances between bin centres keep the pairs exact on a small map.
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
    // 0.2 to 1 of the image's area.
    cutoutRatioRange: [0.447, 1],
    distance: 'bin',
    distanceThres: 1,
    projectionSize: 128,
    projectionHiddenSize: 512,
  },
  // The demo evaluates on images of a separate folder.
  evaluation: { heldOut: 0 },
} as const satisfies Recipe
