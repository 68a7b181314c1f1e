import * as declared from '../../generated/declared/lr-scheduler'
import { scheduler } from './scheduler'

/**
 * Multiplies the learning rate by `gamma` every `stepSize` epochs.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
 * @example
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 })
 * const scheduler = new torch.optim.lrScheduler.StepLR(optimizer, 2, { gamma: 0.5 })
 * scheduler.step()
 * scheduler.step()
 * scheduler.getLastLr() // [0.5]
 */
export class StepLR extends scheduler(declared.StepLR) {
  declare stepSize: number
  declare gamma: number

  protected override build({ stepSize, gamma }: declared.StepLROptions): void {
    this.stepSize = stepSize
    this.gamma = gamma
  }

  override getLr(): number[] {
    if (this.lastEpoch === 0 || this.lastEpoch % this.stepSize !== 0) return this.rates()
    return this.rates().map((rate) => rate * this.gamma)
  }

  protected override closedForm(): number[] {
    return this.baseLrs.map((rate) => rate * this.gamma ** Math.floor(this.lastEpoch / this.stepSize))
  }
}

/**
 * Multiplies the learning rate by `gamma` at each milestone.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html
 * @example
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 })
 * const scheduler = new torch.optim.lrScheduler.MultiStepLR(optimizer, [1, 3], { gamma: 0.5 })
 * scheduler.step()
 * scheduler.getLastLr() // [0.5]
 */
export class MultiStepLR extends scheduler(declared.MultiStepLR) {
  /** How often each milestone is listed. */
  declare milestones: Map<number, number>
  declare gamma: number

  protected override build({ milestones, gamma }: declared.MultiStepLROptions): void {
    this.milestones = new Map()
    for (const epoch of milestones) this.milestones.set(epoch, (this.milestones.get(epoch) ?? 0) + 1)
    this.gamma = gamma
  }

  override getLr(): number[] {
    const count = this.milestones.get(this.lastEpoch) ?? 0
    return count === 0 ? this.rates() : this.rates().map((rate) => rate * this.gamma ** count)
  }

  protected override closedForm(): number[] {
    let passed = 0
    for (const [epoch, count] of this.milestones) if (epoch <= this.lastEpoch) passed += count
    return this.baseLrs.map((rate) => rate * this.gamma ** passed)
  }
}

/**
 * Multiplies the learning rate by `gamma` every epoch.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html
 * @example
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 })
 * const scheduler = new torch.optim.lrScheduler.ExponentialLR(optimizer, 0.5)
 * scheduler.step()
 * scheduler.getLastLr() // [0.5]
 */
export class ExponentialLR extends scheduler(declared.ExponentialLR) {
  declare gamma: number

  protected override build({ gamma }: declared.ExponentialLROptions): void {
    this.gamma = gamma
  }

  override getLr(): number[] {
    return this._isInitial ? this.rates() : this.rates().map((rate) => rate * this.gamma)
  }

  protected override closedForm(): number[] {
    return this.baseLrs.map((rate) => rate * this.gamma ** this.lastEpoch)
  }
}
