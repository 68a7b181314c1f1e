import { z } from 'zod'
import { ArgumentError, nn, type Tensor } from '../torch'
import { suggestion } from '../torch/dispatch/resolve'

const augmentation = z.custom<nn.Module | ((images: Tensor) => Tensor)>(
  (value) => typeof value === 'function' || value instanceof nn.Module,
  'expected a function of images or a Module',
)
const layer = z.union([z.string(), z.number().int()])
const probability = z.number().min(0).max(1)
const positiveInt = z.number().int().positive()
const interpolateMode = z.enum(['nearest', 'bilinear', 'bicubic', 'area', 'nearest-exact'])

/** The learner's options, with the reference's defaults. */
export const pixelCLOptions = z.strictObject({
  /** Side of the square images of the constructor's dry run, in pixels. */
  imageSize: positiveInt,
  /** The layer whose map the pixel loss reads: a name, or an index into the backbone's children. */
  hiddenLayerPixel: layer.default(-2),
  hiddenLayerInstance: layer.default(-2),
  projectionSize: positiveInt.default(256),
  projectionHiddenSize: positiveInt.default(2048),
  /** Replaces the default augmentations, normalisation included; default for the second view: the first's. */
  augmentFn: augmentation.optional(),
  augmentFn2: augmentation.optional(),
  probRandHflip: probability.default(0.25),
  movingAverageDecay: probability.default(0.99),
  ppmNumLayers: z.union([z.literal(0), z.literal(1), z.literal(2)], 'expected 0, 1 or 2').default(1),
  ppmGamma: z.number().positive().default(2),
  distanceThres: z.number().positive().default(0.7),
  similarityTemperature: z.number().positive().default(0.3),
  alpha: z.number().default(1),
  usePixpro: z.boolean().default(true),
  cutoutRatioRange: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low > 0 && low <= high && high <= 1, 'expected 0 < low ≤ high ≤ 1')
    .default([0.6, 0.8]),
  cutoutInterpolateMode: interpolateMode.default('nearest'),
  coordCutoutInterpolateMode: interpolateMode.default('bilinear'),
  /** 0 leaves the instance branch out. */
  instanceWeight: z.number().min(0).default(1),
  /** 'batch': the reference's ratio over the pooled batch; 'pixel': the paper's, per pixel. */
  contrast: z.enum(['batch', 'pixel']).default('batch'),
  /** 'batch': one box and flip for all images; 'sample': every image its own. */
  cropPer: z.enum(['batch', 'sample']).default('batch'),
  /** 'image': the reference's scaling; 'bin': distances of bin centres over the larger bin diagonal, as the authors do. */
  distance: z.enum(['image', 'bin']).default('image'),
})

export type PixelCLOptions = z.input<typeof pixelCLOptions>
export type ResolvedOptions = z.output<typeof pixelCLOptions>

/**
 * Checks options against a strict schema.
 *
 * @throws ArgumentError that names every wrong option, what was expected and what came, and for an unknown key the one that was meant.
 */
export function parseOptions<Schema extends z.ZodObject>(schema: Schema, options: unknown, what: string): z.output<Schema> {
  const result = schema.safeParse(options)
  if (result.success) return result.data
  const known = Object.keys(schema.shape)
  const given = (typeof options === 'object' && options !== null ? options : {}) as Record<string, unknown>
  const lines = result.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `unknown option '${key}'${suggestion(key, known)}`)
    const name = issue.path.join('.')
    const came = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], given)
    return [`${name}: ${issue.message}${came === undefined ? '' : ` (received ${show(came)})`}`]
  })
  throw new ArgumentError(`${what} received wrong options:\n  ${lines.join('\n  ')}`)
}

function show(value: unknown): string {
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value))
}
