import { ArgumentError } from '../../../native'
import { misfit } from '../../call/errors'
import * as declared from '../../generated/declared/lr-scheduler'
import type { AnyOptimizer } from '../optimizer'
import { ReduceLROnPlateau } from './plateau'
import { LRScheduler, scheduler, setRate, type SchedulerState } from './scheduler'

/** Rejects schedulers of another optimizer and schedulers that need a metric. */
function checkSchedulers(call: string, schedulers: readonly unknown[], optimizer: AnyOptimizer | null): LRScheduler[] {
  if (schedulers.length === 0) throw new ArgumentError(`${call}(): schedulers: expected one scheduler at least but received none`)
  return schedulers.map((entry, i) => {
    if (!(entry instanceof LRScheduler)) throw misfit(call, `schedulers[${i}]`, 'a scheduler', entry)
    if (entry instanceof ReduceLROnPlateau) throw misfit(call, `schedulers[${i}]`, 'a scheduler that steps without a metric', entry)
    if (optimizer !== null && entry.optimizer !== optimizer)
      throw new ArgumentError(`${call}(): schedulers[${i}]: expected a scheduler of the same optimizer`)
    return entry
  })
}

function stateOf(state: SchedulerState, schedulers: readonly LRScheduler[]): SchedulerState {
  return { ...state, _schedulers: schedulers.map((entry) => entry.stateDict()) }
}

function loadAll(state: Readonly<SchedulerState>, schedulers: readonly LRScheduler[]): SchedulerState {
  const { _schedulers: states, ...rest } = state
  if (!Array.isArray(states) || states.length !== schedulers.length)
    throw misfit('loadStateDict', '_schedulers', `the states of ${schedulers.length} schedulers`, states)
  for (const [i, entry] of schedulers.entries()) entry.loadStateDict(states[i] as SchedulerState)
  return rest
}

/**
 * Runs schedulers in sequence: at each milestone the next one takes over and counts from 0.
 *
 * @throws ArgumentError for schedulers of another optimizer, and if there are not exactly one fewer milestones than schedulers.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html
 * @example
 * const { ConstantLR, ExponentialLR, SequentialLR } = torch.optim.lrScheduler
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 })
 * const parts = [new ConstantLR(optimizer, { factor: 0.5 }), new ExponentialLR(optimizer, { gamma: 0.5 })]
 * const scheduler = new SequentialLR(optimizer, parts, { milestones: [1] })
 * scheduler.step()
 * scheduler.getLastLr() // [1]
 */
export class SequentialLR extends scheduler(declared.SequentialLR) {
  declare _schedulers: LRScheduler[]
  declare _milestones: readonly number[]

  protected override build({ schedulers, milestones }: declared.SequentialLROptions): void {
    this._schedulers = checkSchedulers('SequentialLR', schedulers, this.optimizer)
    if (milestones.length !== schedulers.length - 1)
      throw misfit('SequentialLR', 'milestones', `one less than the ${schedulers.length} schedulers`, milestones)
    this._milestones = milestones
  }

  protected override begin(): void {
    this.lastEpoch += 1
    for (const group of this.groups) setRate(group, group.initialLr!)
    for (const entry of this._schedulers) takeBackFirstStep(entry)
    const first = this._schedulers[this.indexAt(0)]!
    first.initialStep()
    this._lastLr = first.getLastLr()
  }

  private indexAt(epoch: number): number {
    return this._milestones.filter((milestone) => milestone <= epoch).length
  }

  override getLr(): number[] {
    return this.rates()
  }

  override step(): void {
    this.lastEpoch += 1
    const at = this.indexAt(this.lastEpoch)
    const current = this._schedulers[at]!
    if (at > 0 && this._milestones[at - 1] === this.lastEpoch) current.update(0)
    else current.step()
    this._lastLr = current.getLastLr()
  }

  override stateDict(): SchedulerState {
    return stateOf(super.stateDict(), this._schedulers)
  }

  override loadStateDict(state: Readonly<SchedulerState>): void {
    super.loadStateDict(loadAll(state, this._schedulers))
  }
}

/** Undoes the first step, which each scheduler takes when constructed. */
function takeBackFirstStep(entry: LRScheduler): void {
  if (entry instanceof SequentialLR || entry instanceof ChainedScheduler) for (const inner of entry._schedulers) takeBackFirstStep(inner)
  else entry.lastEpoch -= 1
}

/**
 * Runs several schedulers at the same time.
 *
 * @throws ArgumentError without schedulers, and for schedulers of different optimizers.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html
 * @example
 * const { ConstantLR, ExponentialLR, ChainedScheduler } = torch.optim.lrScheduler
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 })
 * const scheduler = new ChainedScheduler([new ConstantLR(optimizer, { factor: 0.5 }), new ExponentialLR(optimizer, { gamma: 0.5 })])
 * scheduler.step()
 * scheduler.getLastLr() // [0.25]
 */
export class ChainedScheduler extends scheduler(declared.ChainedScheduler) {
  declare _schedulers: LRScheduler[]

  protected override build({ schedulers }: { readonly schedulers: readonly LRScheduler[] }): void {
    this._schedulers = checkSchedulers('ChainedScheduler', schedulers, this.optimizer)
  }

  protected override begin(): void {
    Reflect.deleteProperty(this, 'lastEpoch')
    this._lastLr = this.rates()
  }

  override getLr(): number[] {
    return this.rates()
  }

  override step(): void {
    for (const entry of this._schedulers) entry.step()
    this._lastLr = this.rates()
  }

  override stateDict(): SchedulerState {
    return stateOf(super.stateDict(), this._schedulers)
  }

  override loadStateDict(state: Readonly<SchedulerState>): void {
    super.loadStateDict(loadAll(state, this._schedulers))
  }
}
