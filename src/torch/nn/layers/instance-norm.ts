import { constructed, type DeclaredClass } from '../../call/declared'
import { misfit } from '../../call/errors'
import { TensorSymbol } from '../../call/recording'
import * as layers from '../../generated/declared/nn-layers'
import * as torch from '../../generated/functions'
import type { Tensor } from '../../tensor/tensor'
import { tracking } from './batch-norm'
import { expectDimensions } from './layer'

/** The base class of an instance normalisation for inputs with these numbers of dimensions. */
function instanceNorm<Arguments, Constructor>(
  signature: DeclaredClass<Arguments, Constructor>,
  [single, batched]: readonly [number, number],
  shape: string,
): Constructor {
  abstract class InstanceNorm extends tracking(signature) {
    override forward(input: Tensor): Tensor {
      expectDimensions(signature.name, input, [single, batched], shape)
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
  return constructed(signature, InstanceNorm)
}

/**
 * Normalises each channel of each sample of [C, L] or [N, C, L].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html
 * @example
 * new torch.nn.InstanceNorm1d(3).call(torch.randn([2, 3, 4])).shape // [2, 3, 4]
 */
export class InstanceNorm1d extends instanceNorm(layers.InstanceNorm1d, [2, 3], '[C, L] or [N, C, L]') {}

/**
 * Normalises each channel of each sample of [C, H, W] or [N, C, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
 * @example
 * new torch.nn.InstanceNorm2d(3).call(torch.randn([2, 3, 4, 4])).shape // [2, 3, 4, 4]
 */
export class InstanceNorm2d extends instanceNorm(layers.InstanceNorm2d, [3, 4], '[C, H, W] or [N, C, H, W]') {}

/**
 * Normalises each channel of each sample of [C, D, H, W] or [N, C, D, H, W].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html
 * @example
 * new torch.nn.InstanceNorm3d(3).call(torch.randn([2, 3, 4, 4, 4])).shape // [2, 3, 4, 4, 4]
 */
export class InstanceNorm3d extends instanceNorm(layers.InstanceNorm3d, [4, 5], '[C, D, H, W] or [N, C, D, H, W]') {}
