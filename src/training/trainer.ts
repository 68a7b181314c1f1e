import { setImmediate as nextTurn } from 'node:timers/promises'
import * as torch from '../torch'
import { PixelclError, type Tensor } from '../torch'
import type { PixelCL } from '../pixelcl'
import { firstParameter } from '../pixelcl/internal'
import { constant, cosine, type Schedule } from '../common/schedules'
import type { ResolvedTrainerOptions } from './options'
import type { StepMetrics } from './run-folder'

/** Training cannot go on: says why, and what to change. */
export class TrainingError extends PixelclError {
  constructor(message: string) {
    super('TRAINING', message)
  }
}

export interface TrainHooks {
  /** Of every step, before it moves the weights: that the loss of what the steps before have left is finite. */
  onLoss?: () => void
  /** After every step. */
  onStep?: (metrics: StepMetrics) => void
  /** Asked after every step, and while images are waited for; true ends the training there. */
  shouldStop?: () => boolean
}

/**
 * Trains a learner on batches of images (float32 [N, 3, H, W] in 0…1), yielding to the event loop every step.
 *
 * @returns The steps that were taken.
 * @throws TrainingError for a loss that is not finite; the step then moves no weights.
 */
export async function train(
  learner: PixelCL,
  batches: AsyncIterator<Tensor, unknown>,
  options: ResolvedTrainerOptions,
  hooks: TrainHooks = {},
): Promise<number> {
  const optimizer = makeOptimizer(learner.parameters(), options)
  const { dtype } = firstParameter(learner.onlineEncoder.net)
  const rate = makeSchedule(options)
  const decay = makeDecay(learner.options.movingAverageDecay, options)
  const began = performance.now()
  let last = began

  for (let step = 0; step < options.steps; step++) {
    const batch = await unlessStopped(batches.next(), hooks.shouldStop)
    if (batch === null || batch.done === true) return step
    const lr = options.lr * rate(step)
    const { loss, positivePairs } = torch.scope(() => {
      const [loss, positivePairs] = learner.forward(batch.value.to(options.device).to(dtype), { returnPositivePairs: true })
      const value = loss.item<number>()
      if (!Number.isFinite(value)) throw notFinite(value, step, options)
      hooks.onLoss?.()
      optimizer.zeroGrad()
      loss.backward()
      if (step === 0) checkGradients(learner, positivePairs)
      for (const group of optimizer.paramGroups) group.lr = lr
      optimizer.step()
      learner.updateMovingAverage(decay(step))
      return { loss: value, positivePairs }
    })
    const now = performance.now()
    hooks.onStep?.({
      step: step + 1,
      loss,
      positivePairs,
      lr,
      imagesPerSecond: (1000 * batch.value.shape[0]!) / (now - last),
      seconds: (now - began) / 1000,
    })
    last = now
    batch.value.dispose()
    await nextTurn()
    if (hooks.shouldStop?.() === true) return step + 1
  }
  return options.steps
}

/** Milliseconds between two looks at whether to stop, while images are waited for. */
const LOOK = 100

/** What is waited for, or null once the training is to stop. */
async function unlessStopped<T>(waited: Promise<T>, shouldStop: TrainHooks['shouldStop']): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const stop = new Promise<null>((resolve) => {
    if (shouldStop !== undefined) timer = setInterval(() => shouldStop() && resolve(null), LOOK)
  })
  try {
    return await Promise.race([waited, stop])
  } finally {
    clearInterval(timer)
  }
}

/** A backbone of which only layers behind the hidden ones are trainable would stay as it is. */
function checkGradients({ onlineEncoder, options }: PixelCL, positivePairs: number): void {
  const learns = positivePairs > 0 || options.instanceWeight > 0
  if (!learns || onlineEncoder.net.parameters().some(({ grad }) => grad !== null)) return
  throw new TrainingError(
    'no gradient reaches the backbone: of the parameters that the hidden layers are computed with none requires one. ' +
      'Call parameter.requiresGrad_(true) on them (in Python, before the export: model.requires_grad_(True)), or choose later layers',
  )
}

function makeOptimizer(
  parameters: Tensor[],
  { optimizer, lr, weightDecay }: ResolvedTrainerOptions,
): torch.optim.Adam | torch.optim.AdamW | torch.optim.SGD {
  switch (optimizer) {
    case 'adam':
      return new torch.optim.Adam(parameters, { lr, weightDecay })
    case 'adamw':
      return new torch.optim.AdamW(parameters, { lr, weightDecay })
    case 'sgd':
      return new torch.optim.SGD(parameters, { lr, weightDecay, momentum: 0.9 })
  }
}

function makeSchedule({ schedule, steps, warmupSteps }: ResolvedTrainerOptions): Schedule {
  return schedule === 'cosine' ? cosine({ steps, warmupSteps }) : constant({ warmupSteps })
}

/** The target's decay at a step: from `start` to `movingAverageDecayEnd` along a cosine, as the authors do. */
function makeDecay(start: number, { steps, movingAverageDecayEnd }: ResolvedTrainerOptions): (step: number) => number {
  if (movingAverageDecayEnd === undefined) return () => start
  const falling = cosine({ steps, warmupSteps: 0 })
  return (step) => movingAverageDecayEnd - (movingAverageDecayEnd - start) * falling(step)
}

function notFinite(value: number, step: number, { lr, warmupSteps }: ResolvedTrainerOptions): TrainingError {
  if (step === 0) {
    return new TrainingError(
      `the loss is ${value} at step 1, before any weight was changed: what the backbone gives for these images is not finite. ` +
        'Look for NaN or infinite values in its weights, and at custom augmentations',
    )
  }
  return new TrainingError(
    `the loss became ${value} at step ${step + 1}: the steps before have spoilt the weights, so they are not saved. ` +
      `Try a lower learning rate (--lr, now ${lr}) or a longer warm-up (--warmup-steps, now ${warmupSteps})`,
  )
}
