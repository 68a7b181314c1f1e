import { ArgumentError } from '../../../native'
import { misfit } from '../../call/errors'
import { hasSymbol } from '../../call/recording'
import { norm } from '../../functional'
import * as torch from '../../generated/functions'
import type * as declared from '../../generated/declared/nn-functional-signatures'
import * as generated from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'
import { shapeOf } from './support'

const product = (sizes: readonly number[]): number => sizes.reduce((result, size) => result * size, 1)

/** @throws ArgumentError where statistics would be taken over one value, which has no variance. */
function expectSeveralValues(call: string, input: Tensor, count: (shape: readonly number[]) => number): void {
  if (hasSymbol([input]) || count(input.shape) !== 1) return
  throw new ArgumentError(
    `${call}(): input: expected more than one value per channel in training but received ${shapeOf(input)}: give a larger batch, or call eval()`,
  )
}

/**
 * Normalises every channel of [N, C, …] by its batch's statistics while training, else by the running ones.
 *
 * Training moves the running statistics by the share `momentum` towards the batch's.
 *
 * @throws ArgumentError while training where a channel has one value only, or `eps` is not positive.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
 */
export function batchNorm(args: declared.BatchNormArguments): Tensor {
  const { input, runningMean, runningVar, weight, bias, training, momentum, eps } = args
  if (training) expectSeveralValues('batchNorm', input, (shape) => shape[0]! * product(shape.slice(2)))
  if (training && eps <= 0) throw misfit('batchNorm', 'eps', 'a positive number in training', eps)
  if (eps < 0) throw misfit('batchNorm', 'eps', 'a number from 0', eps)
  return torch.batchNorm(input, weight, bias, runningMean, runningVar, training, momentum, eps, true)
}

/**
 * Normalises every channel of every sample of [N, C, …] by its own statistics, or with `useInputStats: false` by the running ones.
 *
 * @throws ArgumentError where a channel has one value only.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
 */
export function instanceNorm(args: declared.InstanceNormArguments): Tensor {
  const { input, runningMean, runningVar, weight, bias, useInputStats, momentum, eps } = args
  if (useInputStats) expectSeveralValues('instanceNorm', input, (shape) => product(shape.slice(2)))
  return torch.instanceNorm(input, weight, bias, runningMean, runningVar, useInputStats, momentum, eps, true)
}

/** Normalises over the last dimensions, whose sizes are `normalizedShape`. */
export function layerNorm({ input, normalizedShape, weight, bias, eps }: declared.LayerNormArguments): Tensor {
  return torch.layerNorm(input, normalizedShape, weight, bias, eps, true)
}

/** Divides by the root mean square over the last dimensions, whose sizes are `normalizedShape`. */
export function rmsNorm({ input, normalizedShape, weight, eps }: declared.RmsNormArguments): Tensor {
  return torch.rmsNorm(input, normalizedShape, weight, eps)
}

/**
 * Normalises over groups of channels of [N, C, …].
 *
 * @throws ArgumentError for fewer than two dimensions, and where a group has one value only.
 */
export function groupNorm({ input, numGroups, weight, bias, eps }: declared.GroupNormArguments): Tensor {
  if (!hasSymbol([input]) && input.dim() < 2) throw misfit('groupNorm', 'input', '[N, C, …]', input)
  expectSeveralValues('groupNorm', input, (shape) => Math.floor((shape[0]! * shape[1]!) / numGroups) * product(shape.slice(2)))
  return torch.groupNorm(input, numGroups, weight, bias, eps, true)
}

/**
 * Divides by a power of the mean square over `size` neighbouring channels of [N, C, …].
 *
 * @throws ArgumentError for fewer than three dimensions.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html
 */
export function localResponseNorm({ input, size, alpha, beta, k }: declared.LocalResponseNormArguments): Tensor {
  const { shape } = input
  if (shape.length < 3) throw misfit('localResponseNorm', 'input', '[N, C, …] with at least 3 dimensions', input)
  if (!hasSymbol([input]) && input.numel() === 0) return input
  const before = Math.floor(size / 2)
  const after = Math.floor((size - 1) / 2)
  const square = input.mul(input)
  const mean =
    shape.length === 3
      ? generated.avgPool2d(generated.pad(square.unsqueeze(1), [0, 0, before, after]), [size, 1], 1).squeeze(1)
      : generated
          .avgPool3d(generated.pad(square.view([shape[0]!, 1, shape[1]!, shape[2]!, -1]), [0, 0, 0, 0, before, after]), [size, 1, 1], 1)
          .squeeze(1)
          .view(shape)
  return input.div(mean.mul(alpha).add(k).pow(beta))
}

/**
 * Divides by the p-norm along `dim`, or by `eps` where the norm is smaller; null for `dim` takes the norm over all dimensions.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
 */
export function normalize({ input, p, dim, eps }: declared.NormalizeArguments): Tensor {
  return input.div(norm(input, { p, dim, keepdim: true }).clampMin(eps).expandAs(input))
}
