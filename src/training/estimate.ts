import * as torch from '../torch'
import type { Tensor } from '../torch'
import type { PixelCL } from '../pixelcl'
import { firstParameter } from '../pixelcl/internal'
import type { Size } from '../vision/datasets'
import type { Loader } from './loop'
import { EventStream, type LoopEvent } from './metrics'
import type { ResolvedLoopOptions } from './options'
import { pretrainingLoop } from './pretraining-loop'

/** Forward passes that one image costs in a training step: two views, each forward (1), backward (2) and forward through the target (1). */
export const PASSES = 2 * (1 + 2 + 1)

/** Minimum batch size of a batch norm in training mode. */
const FEWEST = 2
/** Maximum number of steps in a trial, including the warm-up step. */
const TRIALS = 6
/** A trial stops after this share of the estimated training time, and after `MOST` seconds. */
const SHARE = 0.05
const MOST = 2
/** A training that takes fewer seconds than this needs no trial. */
const SHORT = 5

export interface Estimated {
  readonly loop: ResolvedLoopOptions
  readonly batchSize: number
  /** Height and width of the views. */
  readonly viewSize: Size
  /** Makes the loader of the training, for batches of a given size. */
  readonly loader: (batchSize: number) => Loader<Tensor>
}

/**
 * Estimates the seconds of a training by a few steps of a copy at learning rate 0, or for a short training by the time of a forward pass.
 *
 * Weights, statistics and generators stay as they are.
 */
export async function secondsOfTraining(learner: PixelCL, { loop, batchSize, viewSize, loader }: Estimated): Promise<number> {
  const { device } = firstParameter(learner.onlineEncoder.net)
  const generators = [...new Set<torch.Device>(['cpu', device])].map((place) => torch.defaultGenerator(place))
  const states = generators.map((generator) => generator.getState())
  const images = loop.schedule.steps * batchSize
  try {
    const copy = learner.deepcopy()
    const each = PASSES * secondsPerPass(copy, viewSize)
    const rough = each * images
    // A trial takes at least two steps, because the first one warms up.
    if (rough < SHORT || 2 * FEWEST > SHARE * images) return rough
    const budget = Math.min(MOST, SHARE * rough)
    // Prefer few steps with large batches, because an image takes longer in a small batch.
    const few = Math.min(batchSize, Math.max(FEWEST, Math.floor(budget / (2 * each))))
    return (await secondsPerStep(copy, loop, loader(few), budget)) * (images / few)
  } finally {
    generators.forEach((generator, i) => generator.setState(states[i]!))
  }
}

/** Seconds of a forward pass of one view. */
function secondsPerPass({ onlineEncoder, channels }: PixelCL, size: Size): number {
  const views = torch.rand([FEWEST, channels, ...size], firstParameter(onlineEncoder.net))
  const pass = () => {
    const began = performance.now()
    // `item` waits for the GPU to finish.
    torch.scope(() => void torch.noGrad(() => onlineEncoder.call(views).pixels.sum().item()))
    return (performance.now() - began) / 1000 / FEWEST
  }
  // The first one warms up: it chooses algorithms and allocates memory.
  pass()
  return pass()
}

/** The median time of the steps after the first, as many as fit the budget; of an even number the lower median, because early steps are slow. */
async function secondsPerStep(
  learner: PixelCL,
  { optimizer, schedule }: ResolvedLoopOptions,
  loader: Loader<Tensor>,
  budget: number,
): Promise<number> {
  const ends: number[] = []
  const options = { optimizer: { ...optimizer, lr: 0 }, schedule: { ...schedule, steps: TRIALS } }
  const events = new EventStream<LoopEvent>()
  events.subscribe((event) => void (event.type === 'step' && ends.push(event.metrics.seconds)))
  await pretrainingLoop(learner, loader, options, events).run(() => ends.length > 1 && ends.at(-1)! > budget)
  const steps = ends.slice(1).map((end, i) => end - ends[i]!)
  return steps.sort((a, b) => a - b)[(steps.length - 1) >> 1]!
}
