import * as torch from '../torch'
import type { Tensor } from '../torch'
import type { PixelCL } from '../pixelcl'
import { firstParameter } from '../pixelcl/internal'
import type { Size } from '../vision/datasets'
import type { Loader } from './loop'
import { EventStream, type LoopEvent } from './metrics'
import type { ResolvedLoopOptions } from './options'
import { pretrainingLoop } from './pretraining-loop'

/** Passes that an image of a training step costs: two views go forward and back, which is as much as two more, and forward through the target. */
export const PASSES = 2 * (1 + 2 + 1)

/** The fewest images that batch norms take. */
const FEWEST = 2
/** Steps of a trial at most, with the one that warms up. */
const TRIALS = 6
/** The share of the training after which a trial takes no further step, and the seconds at most. */
const SHARE = 0.05
const MOST = 2
/** Shorter trainings, in seconds, need no trial. */
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
 * Roughly the seconds of a training, from a few steps of a copy without a learning rate; of a short one, from its passes.
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
    // The step that warms up counts, too.
    if (rough < SHORT || 2 * FEWEST > SHARE * images) return rough
    const budget = Math.min(MOST, SHARE * rough)
    // An image of a small batch takes longer, so rather few steps with many images.
    const few = Math.min(batchSize, Math.max(FEWEST, Math.floor(budget / (2 * each))))
    return (await secondsPerStep(copy, loop, loader(few), budget)) * (images / few)
  } finally {
    generators.forEach((generator, i) => generator.setState(states[i]!))
  }
}

/** Seconds that a view takes to pass the network forward. */
function secondsPerPass({ onlineEncoder, channels }: PixelCL, size: Size): number {
  const views = torch.rand([FEWEST, channels, ...size], firstParameter(onlineEncoder.net))
  const pass = () => {
    const began = performance.now()
    // Reading a value waits for a GPU.
    torch.scope(() => void torch.noGrad(() => onlineEncoder.call(views).pixels.sum().item()))
    return (performance.now() - began) / 1000 / FEWEST
  }
  // The first one warms up: it chooses algorithms and allocates memory.
  pass()
  return pass()
}

/** The median of some steps after the first, as many as the budget lasts for; of two the shorter, for the first ones are slow. */
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
