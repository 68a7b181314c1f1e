import { z } from 'zod'
import { describedBy, positiveInt, probability } from '../common/options'
import { option, worded } from '../common/wording'
import { augmentationOptions, pixelCLOptions } from '../pixelcl'
import { architectures } from '../vision/models'
import { RECIPE_NAMES } from './recipes'

const count = z.number().int().min(0)

/** What is pretrained. */
const backbone = z.strictObject({
  file: z
    .string()
    .min(1)
    .describe(
      "a TorchScript file, a ResNet's state dict, a trainer's checkpoint, or the address of one; or a name: resnet50 (random weights), resnet50:DEFAULT (torchvision's)",
    ),
  arch: z.enum(architectures).optional().describe('the ResNet of a state dict; default: inferred from its names'),
  prefix: z.string().min(1).optional().describe('the path to one of several ResNets in a checkpoint, such as module.encoder_k'),
})

/** What it is pretrained on, and how images become batches. */
const data = z.strictObject({
  folder: z.string().min(1).describe('the folder of images; folders in it count'),
  inputSize: describedBy(
    z.tuple([positiveInt, positiveInt]).optional(),
    worded`height and width that images are brought to, in pixels; ${option('imageSize')} for both when left out`,
  ),
  resize: z
    .enum(['crop', 'stretch'])
    .default('crop')
    .describe('how an image is brought to that size: crop cuts the middle out, stretch keeps all'),
  batchSize: z.number().int().min(2).default(16).describe('images in a step'),
  prefetch: count.max(64).default(2).describe('batches that are decoded ahead'),
})

/** Length of the training, schedules of the learning rate and of the target's decay. */
const schedule = z.strictObject({
  steps: positiveInt.optional().describe('optimizer steps; by the number of images when left out'),
  epochs: describedBy(z.number().positive().optional(), worded`passes over the images, in place of ${option('steps')}`),
  shape: z.enum(['cosine', 'constant']).default('cosine').describe('of the learning rate after the warm-up: cosine falls to 0'),
  warmupSteps: count.default(10).describe('steps over which the learning rate rises to its highest'),
  movingAverageDecayEnd: probability.optional().describe("where the target's decay ends, moving along a cosine; it stays when left out"),
})

const optimizer = z.strictObject({
  algorithm: z.enum(['adam', 'adamw', 'sgd']).default('adam').describe('sgd has a momentum of 0.9'),
  lr: z.number().positive().default(1e-4).describe('the highest learning rate'),
  weightDecay: z.number().min(0).default(0).describe("the optimizer's weight decay"),
})

/** What the backbone is measured on before and after. */
const evaluation = z.strictObject({
  heldOut: count
    .default(8)
    .describe(
      'images that are not trained on but measured before and after, at most 256 of them, and fewer where more would take longer than a tenth of the training; the first are shown in the report',
    ),
  masks: z
    .string()
    .min(1)
    .optional()
    .describe(
      'a folder of masks of class numbers (PNG), named like the images or with _mask behind; they are measured by kNN and linear mIoU',
    ),
  maskClasses: describedBy(
    z.string().min(1).optional(),
    worded`a text file that names the classes of ${option('masks')}, one on a line, the first of class 0`,
  ),
  maskIgnore: describedBy(
    z.union([z.number().int().min(0), z.string().min(1)]).optional(),
    worded`the class in ${option('masks')} that counts for nothing, a number or a name, or none; 255 when left out`,
  ),
})

/** Output, seed, device and threads of a run. */
const run = z.strictObject({
  out: z.string().min(1).describe('the folder that the run writes'),
  overwrite: z.boolean().default(false).describe('replaces the run that is there'),
  saveEvery: count.default(0).describe('steps after which the backbone is written each time; 0: at the end only'),
  seed: count.default(0).describe('decides initialisation, order, views and augmentations'),
  device: z
    .string()
    .regex(/^(cpu|cuda|mps)(:\d+)?$/, 'expected cpu, cuda, cuda:0, …')
    .default('cpu')
    .describe('where the learner runs: cpu, cuda:0, …'),
  threads: positiveInt.optional().describe("threads of libtorch; libtorch's own choice when left out"),
})

/** The learner's options that JSON can hold. */
const learner = pixelCLOptions.omit({ augmentFn: true, augmentFn2: true }).extend({
  imageSize: describedBy(positiveInt.default(256), worded`side of the images in pixels, where ${option('inputSize')} is left out`),
})

/** All options of a pretraining run, before its recipe is applied; the descriptions are the command line's help. */
export const pretrainOptions = z.strictObject({
  recipe: z.enum(RECIPE_NAMES).default('dense').describe('the set of options that hold where nothing else is said; see `pixelcl recipes`'),
  backbone: backbone.describe('what is pretrained'),
  data: data.describe('what it is pretrained on, and how images become batches'),
  run: run.describe('output, seed, device and threads'),
  schedule: schedule.prefault({}).describe("length of the training, schedules of the learning rate and of the target's decay"),
  optimizer: optimizer.prefault({}).describe('what applies the gradients'),
  evaluation: evaluation.prefault({}).describe('what the backbone is measured on before and after'),
  learner: learner.prefault({}).describe("the learner's options that JSON can hold"),
  augmentation: augmentationOptions.prefault({}).describe('strengths of the augmentations'),
})

export type { PretrainOptions } from './option-types'

/** The options of the training loop. */
export const loopOptions = z.strictObject({
  schedule: schedule.omit({ epochs: true }).extend({ steps: positiveInt }),
  optimizer: optimizer.prefault({}),
})

export type LoopOptions = z.input<typeof loopOptions>
export type ResolvedLoopOptions = z.output<typeof loopOptions>

/** Options as they are asked for: what depends on backbone and images is still open. */
export type AskedPretrainOptions = z.output<typeof pretrainOptions>

/** All options of a run, with the choices of its recipe. */
export type ResolvedPretrainOptions = Omit<AskedPretrainOptions, 'schedule'> & Pick<ResolvedLoopOptions, 'schedule'>
