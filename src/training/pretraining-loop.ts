import * as torch from '../torch'
import { constant, cosine } from '../common/schedules'
import { option, worded } from '../common/wording'
import type { Tensor } from '../torch'
import type { PixelCL } from '../pixelcl'
import { Loop, type Loader } from './loop'
import type { LoopEvent, PixelValues, Sink } from './metrics'
import type { ResolvedLoopOptions } from './options'
import { PixelTask } from './pixel-task'
import { FactorSchedule } from './schedule'

/** The loop that pretrains a learner on batches of images, float32 [N, 3, H, W] in 0…1. */
export function pretrainingLoop(
  learner: PixelCL,
  loader: Loader<Tensor>,
  options: ResolvedLoopOptions,
  events?: Sink<LoopEvent>,
): Loop<Tensor, PixelValues> {
  const { steps, shape, warmupSteps } = options.schedule
  const { lr } = options.optimizer
  const task = new PixelTask(learner, decayOf(learner.options.movingAverageDecay, options.schedule))
  const optimizer = optimizerOf(task.parameters(), options.optimizer)
  const factor = shape === 'cosine' ? cosine({ steps, warmupSteps }) : constant({ warmupSteps })
  const advice = worded`Try a lower learning rate (${option('lr')}, now ${lr}) or a longer warm-up (${option('warmupSteps')}, now ${warmupSteps})`
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
  { algorithm, lr, weightDecay }: ResolvedLoopOptions['optimizer'],
): torch.optim.Adam | torch.optim.AdamW | torch.optim.SGD {
  switch (algorithm) {
    case 'adam':
      return new torch.optim.Adam(parameters, { lr, weightDecay })
    case 'adamw':
      return new torch.optim.AdamW(parameters, { lr, weightDecay })
    case 'sgd':
      return new torch.optim.SGD(parameters, { lr, weightDecay, momentum: 0.9 })
  }
}

/** The decay of the moving average at a step: constant, or from `start` to `movingAverageDecayEnd` along a cosine as in the authors' code. */
function decayOf(start: number, { steps, movingAverageDecayEnd: end }: ResolvedLoopOptions['schedule']): (step: number) => number {
  if (end === undefined) return () => start
  const falling = cosine({ steps, warmupSteps: 0 })
  return (step) => end - (end - start) * falling(step)
}
