import { z } from 'zod'
import { augmentationOptions, pixelCLOptions } from '../pixelcl'
import { positiveInt, probability } from '../vision/validation'
import { architectures } from '../vision/models'

const count = z.number().int().min(0)

/** How a learner is trained. */
export const trainerOptions = z.strictObject({
  steps: positiveInt.describe('optimizer steps'),
  batchSize: z.number().int().min(2).default(16).describe('images in a step'),
  optimizer: z.enum(['adam', 'adamw', 'sgd']).default('adam').describe('sgd has a momentum of 0.9'),
  lr: z.number().positive().default(1e-4).describe('the highest learning rate'),
  weightDecay: z.number().min(0).default(0).describe("the optimizer's weight decay"),
  schedule: z.enum(['cosine', 'constant']).default('cosine').describe('of the learning rate after the warm-up: cosine falls to 0'),
  warmupSteps: count.default(10).describe('steps over which the learning rate rises to its highest'),
  movingAverageDecayEnd: probability.optional().describe("where the target's decay ends, moving along a cosine; it stays when left out"),
  seed: count.default(0).describe('decides initialisation, order, views and augmentations'),
  device: z
    .string()
    .regex(/^(cpu|cuda|mps)(:\d+)?$/, 'expected cpu, cuda, cuda:0, …')
    .default('cpu')
    .describe('where the learner runs: cpu, cuda:0, …'),
  threads: positiveInt.optional().describe("threads of libtorch; libtorch's own choice when left out"),
  prefetch: count.max(64).default(2).describe('batches that are decoded ahead'),
  inputSize: z
    .tuple([positiveInt, positiveInt])
    .optional()
    .describe('height and width that images are brought to, in pixels; imageSize for both when left out'),
  resize: z.enum(['crop', 'stretch']).default('crop').describe('how: crop cuts the middle out, stretch keeps all'),
  heldOut: count.default(8).describe('images that are not trained on but measured before and after, and shown in the report'),
  saveEvery: count.default(0).describe('steps after which the backbone is written each time; 0: at the end only'),
})

export type TrainerOptions = z.input<typeof trainerOptions>
export type ResolvedTrainerOptions = z.output<typeof trainerOptions>

/** What a run reads and writes. */
export const runOptions = z.strictObject({
  backbone: z.string().min(1).describe("a TorchScript file, or a ResNet's state dict"),
  data: z.string().min(1).describe('the folder of images; folders in it count'),
  out: z.string().min(1).describe('the folder that the run writes'),
  arch: z.enum(architectures).optional().describe('the ResNet of a state dict; told from its names when left out'),
  overwrite: z.boolean().default(false).describe('replaces the run that is there'),
})

/** The learner's options that a file or a flag can hold, its augmentations', the trainer's and the run's, in one flat object. */
export const pretrainOptions = runOptions
  .extend(trainerOptions.shape)
  .extend(pixelCLOptions.omit({ augmentFn: true, augmentFn2: true }).shape)
  .extend(augmentationOptions.shape)
  .extend({ imageSize: positiveInt.default(256).describe('side of the images in pixels, where inputSize is left out') })

export type PretrainOptions = z.input<typeof pretrainOptions>
export type ResolvedPretrainOptions = z.output<typeof pretrainOptions>

/** The part of the options that one schema knows. */
export function partOf<Schema extends z.ZodObject>(schema: Schema, options: Record<string, unknown>): z.output<Schema> {
  return Object.fromEntries(
    Object.entries(options).filter(([key, value]) => key in schema.shape && value !== undefined),
  ) as z.output<Schema>
}
