import type { Size } from '../vision/datasets'
import type { PretrainOptions } from './option-types'

/** Options of a run by section, any of them left out. */
export type SomeOptions = {
  readonly [Section in Exclude<keyof PretrainOptions, 'recipe'>]?: Partial<NonNullable<PretrainOptions[Section]>> | undefined
}

/** An option that a recipe chooses for the inputs at hand. */
interface Choice {
  readonly section: keyof SomeOptions
  readonly name: string
  /** How it is chosen, in words. */
  readonly about: string
}

/** A named set of options for pretraining. */
export interface Recipe {
  /** One sentence. */
  readonly summary: string
  /** For whom it is, and what is known of it. */
  readonly about: string
  /** Values in place of the schema's defaults. */
  readonly options: SomeOptions
  /** Options that depend on the images and the backbone. */
  readonly choices: readonly Choice[]
}

export const RECIPE_NAMES = ['dense', 'reference'] as const

export type RecipeName = (typeof RECIPE_NAMES)[number]

const STEPS: Choice = {
  section: 'schedule',
  name: 'steps',
  about: 'about 110 · √images images in all, at least 200 steps',
}

export const RECIPES: Readonly<Record<RecipeName, Recipe>> = {
  dense: {
    summary: 'PixContrast for each pixel: features that tell the parts of an image apart.',
    about:
      'For segmentation and detection, from a hundred images on, on a CPU, too. Every image has its own crops, so that a batch holds many pairs; ' +
      'a pair is two bins at the same place, measured in bins; colours change mildly, for colour often tells things apart.',
    options: {
      data: { batchSize: 4 },
      schedule: { movingAverageDecayEnd: 1 },
      optimizer: { algorithm: 'adamw', weightDecay: 0.01 },
      evaluation: { heldOut: 32 },
      learner: {
        usePixpro: false,
        contrast: 'pixel',
        similarityTemperature: 0.2,
        instanceWeight: 0,
        cropPer: 'sample',
        cutoutRatioRange: [0.5, 0.9],
        cutoutInterpolateMode: 'bilinear',
        probRandHflip: 0.5,
        distance: 'bin',
        distanceThres: 1.5,
        projectionSize: 128,
        projectionHiddenSize: 256,
      },
      augmentation: { colorJitter: [0.4, 0.4, 0.4, 0.1], probGrayscale: 0, probBlur: 0, probSolarize: 0 },
    },
    choices: [
      {
        section: 'learner',
        name: 'hiddenLayerPixel',
        about: 'the last layer of features with a map of 6 × 6 in a view, or else of 4 × 4 in an image',
      },
      { section: 'data', name: 'inputSize', about: "the images' median size, at most 2 : 1 and at most 256² pixels" },
      { section: 'learner', name: 'viewSize', about: '0.6 of the image, but at least 7 and at most 40 strides' },
      { section: 'optimizer', name: 'lr', about: '0.006 · √(batchSize / 8) · min(1, 128 / channels)' },
      STEPS,
      { section: 'schedule', name: 'warmupSteps', about: 'a twentieth of the steps' },
    ],
  },
  reference: {
    summary: 'The values of the published package: PixPro with an instance loss and strong augmentations.',
    about:
      'For comparison with the Python package pixel-level-contrastive-learning, and for large batches and long runs. On a few hundred images and ' +
      'within minutes it gains little.',
    options: {},
    choices: [STEPS],
  },
}

/** Maximum number of pixels of an image in the recipe `dense`. */
const MOST_PIXELS = 256 ** 2

/** Maximum ratio of an image's long side to its short side; longer images are cropped to their middle. */
const LONGEST = 2

/** The size that images are brought to: their own, at most twice as long as wide, reduced to at most 256² pixels. */
export function inputSizeFor(own: Size): [number, number] {
  const most = LONGEST * Math.min(...own)
  const [height, width] = own.map((side) => Math.min(side, most)) as [number, number]
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (height * width)))
  return [Math.max(1, Math.round(height * scale)), Math.max(1, Math.round(width * scale))]
}

/**
 * The stride of a layer whose map has `map` pixels per side, for images of `side` pixels: the nearest power of two if it can give this map,
 * else the rounded quotient. The quotient alone is wrong where the layer has rounded the size of its map.
 */
export function strideOf(side: number, map: number): number {
  const stride = side / map
  const power = 2 ** Math.round(Math.log2(stride))
  const fits = power > side / (map + 1) && power * (map - 1) < side
  return Math.max(1, fits ? power : Math.round(stride))
}

/** Maximum length of a view's side, as a share of the image's side. */
const SHARE = 0.6
/** Minimum and maximum size of a view, in pixels of the map. */
const FEWEST_STRIDES = 7
const MOST_STRIDES = 40

/**
 * The size of views, whose maps need enough pixels to compare but not more than memory allows.
 *
 * At equal cost few large views train better than many small ones: they show objects at the scale of the measured images, and the loss only
 * compares pixels of one image.
 */
export function viewSizeFor(size: Size, stride: number): [number, number] {
  const share = Math.min(SHARE, (MOST_STRIDES * stride) / Math.max(...size))
  const side = (length: number) => {
    const wanted = Math.max(share * length, FEWEST_STRIDES * stride)
    return Math.min(length, Math.round(wanted / stride) * stride)
  }
  return [side(size[0]), side(size[1])]
}

/**
 * The highest learning rate, found with 64 channels and batches of 8.
 *
 * The rate grows with the square root of the batch size, because the gradient's noise falls with it, and shrinks in proportion to the channels ("Tensor Programs V", 2022).
 */
export function learningRateFor(batchSize: number, channels: number): number {
  return Number((0.006 * Math.sqrt(batchSize / 8) * Math.min(1, 128 / channels)).toPrecision(2))
}

/** The training shows `SEEN · √n` images in total for a folder of n, so that each of few images is shown more often. */
const SEEN = 110
const FEWEST_STEPS = 200

/** The number of steps for a number of images, or for a number of passes over them. */
export function stepsFor(images: number, batchSize: number, epochs?: number): number {
  if (epochs !== undefined) return Math.max(1, Math.round((epochs * images) / batchSize))
  return Math.max(FEWEST_STEPS, Math.round((SEEN * Math.sqrt(images)) / batchSize))
}

/** Merges options section by section; later layers win, and undefined values are skipped. */
export function layered(...layers: readonly SomeOptions[]): SomeOptions {
  const result: Record<string, Record<string, unknown>> = {}
  for (const layer of layers) {
    for (const [section, options] of Object.entries(layer)) {
      const known = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
      result[section] = { ...result[section], ...Object.fromEntries(known) }
    }
  }
  return result as SomeOptions
}
