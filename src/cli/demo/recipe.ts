import { join } from 'node:path'
import type { PretrainOptions } from '../../training'
import { packageRoot } from '../../native/load'

/** The demo's options; all others have the values of the recipe `dense`. */
export type Recipe = Omit<PretrainOptions, 'data' | 'run'> & { readonly data: Omit<PretrainOptions['data'], 'folder'> }

/**
 * PixContrast as in the paper, with one softmax row per pixel, on small views drawn separately for each image.
 *
 * A view of 0.3 to 0.6 of the sides moves what it shows far from its position in the image, and the backbone pads by reflection. So the features
 * cannot solve the task by telling where in a view they lie; with large views and zero padding they did nothing else. In so short a run PixPro's
 * features tend to become constant within an image, and an instance loss has the same effect, because every image shows most classes.
 */
export const RECIPE = {
  backbone: { file: join(packageRoot, 'models', 'small.pt') },
  // At equal cost many steps with small batches teach more: pixels are compared within an image only.
  data: { batchSize: 8, inputSize: [160, 160] },
  schedule: { steps: 450 },
  optimizer: { algorithm: 'adamw', lr: 5.6e-3, weightDecay: 0.01 },
  learner: {
    imageSize: 64,
    viewSize: [64, 64],
    hiddenLayerPixel: 'layer3',
    hiddenLayerInstance: 'avgpool',
    usePixpro: false,
    contrast: 'pixel',
    similarityTemperature: 0.1,
    instanceWeight: 0,
    cropPer: 'sample',
    cutoutRatioRange: [0.3, 0.6],
    probRandHflip: 0.5,
    distance: 'bin',
    distanceThres: 2,
    // The target must follow quickly in so few steps.
    movingAverageDecay: 0.95,
    projectionSize: 128,
    projectionHiddenSize: 512,
  },
  augmentation: { colorJitter: [0.4, 0.4, 0.4, 0.1], probSolarize: 0 },
  // The demo evaluates on images of a separate folder.
  evaluation: { heldOut: 0 },
} as const satisfies Recipe
