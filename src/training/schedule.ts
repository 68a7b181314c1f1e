import { ArgumentError } from '../torch'
import type { Schedule } from '../common/schedules'
import type { Scheduler } from './loop'

interface ScheduleState {
  readonly base_lrs: readonly number[]
  readonly last_epoch: number
}

/**
 * Multiplies each group's initial learning rate by a factor that depends on the step, counted from 0.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
 */
export class FactorSchedule implements Scheduler {
  private rates: readonly number[]
  private at = 0

  constructor(
    private readonly groups: readonly { lr: number }[],
    private readonly factor: Schedule,
  ) {
    this.rates = groups.map(({ lr }) => lr)
    this.apply()
  }

  step(): void {
    this.at++
    this.apply()
  }

  private apply(): void {
    this.groups.forEach((group, i) => (group.lr = this.rates[i]! * this.factor(this.at)))
  }

  /** The state, under the names of Python's LambdaLR. */
  stateDict(): ScheduleState {
    return { base_lrs: this.rates, last_epoch: this.at }
  }

  /** @throws ArgumentError for a state with another number of groups. */
  loadStateDict({ base_lrs: rates, last_epoch: at }: ScheduleState): void {
    if (!Array.isArray(rates) || rates.length !== this.groups.length || !Number.isInteger(at))
      throw new ArgumentError(
        `expected { base_lrs, last_epoch } of ${this.groups.length} groups but received ${JSON.stringify({ base_lrs: rates, last_epoch: at })}`,
      )
    this.rates = rates as readonly number[]
    this.at = at
    this.apply()
  }
}
