import { misfit } from '../../call/errors'
import type { Tensor } from '../../tensor/tensor'
import { isTensor } from '../../tensor/base'
import * as declared from '../../generated/declared/lr-scheduler'
import { perGroup, rateOf, scheduler, setRate } from './scheduler'

/**
 * Multiplies the learning rate by `factor` when a metric has not improved for more than `patience` epochs.
 *
 * @throws ArgumentError for a factor of 1 or more, and if `step` does not receive a number.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
 * @example
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 })
 * const scheduler = new torch.optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 0, factor: 0.5 })
 * scheduler.step(1)
 * scheduler.step(1)
 * scheduler.getLastLr() // [0.5]
 */
export class ReduceLROnPlateau extends scheduler(declared.ReduceLROnPlateau) {
  declare factor: number
  declare defaultMinLr: number | null
  declare minLrs: number[]
  declare patience: number
  declare cooldown: number
  declare eps: number
  declare modeWorse: number
  declare mode: 'min' | 'max'
  declare threshold: number
  declare thresholdMode: 'rel' | 'abs'
  declare best: number
  declare cooldownCounter: number
  declare numBadEpochs: number

  protected override build(options: declared.ReduceLROnPlateauOptions): void {
    const { minLr, mode } = options
    if (options.factor >= 1) throw misfit('ReduceLROnPlateau', 'factor', 'a number below 1', options.factor)
    this.factor = options.factor
    this.defaultMinLr = typeof minLr === 'number' ? minLr : null
    this.minLrs = perGroup('ReduceLROnPlateau', 'minLr', this.groups, minLr)
    this.patience = options.patience
    this.cooldown = options.cooldown
    this.eps = options.eps
    this.modeWorse = mode === 'min' ? Infinity : -Infinity
    this.mode = mode
    this.threshold = options.threshold
    this.thresholdMode = options.thresholdMode
  }

  protected override begin(): void {
    this.lastEpoch = 0
    this._lastLr = this.rates()
    this.best = this.modeWorse
    this.cooldownCounter = 0
    this.numBadEpochs = 0
  }

  override getLr(): number[] {
    return this.rates()
  }

  /** Whether the rate was lowered so recently that the metric is ignored. */
  get inCooldown(): boolean {
    return this.cooldownCounter > 0
  }

  /** @param metrics - The monitored metric, such as the loss of held-out data. */
  override step(metrics: number | Tensor | null = null, epoch: number | null = null): void {
    const current = isTensor(metrics) ? Number(metrics.item()) : metrics
    if (typeof current !== 'number') throw misfit('step', 'metrics', 'a number', metrics)
    this.lastEpoch = epoch ?? this.lastEpoch + 1
    if (this.isBetter(current)) {
      this.best = current
      this.numBadEpochs = 0
    } else this.numBadEpochs += 1
    if (this.inCooldown) {
      this.cooldownCounter -= 1
      this.numBadEpochs = 0
    }
    if (this.numBadEpochs > this.patience) {
      this.reduce()
      this.cooldownCounter = this.cooldown
      this.numBadEpochs = 0
    }
    this._lastLr = this.rates()
  }

  private isBetter(value: number): boolean {
    const { mode, threshold, thresholdMode, best } = this
    if (mode === 'min') return thresholdMode === 'rel' ? value < best * (1 - threshold) : value < best - threshold
    return thresholdMode === 'rel' ? value > best * (threshold + 1) : value > best + threshold
  }

  private reduce(): void {
    const { groups } = this
    if (groups.length !== this.minLrs.length) this.minLrs = perGroup('step', 'minLr', groups, this.defaultMinLr ?? this.minLrs)
    for (const [i, group] of groups.entries()) {
      const rate = rateOf(group)
      const lower = Math.max(rate * this.factor, this.minLrs[i]!)
      if (rate - lower > this.eps) setRate(group, lower)
    }
  }
}
