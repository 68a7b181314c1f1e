import { z } from 'zod'
import { pixelCLOptions } from '../pixelcl/options'

const positiveInt = z.number().int().positive()

/** How a learner is trained. */
export const trainerOptions = z.strictObject({
  /** Optimizer steps. */
  steps: positiveInt,
  /** Images in a step. */
  batchSize: z.number().int().min(2).default(16),
  optimizer: z.enum(['adam', 'adamw', 'sgd']).default('adam'),
  /** The highest learning rate. */
  lr: z.number().positive().default(1e-4),
  weightDecay: z.number().min(0).default(0),
  /** The learning rate after the warm-up: 'cosine' falls to 0, 'constant' stays. */
  schedule: z.enum(['cosine', 'constant']).default('cosine'),
  /** Steps over which the learning rate rises to its highest. */
  warmupSteps: z.number().int().min(0).default(10),
  /** Where the target's decay ends, rising along a cosine; default: it stays. */
  movingAverageDecayEnd: z.number().min(0).max(1).optional(),
  /** Decides initialisation, order, views and augmentations. */
  seed: z.number().int().min(0).default(0),
  /** Where the learner runs: 'cpu', 'cuda:0', … */
  device: z.string().default('cpu'),
  /** Threads of libtorch; default: its own choice. */
  threads: positiveInt.optional(),
  /** Batches that are decoded ahead. */
  prefetch: z.number().int().min(0).default(2),
  /** Height and width that images are brought to, in pixels; default: imageSize for both. */
  inputSize: z.tuple([positiveInt, positiveInt]).optional(),
  /** How they are brought there: 'crop' cuts the middle out, 'stretch' keeps all. */
  resize: z.enum(['crop', 'stretch']).default('crop'),
  /** Images that are not trained on but measured before and after, and shown in the report. */
  heldOut: z.number().int().min(0).default(8),
  /** Writes the backbone every so many steps, too; 0: at the end only. */
  saveEvery: z.number().int().min(0).default(0),
})

export type TrainerOptions = z.input<typeof trainerOptions>
export type ResolvedTrainerOptions = z.output<typeof trainerOptions>

/** What a run reads and writes. */
export const runOptions = z.strictObject({
  /** The backbone: a TorchScript file, or a ResNet's state dict. */
  backbone: z.string().min(1),
  /** The folder of images. */
  data: z.string().min(1),
  /** The folder that the run writes. */
  out: z.string().min(1),
  /** The ResNet of a state dict; default: told from its keys. */
  arch: z.enum(['resnet18', 'resnet34', 'resnet50', 'resnet101', 'resnet152']).optional(),
  /** Replaces a run that is there. */
  overwrite: z.boolean().default(false),
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
  return Object.fromEntries(Object.entries(options).filter(([key, value]) => key in schema.shape && value !== undefined)) as z.output<Schema>
}
