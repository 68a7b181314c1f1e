import type { Tensor } from '../torch'
import type { PixelCL } from '../pixelcl'
import { firstParameter } from '../pixelcl/internal'
import { TrainingError } from './errors'
import type { PixelValues } from './metrics'
import type { StepResult, Task } from './task'

/** Pixel-level pretraining of a backbone: the learner's loss, then the update of its target by moving average. */
export class PixelTask implements Task<Tensor, PixelValues> {
  constructor(
    private readonly learner: PixelCL,
    /** The target's decay at a step, counted from 0. */
    private readonly decay: (step: number) => number,
  ) {}

  parameters(): Tensor[] {
    return this.learner.parameters()
  }

  /** @param images - Float32 [N, 3, H, W] in 0…1, on any device. */
  step(images: Tensor): StepResult<PixelValues> {
    const { device, dtype } = firstParameter(this.learner.onlineEncoder.net)
    const [loss, positivePairs] = this.learner.forward(images.to(device).to(dtype), { returnPositivePairs: true })
    return { loss, examples: images.shape[0]!, values: { positivePairs } }
  }

  /** Detects a backbone whose trainable layers all come after the hidden ones, so that it would never change. */
  checkGradients({ positivePairs }: PixelValues): void {
    const { onlineEncoder, options } = this.learner
    const learns = positivePairs > 0 || options.instanceWeight > 0
    if (!learns || onlineEncoder.net.parameters().some(({ grad }) => grad !== null)) return
    throw new TrainingError(
      'no gradient reaches the backbone: of the parameters that the hidden layers are computed with none requires one. ' +
        'Call parameter.requiresGrad_(true) on them (in Python, before the export: model.requires_grad_(True)), or choose later layers',
    )
  }

  afterStep(step: number): void {
    this.learner.updateMovingAverage(this.decay(step))
  }

  /** The learner's parameters and buffers: backbone, heads and target. */
  stateDict(): Record<string, Tensor> {
    return this.learner.stateDict()
  }

  loadStateDict(state: Record<string, Tensor>): void {
    this.learner.loadStateDict(state)
  }
}
