import { ArgumentError } from '../../../native'
import { noGrad } from '../../autograd'
import { tensor } from '../../creation'
import { expectTensor } from '../../call/expected'
import { type Given, named } from '../../call/named'
import { isOptions } from '../../call/bind'
import * as torch from '../../generated/functions'
import type { Tensor } from '../../tensor'
import { expectFlag, expectNumber } from '../checks'
import * as F from '../functional'
import { Module } from '../module'
import { Parameter } from '../parameter'
import { forwardSource, pythonFloat } from '../torch-script'
import { shownFlag, shownNumber, tensorOptions, wholeNumber, type FactoryOptions } from './options'

export interface BatchNormLayerOptions extends FactoryOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number
  /** The share of the new statistics in the running ones; null averages over all batches. Default 0.1. */
  momentum?: number | null
  /** Scales and shifts by trained values. Default true. */
  affine?: boolean
  /** Keeps running statistics for evaluation; without, the batch's own are always used. Default true. */
  trackRunningStats?: boolean
  /** Whether an affine layer shifts. Default true. */
  bias?: boolean
}

const OPTIONS = ['eps', 'momentum', 'affine', 'trackRunningStats', 'device', 'dtype'] as const
const MOMENTUM = OPTIONS.indexOf('momentum')

type GivenOptions = Given<BatchNormLayerOptions, typeof OPTIONS>

/** Whether the momentum is null, which says something of its own. */
function isCumulative(given: readonly unknown[]): boolean {
  const last = given.at(-1)
  return given[MOMENTUM] === null || (isOptions(last) && last['momentum'] === null)
}

abstract class BatchNorm extends Module {
  declare weight: Parameter | null
  declare bias: Parameter | null
  declare runningMean: Tensor | null
  declare runningVar: Tensor | null
  declare numBatchesTracked: Tensor | null
  readonly eps: number
  readonly momentum: number | null
  readonly affine: boolean
  readonly trackRunningStats: boolean

  constructor(
    readonly numFeatures: number,
    ...given: GivenOptions
  ) {
    super()
    const layer = new.target.name
    const options = named<BatchNormLayerOptions>(layer, OPTIONS, given, ['bias'])
    wholeNumber(layer, 'numFeatures', numFeatures)
    this.eps = options.eps ?? 1e-5
    this.momentum = isCumulative(given) ? null : (options.momentum ?? 0.1)
    this.affine = options.affine ?? true
    this.trackRunningStats = options.trackRunningStats ?? true
    const { bias = true } = options
    for (const [name, flag] of Object.entries({ affine: this.affine, trackRunningStats: this.trackRunningStats, bias }))
      expectFlag(layer, name, flag)
    expectNumber(layer, 'eps', this.eps)
    if (this.momentum !== null) expectNumber(layer, 'momentum', this.momentum)
    const where = tensorOptions(options)
    this.registerParameter('weight', this.affine ? new Parameter(torch.ones([numFeatures], where)) : null)
    this.registerParameter('bias', this.affine && bias ? new Parameter(torch.zeros([numFeatures], where)) : null)
    const tracks = this.trackRunningStats
    this.registerBuffer('runningMean', tracks ? torch.zeros([numFeatures], where) : null)
    this.registerBuffer('runningVar', tracks ? torch.ones([numFeatures], where) : null)
    const counter = { ...where, dtype: 'int64' as const }
    this.registerBuffer('numBatchesTracked', tracks ? tensor(0n, counter) : null)
  }

  protected abstract checkInput(input: Tensor): void

  override forward(input: Tensor): Tensor {
    expectTensor(this.constructor.name, input)
    this.checkInput(input)
    let momentum = this.momentum ?? 0
    if (this.training && this.trackRunningStats && this.numBatchesTracked !== null) {
      const counter = this.numBatchesTracked
      noGrad(() => counter.add_(1))
      if (this.momentum === null) momentum = 1 / Number(counter.item())
    }
    const usesBatch = this.training || this.runningMean === null
    const tracks = !this.training || this.trackRunningStats
    return F.batchNorm(input, tracks ? this.runningMean : null, tracks ? this.runningVar : null, {
      weight: this.weight,
      bias: this.bias,
      training: usesBatch,
      momentum,
      eps: this.eps,
    })
  }

  override torchScript(): string {
    const affine = `${this.weight === null ? 'None' : 'self.weight'}, ${this.bias === null ? 'None' : 'self.bias'}`
    const eps = pythonFloat(this.eps)
    if (!this.trackRunningStats) return forwardSource(`return torch.batch_norm(input, ${affine}, None, None, True, 0., ${eps}, True)`)
    const call = `return torch.batch_norm(input, ${affine}, self.running_mean, self.running_var, self.training, momentum, ${eps}, True)`
    const counts = ['if self.training:', '    self.num_batches_tracked.add_(1)']
    if (this.momentum !== null) return forwardSource(`momentum = ${pythonFloat(this.momentum)}`, ...counts, call)
    return forwardSource('momentum = 0.', ...counts, '    momentum = 1. / float(self.num_batches_tracked.item())', call)
  }

  /** States from before PyTorch 0.4.1 have no counter. */
  protected override toleratesMissing(key: string): boolean {
    return key === 'num_batches_tracked'
  }

  /** Sets the running statistics to those of no batch: mean 0, variance 1. */
  resetRunningStats(): void {
    noGrad(() => {
      this.runningMean?.zero_()
      this.runningVar?.fill_(1)
      this.numBatchesTracked?.zero_()
    })
  }

  override extraRepr(): string {
    const { numFeatures, eps, momentum, affine, bias, trackRunningStats } = this
    const flags = `affine=${shownFlag(affine)}, bias=${shownFlag(bias !== null)}, track_running_stats=${shownFlag(trackRunningStats)}`
    return `${numFeatures}, eps=${shownNumber(eps)}, momentum=${shownNumber(momentum)}, ${flags}`
  }
}

/**
 * Batch normalisation over [N, C] or [N, C, L].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
 * @example
 * new torch.nn.BatchNorm1d(3).call(torch.randn([4, 3])).shape // [4, 3]
 */
export class BatchNorm1d extends BatchNorm {
  protected override checkInput(input: Tensor): void {
    if (input.dim() !== 2 && input.dim() !== 3)
      throw new ArgumentError(`BatchNorm1d takes [N, C] or [N, C, L] but received [${input.shape.join(', ')}]`)
  }
}

/**
 * Batch normalisation over [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
 * @example
 * new torch.nn.BatchNorm2d(3).call(torch.randn([2, 3, 4, 4])).shape // [2, 3, 4, 4]
 */
export class BatchNorm2d extends BatchNorm {
  protected override checkInput(input: Tensor): void {
    if (input.dim() !== 4) throw new ArgumentError(`BatchNorm2d takes [N, C, H, W] but received [${input.shape.join(', ')}]`)
  }
}
