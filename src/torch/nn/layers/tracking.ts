import { misfit } from '../../call/errors'
import type { DeclaredClass } from '../../call/declared'
import { expectTensor } from '../../call/expected'
import { TensorSymbol } from '../../call/recording'
import { noGrad } from '../../autograd'
import { tensor } from '../../creation'
import type { Device, DType } from '../../tensor/dtype'
import * as torch from '../../generated/functions'
import type { Tensor } from '../../tensor/tensor'
import * as F from '../functional'
import { forwardSource, pythonFloat } from '../torch-script'
import { affineOf, resetAffine, shownBias } from './affine'
import type { TrackingLayer } from './bases'
import { declares, layer } from './layer'

interface NormArguments {
  readonly numFeatures: number
  readonly eps: number
  readonly momentum: number | null
  readonly affine: boolean
  readonly trackRunningStats: boolean
  readonly bias: boolean
  readonly device: Device | null
  readonly dtype: DType | null
}

type TrackingBase = abstract new (...given: unknown[]) => TrackingLayer & Omit<NormArguments, 'bias' | 'device' | 'dtype'>

/** What normalisations with running statistics have in common. */
function tracking<Arguments, Constructor>(signature: DeclaredClass<Arguments, Constructor>): TrackingBase {
  abstract class Tracking extends (layer(signature) as unknown as TrackingBase) {
    protected override build({ numFeatures, affine, trackRunningStats: tracks, bias, device, dtype }: NormArguments): void {
      const where = { device, dtype }
      Object.assign(this, affineOf([numFeatures], affine, bias, where))
      this.registerBuffer('runningMean', tracks ? torch.zeros([numFeatures], where) : null)
      this.registerBuffer('runningVar', tracks ? torch.ones([numFeatures], where) : null)
      this.registerBuffer('numBatchesTracked', tracks ? tensor(0n, { dtype: 'int64', ...(device === null ? {} : { device }) }) : null)
    }

    override resetRunningStats(): void {
      noGrad(() => {
        this.runningMean?.zero_()
        this.runningVar?.fill_(1)
        this.numBatchesTracked?.zero_()
      })
    }

    override resetParameters(): void {
      this.resetRunningStats()
      resetAffine(this)
    }

    /** States from before PyTorch 0.4.1 have no counter. */
    protected override toleratesMissing(key: string): boolean {
      return key === 'num_batches_tracked'
    }

    override extraRepr(): string {
      return `${this.shown(':numFeatures eps momentum affine')}, ${shownBias(this)}, ${this.shown('trackRunningStats')}`
    }
  }
  return declares(Tracking)
}

/** @internal The base of a batch normalisation of inputs with so many dimensions. */
export function batchNorm<Arguments, Constructor>(
  signature: DeclaredClass<Arguments, Constructor>,
  ranks: readonly number[],
  shape: string,
): Constructor {
  abstract class BatchNorm extends tracking(signature) {
    override forward(input: Tensor): Tensor {
      expectTensor(signature.name, input)
      if (!ranks.includes(input.dim())) throw misfit(signature.name, 'input', shape, input)
      let momentum = this.momentum ?? 0
      if (this.training && this.trackRunningStats && this.numBatchesTracked !== null) {
        const counter = this.numBatchesTracked
        noGrad(() => counter.add_(1))
        if (this.momentum === null) momentum = 1 / Number(counter.item())
      }
      const tracks = !this.training || this.trackRunningStats
      return F.batchNorm(input, tracks ? this.runningMean : null, tracks ? this.runningVar : null, {
        weight: this.weight,
        bias: this.bias,
        training: this.training || this.runningMean === null,
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
  }
  return BatchNorm as unknown as Constructor
}

/** @internal The base of an instance normalisation of one sample or a batch, with so many dimensions. */
export function instanceNorm<Arguments, Constructor>(
  signature: DeclaredClass<Arguments, Constructor>,
  [single, batched]: readonly [number, number],
  shape: string,
): Constructor {
  abstract class InstanceNorm extends tracking(signature) {
    override forward(input: Tensor): Tensor {
      if (input.dim() !== single && input.dim() !== batched) throw misfit(signature.name, 'input', shape, input)
      if (input.dim() === single) return this.normalized(input.unsqueeze(0)).squeeze(0)
      return this.normalized(input)
    }

    private normalized(input: Tensor): Tensor {
      const usesInput = this.training || !this.trackRunningStats
      const { weight, bias, runningMean, runningVar, momentum, eps } = this
      if (usesInput && !(input instanceof TensorSymbol) && input.shape.slice(2).every((size) => size === 1))
        throw misfit(signature.name, 'input', 'more than one value per channel in training', input)
      return torch.instanceNorm(input, weight, bias, runningMean, runningVar, usesInput, momentum ?? 0, eps, true)
    }
  }
  return InstanceNorm as unknown as Constructor
}
