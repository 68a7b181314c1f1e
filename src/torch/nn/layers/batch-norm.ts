import { noGrad } from '../../autograd'
import { constructed, inFamily, type DeclaredClass } from '../../call/declared'
import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import type { Device, DType } from '../../tensor/dtype'
import type { Tensor } from '../../tensor/tensor'
import * as F from '../functional'
import { forwardSource, pythonFloat } from '../torch-script'
import type { TrackingLayer } from './bases'
import { declares, expectDimensions, layer } from './layer'
import { affine, resetAffine } from './normalization'

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

/** @internal The base class of normalisations with running statistics. */
export function tracking<Arguments, Constructor>(signature: DeclaredClass<Arguments, Constructor>): TrackingBase {
  const base = layer(inFamily<NormArguments, TrackingBase>(signature), {
    parameters: ({ numFeatures, affine: scales, bias }) => affine([numFeatures], scales, bias),
    reset: (layer: TrackingLayer) => {
      layer.resetRunningStats()
      resetAffine(layer)
    },
    shows: ':numFeatures eps momentum affine bias trackRunningStats',
  })
  abstract class Tracking extends base {
    protected override build({ numFeatures, trackRunningStats: tracks, device, dtype }: NormArguments): void {
      const where = { device, dtype }
      this.registerBuffer('runningMean', tracks ? torch.empty([numFeatures], where) : null)
      this.registerBuffer('runningVar', tracks ? torch.empty([numFeatures], where) : null)
      this.registerBuffer('numBatchesTracked', tracks ? torch.empty([], { device, dtype: 'int64' }) : null)
    }

    override resetRunningStats(): void {
      noGrad(() => {
        this.runningMean?.zero_()
        this.runningVar?.fill_(1)
        this.numBatchesTracked?.zero_()
      })
    }

    /** States from before PyTorch 0.4.1 have no counter. */
    protected override toleratesMissing(key: string): boolean {
      return key === 'num_batches_tracked'
    }
  }
  return declares(Tracking)
}

/** The base class of a batch normalisation for inputs with these numbers of dimensions. */
function batchNorm<Arguments, Constructor>(
  signature: DeclaredClass<Arguments, Constructor>,
  ranks: readonly number[],
  shape: string,
): Constructor {
  abstract class BatchNorm extends tracking(signature) {
    override forward(input: Tensor): Tensor {
      expectDimensions(signature.name, input, ranks, shape)
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
      this.checkedFields()
      const affine = `${this.weight === null ? 'None' : 'self.weight'}, ${this.bias === null ? 'None' : 'self.bias'}`
      const eps = pythonFloat(this.eps)
      if (!this.trackRunningStats) return forwardSource(`return torch.batch_norm(input, ${affine}, None, None, True, 0., ${eps}, True)`)
      const call = `return torch.batch_norm(input, ${affine}, self.running_mean, self.running_var, self.training, momentum, ${eps}, True)`
      const counts = ['if self.training:', '    self.num_batches_tracked.add_(1)']
      if (this.momentum !== null) return forwardSource(`momentum = ${pythonFloat(this.momentum)}`, ...counts, call)
      return forwardSource('momentum = 0.', ...counts, '    momentum = 1. / float(self.num_batches_tracked.item())', call)
    }
  }
  return constructed(signature, BatchNorm)
}

/**
 * Batch normalisation over [N, C] or [N, C, L].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
 * @example
 * new torch.nn.BatchNorm1d(3).call(torch.randn([4, 3])).shape // [4, 3]
 */
export class BatchNorm1d extends batchNorm(layers.BatchNorm1d, [2, 3], '[N, C] or [N, C, L]') {}

/**
 * Batch normalisation over [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
 * @example
 * new torch.nn.BatchNorm2d(3).call(torch.randn([2, 3, 4, 4])).shape // [2, 3, 4, 4]
 */
export class BatchNorm2d extends batchNorm(layers.BatchNorm2d, [4], '[N, C, H, W]') {}

/**
 * Batch normalisation over [N, C, D, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html
 * @example
 * new torch.nn.BatchNorm3d(3).call(torch.randn([2, 3, 4, 4, 4])).shape // [2, 3, 4, 4, 4]
 */
export class BatchNorm3d extends batchNorm(layers.BatchNorm3d, [5], '[N, C, D, H, W]') {}
