import * as declared from '../../generated/declared/lr-scheduler'
import { scheduler } from './scheduler'

/**
 * Multiplies the learning rate by `factor` until epoch `totalIters`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html
 * @example
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 })
 * new torch.optim.lrScheduler.ConstantLR(optimizer, { factor: 0.5 }).getLastLr() // [0.5]
 */
export class ConstantLR extends scheduler(declared.ConstantLR) {
  declare factor: number
  declare totalIters: number

  protected override build({ factor, totalIters }: declared.ConstantLROptions): void {
    this.factor = factor
    this.totalIters = totalIters
  }

  override getLr(): number[] {
    if (this.lastEpoch === 0) return this.rates().map((rate) => rate * this.factor)
    return this.lastEpoch === this.totalIters ? this.rates().map((rate) => rate * (1 / this.factor)) : this.rates()
  }

  protected override closedForm(): number[] {
    return this.baseLrs.map((rate) => rate * (this.lastEpoch >= this.totalIters ? 1 : this.factor))
  }
}

/**
 * Multiplies the learning rate by a factor that changes linearly from `startFactor` to `endFactor` in `totalIters` epochs.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html
 * @example
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 })
 * new torch.optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.5 }).getLastLr() // [0.5]
 */
export class LinearLR extends scheduler(declared.LinearLR) {
  declare startFactor: number
  declare endFactor: number
  declare totalIters: number

  protected override build({ startFactor, endFactor, totalIters }: declared.LinearLROptions): void {
    this.startFactor = startFactor
    this.endFactor = endFactor
    this.totalIters = totalIters
  }

  override getLr(): number[] {
    if (this.lastEpoch === 0) return this.rates().map((rate) => rate * this.startFactor)
    if (this._isInitial || this.lastEpoch > this.totalIters) return this.rates()
    const rise = this.endFactor - this.startFactor
    const factor = 1 + rise / (this.totalIters * this.startFactor + (this.lastEpoch - 1) * rise)
    return this.rates().map((rate) => rate * factor)
  }

  protected override closedForm(): number[] {
    const rise = this.endFactor - this.startFactor
    return this.baseLrs.map((rate) => rate * (this.startFactor + (rise * Math.min(this.totalIters, this.lastEpoch)) / this.totalIters))
  }
}

/**
 * Decays the learning rate to 0 in `totalIters` epochs, as a power of the remaining fraction.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html
 * @example
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 })
 * const scheduler = new torch.optim.lrScheduler.PolynomialLR(optimizer, { totalIters: 4 })
 * scheduler.step()
 * scheduler.getLastLr() // [0.75]
 */
export class PolynomialLR extends scheduler(declared.PolynomialLR) {
  declare totalIters: number
  declare power: number

  protected override build({ totalIters, power }: declared.PolynomialLROptions): void {
    this.totalIters = totalIters
    this.power = power
  }

  override getLr(): number[] {
    if (this._isInitial || this.lastEpoch > this.totalIters) return this.rates()
    const factor = ((1 - this.lastEpoch / this.totalIters) / (1 - (this.lastEpoch - 1) / this.totalIters)) ** this.power
    return this.rates().map((rate) => rate * factor)
  }

  protected override closedForm(): number[] {
    const left = 1 - Math.min(this.totalIters, this.lastEpoch) / this.totalIters
    return this.baseLrs.map((rate) => rate * left ** this.power)
  }
}
