import { misfit } from '../../call/errors'
import * as declared from '../../generated/declared/lr-scheduler'
import { perGroup, rateOf, scheduler, type SchedulerState } from './scheduler'

type Factor = (epoch: number) => number

/** One function per group. A state holds null for each, as in Python. */
function factorsOf(call: string, groups: readonly unknown[], lrLambda: Factor | readonly Factor[]): Factor[] {
  const factors = perGroup(call, 'lrLambda', groups, lrLambda)
  for (const factor of factors) if (typeof factor !== 'function') throw misfit(call, 'lrLambda', 'a function', factor)
  return factors
}

function withoutFunctions(state: SchedulerState, factors: readonly Factor[]): SchedulerState {
  return { ...state, lr_lambdas: factors.map(() => null) }
}

function withoutLambdas(state: Readonly<SchedulerState>): SchedulerState {
  const { lr_lambdas: _, ...rest } = state
  return rest
}

/**
 * Multiplies the initial learning rate by a function of the epoch.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
 * @example
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 })
 * const scheduler = new torch.optim.lrScheduler.LambdaLR(optimizer, (epoch) => 0.5 ** epoch)
 * scheduler.step()
 * scheduler.getLastLr() // [0.5]
 */
export class LambdaLR extends scheduler(declared.LambdaLR) {
  declare lrLambdas: Factor[]

  protected override build({ lrLambda }: declared.LambdaLROptions): void {
    this.lrLambdas = factorsOf('LambdaLR', this.groups, lrLambda)
  }

  override getLr(): number[] {
    return this.lrLambdas.map((factor, i) => this.baseLrs[i]! * factor(this.lastEpoch))
  }

  override stateDict(): SchedulerState {
    return withoutFunctions(super.stateDict(), this.lrLambdas)
  }

  override loadStateDict(state: Readonly<SchedulerState>): void {
    super.loadStateDict(withoutLambdas(state))
  }
}

/**
 * Multiplies the current learning rate by a function of the epoch.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html
 * @example
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 })
 * const scheduler = new torch.optim.lrScheduler.MultiplicativeLR(optimizer, () => 0.5)
 * scheduler.step()
 * scheduler.step()
 * scheduler.getLastLr() // [0.25]
 */
export class MultiplicativeLR extends scheduler(declared.MultiplicativeLR) {
  declare lrLambdas: Factor[]

  protected override build({ lrLambda }: declared.MultiplicativeLROptions): void {
    this.lrLambdas = factorsOf('MultiplicativeLR', this.groups, lrLambda)
  }

  override getLr(): number[] {
    if (this._isInitial) return this.rates()
    return this.lrLambdas.map((factor, i) => rateOf(this.groups[i]!) * factor(this.lastEpoch))
  }

  override stateDict(): SchedulerState {
    return withoutFunctions(super.stateDict(), this.lrLambdas)
  }

  override loadStateDict(state: Readonly<SchedulerState>): void {
    super.loadStateDict(withoutLambdas(state))
  }
}
