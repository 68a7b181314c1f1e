import { misfit } from '../../call/errors'
import * as declared from '../../generated/declared/lr-scheduler'
import { rateOf, scheduler } from './scheduler'

const { PI, cos } = Math

/**
 * Follows half a cosine from the initial learning rate to `etaMin` in `tMax` epochs, then back.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
 * @example
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 })
 * const scheduler = new torch.optim.lrScheduler.CosineAnnealingLR(optimizer, 2)
 * scheduler.step()
 * scheduler.getLastLr().map((rate) => rate.toFixed(3)) // ['0.500']
 */
export class CosineAnnealingLR extends scheduler(declared.CosineAnnealingLR) {
  declare tMax: number
  declare etaMin: number

  protected override build({ tMax, etaMin }: declared.CosineAnnealingLROptions): void {
    this.tMax = tMax
    this.etaMin = etaMin
  }

  override getLr(): number[] {
    const { tMax, etaMin, lastEpoch } = this
    if (this._isInitial) return this.rates()
    if (this._stepCount === 1 && lastEpoch > 0) return this.closedForm()
    if ((lastEpoch - 1 - tMax) % (2 * tMax) === 0)
      return this.groups.map((group, i) => rateOf(group) + ((this.baseLrs[i]! - etaMin) * (1 - cos(PI / tMax))) / 2)
    const factor = (1 + cos((PI * lastEpoch) / tMax)) / (1 + cos((PI * (lastEpoch - 1)) / tMax))
    return this.rates().map((rate) => factor * (rate - etaMin) + etaMin)
  }

  protected override closedForm(): number[] {
    const { tMax, etaMin, lastEpoch } = this
    return this.baseLrs.map((rate) => etaMin + ((rate - etaMin) * (1 + cos((PI * lastEpoch) / tMax))) / 2)
  }
}

/**
 * Follows half a cosine from the initial learning rate to `etaMin`, then restarts: the first period has `t0` epochs, each further one `tMult` times as many.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html
 * @example
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 })
 * const scheduler = new torch.optim.lrScheduler.CosineAnnealingWarmRestarts(optimizer, 2)
 * scheduler.step()
 * scheduler.step()
 * scheduler.getLastLr() // [1]
 */
export class CosineAnnealingWarmRestarts extends scheduler(declared.CosineAnnealingWarmRestarts) {
  declare t0: number
  /** Number of epochs in the current period. */
  declare tI: number
  declare tMult: number
  declare etaMin: number
  /** Number of epochs since the last restart. */
  declare tCur: number

  protected override build({ t0, tMult, etaMin }: declared.CosineAnnealingWarmRestartsOptions): void {
    this.t0 = t0
    this.tI = t0
    this.tMult = tMult
    this.etaMin = etaMin
    this.tCur = this.lastEpoch
  }

  override getLr(): number[] {
    const { tCur, tI, etaMin } = this
    return this.baseLrs.map((rate) => etaMin + ((rate - etaMin) * (1 + cos((PI * tCur) / tI))) / 2)
  }

  /** @param epoch - May be a fraction, such as `epoch + batch / batches`. */
  override step(epoch: number | null = null): void {
    if (epoch !== null && epoch < 0) throw misfit('step', 'epoch', 'a number from 0', epoch)
    const at = epoch ?? (this.lastEpoch < 0 ? 0 : null)
    if (at === null) this.goOn()
    else this.goTo(at)
    this.setRates(this.getLr())
  }

  private goOn(): void {
    this.lastEpoch += 1
    this.tCur += 1
    if (this.tCur < this.tI) return
    this.tCur %= this.tI
    this.tI *= this.tMult
  }

  private goTo(epoch: number): void {
    const { t0, tMult } = this
    this.lastEpoch = Math.floor(epoch)
    if (epoch < t0) {
      this.tI = t0
      this.tCur = epoch
    } else if (tMult === 1) this.tCur = epoch % t0
    else {
      const restarts = Math.trunc(Math.log((epoch / t0) * (tMult - 1) + 1) / Math.log(tMult))
      this.tCur = epoch - (t0 * (tMult ** restarts - 1)) / (tMult - 1)
      this.tI = t0 * tMult ** restarts
    }
  }
}
