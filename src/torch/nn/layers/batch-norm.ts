import * as layers from '../../generated/declared/nn-layers'
import { batchNorm, instanceNorm } from './tracking'

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
