import { snakeCase } from '../../../common/text'
import { ArgumentError } from '../../../native'
import { misfit } from '../../call/errors'
import * as declared from '../../generated/declared/lr-scheduler'
import { perGroup, scheduler, setRate, type ScheduledGroup, type SchedulerState } from './scheduler'

/** Whether the optimizer's momentum is the first of its betas; rejects an optimizer with neither. */
function usesBetas(call: string, { defaults }: { readonly defaults?: object }): boolean {
  if (defaults !== undefined && 'betas' in defaults) return true
  if (defaults !== undefined && 'momentum' in defaults) return false
  throw new ArgumentError(`${call}(): cycleMomentum: expected false, for the optimizer has neither momentum nor betas`)
}

function setMomentum(group: ScheduledGroup, momentum: number, isBeta: boolean): void {
  if (isBeta) group.betas = [momentum, ...group.betas!.slice(1)]
  else group['momentum'] = momentum
}

/** Sets the initial momentum to its maximum, as the learning rate starts at its minimum. */
function beginMomentum(groups: readonly ScheduledGroup[], greatest: readonly number[], least: readonly number[], isBeta: boolean): void {
  for (const [i, group] of groups.entries()) {
    setMomentum(group, greatest[i]!, isBeta)
    group['maxMomentum'] = greatest[i]
    group['baseMomentum'] = least[i]
  }
}

type Scale = (x: number) => number

/**
 * Cycles the learning rate between two bounds, and momentum inversely.
 *
 * @throws ArgumentError for an optimizer without momentum, unless `cycleMomentum` is false.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html
 * @example
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1, momentum: 0.9 })
 * const scheduler = new torch.optim.lrScheduler.CyclicLR(optimizer, 0.5, 1, { stepSizeUp: 2 })
 * scheduler.step()
 * scheduler.getLastLr() // [0.75]
 */
export class CyclicLR extends scheduler(declared.CyclicLR) {
  declare maxLrs: number[]
  declare totalSize: number
  declare stepRatio: number
  declare mode: declared.CyclicLROptions['mode']
  declare gamma: number
  declare scaleMode: 'cycle' | 'iterations'
  declare cycleMomentum: boolean
  declare useBeta1: boolean
  declare baseMomentums: number[]
  declare maxMomentums: number[]
  declare _scaleFnCustom: Scale | null

  protected override build(options: declared.CyclicLROptions): void {
    const { groups } = this
    const { stepSizeUp, stepSizeDown, mode, scaleFn, cycleMomentum } = options
    const bases = perGroup('CyclicLR', 'baseLr', groups, options.baseLr)
    if (this.lastEpoch === -1) for (const [i, group] of groups.entries()) setRate(group, bases[i]!)
    this.baseLrs = bases
    this.maxLrs = perGroup('CyclicLR', 'maxLr', groups, options.maxLr)
    this.totalSize = stepSizeUp + (stepSizeDown ?? stepSizeUp)
    this.stepRatio = stepSizeUp / this.totalSize
    this.mode = mode
    this.gamma = options.gamma
    this._scaleFnCustom = scaleFn
    this.scaleMode = scaleFn !== null ? options.scaleMode : mode === 'expRange' ? 'iterations' : 'cycle'
    this.cycleMomentum = cycleMomentum
    if (!cycleMomentum) return
    this.useBeta1 = usesBetas('CyclicLR', this.optimizer)
    this.baseMomentums = perGroup('CyclicLR', 'baseMomentum', groups, options.baseMomentum)
    this.maxMomentums = perGroup('CyclicLR', 'maxMomentum', groups, options.maxMomentum)
    if (this.lastEpoch === -1) beginMomentum(groups, this.maxMomentums, this.baseMomentums, this.useBeta1)
  }

  protected override begin(): void {
    const bases = this.baseLrs
    // The first step needs the bounds, which equal the initial rates only in a new training.
    super.begin()
    this.baseLrs = bases
  }

  private scale(x: number): number {
    if (this._scaleFnCustom !== null) return this._scaleFnCustom(x)
    return this.mode === 'triangular' ? 1 : this.mode === 'triangular2' ? 1 / 2 ** (x - 1) : this.gamma ** x
  }

  override getLr(): number[] {
    const { lastEpoch, totalSize, stepRatio } = this
    const cycle = Math.floor(1 + lastEpoch / totalSize)
    const x = 1 + lastEpoch / totalSize - cycle
    const height = x <= stepRatio ? x / stepRatio : (x - 1) / (stepRatio - 1)
    const share = height * this.scale(this.scaleMode === 'cycle' ? cycle : lastEpoch)
    if (this.cycleMomentum)
      for (const [i, group] of this.groups.entries())
        setMomentum(group, this.maxMomentums[i]! - (this.maxMomentums[i]! - this.baseMomentums[i]!) * share, this.useBeta1)
    return this.baseLrs.map((rate, i) => rate + (this.maxLrs[i]! - rate) * share)
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), mode: snakeCase(this.mode), _scale_fn_custom: null }
  }

  override loadStateDict(state: Readonly<SchedulerState>): void {
    const { _scale_fn_custom: _, mode, ...rest } = state
    super.loadStateDict(mode === 'exp_range' ? { ...rest, mode: 'expRange' } : mode === undefined ? rest : { ...rest, mode })
  }
}

interface Phase {
  readonly end_step: number
  readonly start_lr: string
  readonly end_lr: string
  readonly start_momentum: string
  readonly end_momentum: string
}

const UP = { start_lr: 'initial_lr', end_lr: 'max_lr', start_momentum: 'max_momentum', end_momentum: 'base_momentum' }
const DOWN = { start_lr: 'max_lr', end_lr: 'initial_lr', start_momentum: 'base_momentum', end_momentum: 'max_momentum' }

/** The phases under Python's names, because they are part of the state. */
function phasesOf(totalSteps: number, pctStart: number, threePhase: boolean): Phase[] {
  const up = { ...UP, end_step: pctStart * totalSteps - 1 }
  if (!threePhase) return [up, { ...DOWN, end_lr: 'min_lr', end_step: totalSteps - 1 }]
  const last = { start_lr: 'initial_lr', end_lr: 'min_lr', start_momentum: 'max_momentum', end_momentum: 'max_momentum' }
  return [up, { ...DOWN, end_step: 2 * pctStart * totalSteps - 2 }, { ...last, end_step: totalSteps - 1 }]
}

const GROUP_NAMES: Readonly<Record<string, string>> = {
  initial_lr: 'initialLr',
  max_lr: 'maxLr',
  min_lr: 'minLr',
  max_momentum: 'maxMomentum',
  base_momentum: 'baseMomentum',
}

/**
 * Raises the learning rate to `maxLr`, then lowers it far below its start; cycles momentum inversely.
 *
 * @throws ArgumentError if neither `totalSteps` nor `epochs` and `stepsPerEpoch` are given, and for a step after the last.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
 * @example
 * const optimizer = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1, momentum: 0.9 })
 * new torch.optim.lrScheduler.OneCycleLR(optimizer, 1, { totalSteps: 10 }).getLastLr().map((rate) => rate.toFixed(3)) // ['0.040']
 */
export class OneCycleLR extends scheduler(declared.OneCycleLR) {
  declare totalSteps: number
  declare cycleMomentum: boolean
  declare useBeta1: boolean
  declare _schedulePhases: Phase[]
  declare _annealFuncType: 'cos' | 'linear'

  protected override build(options: declared.OneCycleLROptions): void {
    const { groups } = this
    const { epochs, stepsPerEpoch, cycleMomentum } = options
    const totalSteps = options.totalSteps ?? (epochs !== null && stepsPerEpoch !== null ? epochs * stepsPerEpoch : null)
    if (totalSteps === null || totalSteps <= 0)
      throw misfit('OneCycleLR', 'totalSteps', 'a whole number from 1, or epochs and stepsPerEpoch,', totalSteps)
    this.totalSteps = totalSteps
    this._schedulePhases = phasesOf(totalSteps, options.pctStart, options.threePhase)
    this._annealFuncType = options.annealStrategy
    const maxLrs = perGroup('OneCycleLR', 'maxLr', groups, options.maxLr)
    if (this.lastEpoch === -1) {
      for (const [i, group] of groups.entries()) {
        group.initialLr = maxLrs[i]! / options.divFactor
        group['maxLr'] = maxLrs[i]
        group['minLr'] = group.initialLr / options.finalDivFactor
      }
    }
    this.cycleMomentum = cycleMomentum
    if (!cycleMomentum) return
    this.useBeta1 = usesBetas('OneCycleLR', this.optimizer)
    const greatest = perGroup('OneCycleLR', 'maxMomentum', groups, options.maxMomentum)
    const least = perGroup('OneCycleLR', 'baseMomentum', groups, options.baseMomentum)
    if (this.lastEpoch === -1) beginMomentum(groups, greatest, least, this.useBeta1)
  }

  private anneal(start: number, end: number, share: number): number {
    if (this._annealFuncType === 'linear') return (end - start) * share + start
    return end + ((start - end) / 2) * (Math.cos(Math.PI * share) + 1)
  }

  override getLr(): number[] {
    const { lastEpoch, totalSteps, _schedulePhases: phases } = this
    if (lastEpoch > totalSteps) throw new ArgumentError(`step(): expected at most totalSteps, ${totalSteps}, but this is step ${lastEpoch}`)
    const found = phases.findIndex(({ end_step: end }) => lastEpoch <= end)
    const at = found < 0 ? phases.length - 1 : found
    const phase = phases[at]!
    const start = at === 0 ? 0 : phases[at - 1]!.end_step
    const share = (lastEpoch - start) / (phase.end_step - start)
    return this.groups.map((group) => {
      const of = (name: string) => Number(group[GROUP_NAMES[name]!])
      if (this.cycleMomentum) setMomentum(group, this.anneal(of(phase.start_momentum), of(phase.end_momentum), share), this.useBeta1)
      return this.anneal(of(phase.start_lr), of(phase.end_lr), share)
    })
  }
}
