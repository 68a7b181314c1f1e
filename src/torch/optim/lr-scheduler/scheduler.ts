import { camelCase, snakeCase } from '../../../common/text'
import { ArgumentError } from '../../../native'
import { isTensor } from '../../tensor/base'
import { constructed, read, type DeclaredClass } from '../../call/declared'
import { misfit } from '../../call/errors'
import type { Tensor } from '../../tensor/tensor'
import { Optimizer, type AnyOptimizer } from '../optimizer'

/** The part of a parameter group that schedulers use. */
export type ScheduledGroup = Record<string, unknown> & { lr: number | Tensor; initialLr?: number; betas?: readonly number[] }

/** A scheduler's state in Python's form: its fields under Python's names. */
export type SchedulerState = Record<string, unknown>

/** Fields that have capitals in Python. */
const PYTHON_NAMES: Readonly<Record<string, string>> = { tMax: 'T_max', t0: 'T_0', tMult: 'T_mult', tI: 'T_i', tCur: 'T_cur' }
const OWN_NAMES: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(PYTHON_NAMES).map(([own, python]) => [python, own]))

/**
 * The base class of learning rate schedulers: call `step()` after the optimizer's to update every group's `lr`.
 *
 * A subclass defines `getLr()`, which returns the rate of each group at `lastEpoch`.
 *
 * @param lastEpoch - The last epoch of a training that is resumed; −1 for a new one.
 * @throws ArgumentError for anything but an optimizer, and for `lastEpoch` ≥ 0 if a group has no `initialLr`.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LRScheduler.html
 * @example
 * class Halving extends torch.optim.lrScheduler.LRScheduler {
 *   getLr() { return this.baseLrs.map((lr) => lr / 2 ** this.lastEpoch) }
 * }
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 })
 * const scheduler = new Halving(optimizer)
 * scheduler.step()
 * scheduler.getLastLr() // [0.5]
 */
export abstract class LRScheduler {
  declare readonly optimizer: AnyOptimizer
  /** The initial learning rate of each group. */
  declare baseLrs: number[]
  /** Number of calls of `step` after the one in the constructor. */
  declare lastEpoch: number
  /** @internal */
  declare _stepCount: number
  /** @internal */
  declare _isInitial: boolean
  /** @internal */
  declare _lastLr: number[]

  static {
    // Called if a subclass in JavaScript, which is not checked by the compiler, has no `getLr`.
    this.prototype.getLr = function (this: LRScheduler): never {
      throw new ArgumentError(`${this.constructor.name} has no getLr(), which returns the rate of each group at lastEpoch: write it`)
    }
  }

  /** @param options - The argument of `build` of a declared scheduler. */
  constructor(optimizer: AnyOptimizer, lastEpoch = -1, options: object = {}) {
    Object.defineProperty(this, 'optimizer', { value: optimizerOf(this.constructor.name, optimizer), configurable: true })
    this.lastEpoch = lastEpoch
    this.build(options as never)
    this.begin()
  }

  /** The rate of each group at `lastEpoch`. */
  abstract getLr(): number[]

  /** Stores the options in fields. */
  protected build(_options: never): void {}

  /** Stores the initial rates and takes the first step. */
  protected begin(): void {
    for (const [i, group] of this.groups.entries()) {
      if (this.lastEpoch === -1) group.initialLr ??= rateOf(group)
      else if (group.initialLr === undefined)
        throw new ArgumentError(
          `${this.constructor.name}(): lastEpoch: expected -1 but received ${this.lastEpoch}, and group ${i} has no initialLr: load the optimizer's state first`,
        )
    }
    this.baseLrs = this.groups.map((group) => group.initialLr!)
    this.initialStep()
  }

  /** @internal */
  initialStep(): void {
    this._stepCount = 0
    this._isInitial = true
    this.step()
    this._isInitial = false
  }

  /**
   * Advances by one epoch, or to the given one.
   *
   * @param epoch - The epoch; with a closed form, its rates do not depend on earlier steps.
   */
  step(epoch: number | null = null): void {
    if (epoch !== null && typeof epoch !== 'number') throw misfit('step', 'epoch', 'a number', epoch)
    this._stepCount += 1
    this.update(epoch)
  }

  /** @internal */
  update(epoch: number | null = null): void {
    this.lastEpoch = epoch ?? this.lastEpoch + 1
    this.setRates(epoch === null ? this.getLr() : (this.closedForm() ?? this.getLr()))
  }

  /** The rates at `lastEpoch` in closed form; null if the schedule is recursive only. */
  protected closedForm(): number[] | null {
    return null
  }

  protected setRates(rates: readonly number[]): void {
    for (const [i, group] of this.groups.entries()) setRate(group, rates[i]!)
    this._lastLr = this.rates()
  }

  /** The current rates of the groups. */
  protected rates(): number[] {
    return this.groups.map(rateOf)
  }

  protected get groups(): ScheduledGroup[] {
    return this.optimizer.paramGroups as unknown as ScheduledGroup[]
  }

  /** The rates of the last step, one for each group. */
  getLastLr(): number[] {
    return this._lastLr
  }

  /** The fields under Python's names, without the optimizer and without functions, which the constructor must receive again. */
  stateDict(): SchedulerState {
    return Object.fromEntries(
      Object.entries(this)
        .filter(([, value]) => typeof value !== 'function')
        .map(([name, value]) => [PYTHON_NAMES[name] ?? snakeCase(name), value as unknown]),
    )
  }

  /** Loads a state of the same class, written here or by Python. */
  loadStateDict(state: Readonly<SchedulerState>): void {
    if (typeof state !== 'object' || state === null) throw misfit('loadStateDict', 'state', 'the state of a scheduler', state)
    for (const [name, value] of Object.entries(state))
      if (name !== '_get_lr_called_within_step') (this as Record<string, unknown>)[OWN_NAMES[name] ?? camelCase(name)] = value
  }
}

function optimizerOf(call: string, optimizer: unknown): AnyOptimizer {
  if (optimizer instanceof Optimizer) return optimizer as unknown as AnyOptimizer
  throw misfit(call, 'optimizer', 'an Optimizer', optimizer)
}

/** @internal A group's rate, which may be a tensor. */
export function rateOf({ lr }: ScheduledGroup): number {
  return isTensor(lr) ? Number(lr.item()) : lr
}

/** @internal Sets a group's rate; a rate that is a tensor is updated in place. */
export function setRate(group: ScheduledGroup, rate: number): void {
  if (isTensor(group.lr)) group.lr.fill_(rate)
  else group.lr = rate
}

/** @internal Expands one value for all groups, or one per group, to a list. */
export function perGroup<Value>(call: string, name: string, groups: readonly unknown[], value: Value | readonly Value[]): Value[] {
  if (!Array.isArray(value)) return groups.map(() => value as Value)
  if (value.length === groups.length) return [...(value as readonly Value[])]
  throw misfit(call, name, `one for each of the optimizer's ${groups.length} groups`, value)
}

/** The arguments of all declared schedulers; the optimizer of a combining scheduler defaults to that of its schedulers. */
interface Arguments {
  readonly optimizer: AnyOptimizer | null
  readonly lastEpoch?: number
  readonly schedulers?: readonly LRScheduler[]
}

/** @internal The base class of a scheduler with a declared constructor; `build` receives its options. */
export function scheduler<Options, Constructor>(signature: DeclaredClass<Options, Constructor>): Constructor {
  abstract class DeclaredScheduler extends LRScheduler {
    constructor(...given: unknown[]) {
      const { optimizer, lastEpoch, ...options } = read(signature, given) as Arguments
      super(optimizer ?? options.schedulers?.[0]?.optimizer ?? (null as never), lastEpoch ?? -1, options)
    }
  }
  return constructed(signature, DeclaredScheduler)
}
