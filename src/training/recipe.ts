import * as torch from '../torch'
import { constant, cosine } from '../common/schedules'
import type { Tensor } from '../torch'
import type { PixelCL } from '../pixelcl'
import { Loop, type Loader } from './loop'
import type { LoopEvent, PixelValues, Sink } from './metrics'
import type { ResolvedTrainerOptions } from './options'
import { PixelTask } from './pixel-task'
import { FactorSchedule } from './schedule'

type RecipeOptions = Pick<
  ResolvedTrainerOptions,
  'steps' | 'optimizer' | 'lr' | 'weightDecay' | 'schedule' | 'warmupSteps' | 'movingAverageDecayEnd'
>

/** The loop that pretrains a learner on batches of images, float32 [N, 3, H, W] in 0…1. */
export function pretrainingLoop(
  learner: PixelCL,
  loader: Loader<Tensor>,
  options: RecipeOptions,
  events?: Sink<LoopEvent>,
): Loop<Tensor, PixelValues> {
  const { steps, lr, warmupSteps } = options
  const task = new PixelTask(learner, decayOf(learner.options.movingAverageDecay, options))
  const optimizer = optimizerOf(task.parameters(), options)
  const factor = options.schedule === 'cosine' ? cosine({ steps, warmupSteps }) : constant({ warmupSteps })
  const advice = `Try a lower learning rate (--lr, now ${lr}) or a longer warm-up (--warmup-steps, now ${warmupSteps})`
  return new Loop({
    task,
    optimizer,
    scheduler: new FactorSchedule(optimizer.paramGroups, factor),
    loader,
    steps,
    advice,
    ...(events === undefined ? {} : { events }),
  })
}

function optimizerOf(
  parameters: Tensor[],
  { optimizer, lr, weightDecay }: RecipeOptions,
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

/** The target's decay at a step: constant, or from `start` to `movingAverageDecayEnd` along a cosine as the authors do. */
function decayOf(start: number, { steps, movingAverageDecayEnd: end }: RecipeOptions): (step: number) => number {
  if (end === undefined) return () => start
  const falling = cosine({ steps, warmupSteps: 0 })
  return (step) => end - (end - start) * falling(step)
}
