import { z } from 'zod'
import { pixelCLOptions } from '../pixelcl/options'

const positiveInt = z.number().int().positive()

/** How a learner is trained. */
export const trainerOptions = z.strictObject({
  steps: positiveInt.describe('optimizer steps'),
  batchSize: z.number().int().min(2).default(16).describe('images in a step'),
  optimizer: z.enum(['adam', 'adamw', 'sgd']).default('adam'),
  lr: z.number().positive().default(1e-4).describe('the highest learning rate'),
  weightDecay: z.number().min(0).default(0),
  schedule: z
    .enum(['cosine', 'constant'])
    .default('cosine')
    .describe("the learning rate after the warm-up: 'cosine' falls to 0, 'constant' stays"),
  warmupSteps: z.number().int().min(0).default(10).describe('steps over which the learning rate rises to its highest'),
  movingAverageDecayEnd: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("where the target's decay ends, rising along a cosine; default: it stays"),
  seed: z.number().int().min(0).default(0).describe('decides initialisation, order, views and augmentations'),
  device: z.string().default('cpu').describe("where the learner runs: 'cpu', 'cuda:0', …"),
  threads: positiveInt.optional().describe('threads of libtorch; default: its own choice'),
  prefetch: z.number().int().min(0).default(2).describe('batches that are decoded ahead'),
  inputSize: z
    .tuple([positiveInt, positiveInt])
    .optional()
    .describe('height and width that images are brought to, in pixels; default: imageSize for both'),
  resize: z
    .enum(['crop', 'stretch'])
    .default('crop')
    .describe("how they are brought there: 'crop' cuts the middle out, 'stretch' keeps all"),
  heldOut: z
    .number()
    .int()
    .min(0)
    .default(8)
    .describe('images that are not trained on but measured before and after, and shown in the report'),
  saveEvery: z.number().int().min(0).default(0).describe('writes the backbone every so many steps, too; 0: at the end only'),
})

export type TrainerOptions = z.input<typeof trainerOptions>
export type ResolvedTrainerOptions = z.output<typeof trainerOptions>

/** What a run reads and writes. */
export const runOptions = z.strictObject({
  backbone: z.string().min(1).describe("the backbone: a TorchScript file, or a ResNet's state dict"),
  data: z.string().min(1).describe('the folder of images'),
  out: z.string().min(1).describe('the folder that the run writes'),
  arch: z
    .enum(['resnet18', 'resnet34', 'resnet50', 'resnet101', 'resnet152'])
    .optional()
    .describe('the ResNet of a state dict; default: told from its keys'),
  overwrite: z.boolean().default(false).describe('replaces a run that is there'),
})

/** The learner's options that a file or a flag can hold, the trainer's and the run's, in one flat object. */
export const pretrainOptions = pixelCLOptions
  .omit({ augmentFn: true, augmentFn2: true })
  .extend({ imageSize: positiveInt.default(256) })
  .extend(trainerOptions.shape)
  .extend(runOptions.shape)

export type PretrainOptions = z.input<typeof pretrainOptions>
export type ResolvedPretrainOptions = z.output<typeof pretrainOptions>

/** The part of the options that one schema knows. */
export function partOf<Schema extends z.ZodObject>(schema: Schema, options: Record<string, unknown>): z.output<Schema> {
  return Object.fromEntries(
    Object.entries(options).filter(([key, value]) => key in schema.shape && value !== undefined),
  ) as z.output<Schema>
}
