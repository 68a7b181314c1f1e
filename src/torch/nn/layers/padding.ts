import type { DeclaredClass } from '../../call/declared'
import * as layers from '../../generated/declared/nn-layers'
import { pad } from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'
import { functionLayer } from './layer'

/** The base class of layers that pad in one mode. */
function padding<Arguments, Constructor>(signature: DeclaredClass<Arguments, Constructor>, mode: string, shows = ':padding'): Constructor {
  const padded = (input: Tensor, sizes: readonly number[], value: number | null = null) => pad(input, sizes, { mode, value })
  return functionLayer(signature, padded, { shows })
}

/**
 * The last dimension of the input continued, mirrored at its border; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html
 * @example
 * new torch.nn.ReflectionPad1d(1).call(torch.ones([1, 3])).shape // [1, 5]
 */
export class ReflectionPad1d extends padding(layers.ReflectionPad1d, 'reflect') {}

/**
 * The last two dimensions of the input continued, mirrored at its border; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html
 * @example
 * new torch.nn.ReflectionPad2d(1).call(torch.ones([1, 3, 3])).shape // [1, 5, 5]
 */
export class ReflectionPad2d extends padding(layers.ReflectionPad2d, 'reflect') {}

/**
 * The last three dimensions of the input continued, mirrored at its border; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html
 * @example
 * new torch.nn.ReflectionPad3d(1).call(torch.ones([1, 3, 3, 3])).shape // [1, 5, 5, 5]
 */
export class ReflectionPad3d extends padding(layers.ReflectionPad3d, 'reflect') {}

/**
 * The last dimension of the input continued, with the values at its border repeated; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html
 * @example
 * new torch.nn.ReplicationPad1d(1).call(torch.ones([1, 3])).shape // [1, 5]
 */
export class ReplicationPad1d extends padding(layers.ReplicationPad1d, 'replicate') {}

/**
 * The last two dimensions of the input continued, with the values at its border repeated; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html
 * @example
 * new torch.nn.ReplicationPad2d(1).call(torch.ones([1, 3, 3])).shape // [1, 5, 5]
 */
export class ReplicationPad2d extends padding(layers.ReplicationPad2d, 'replicate') {}

/**
 * The last three dimensions of the input continued, with the values at its border repeated; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html
 * @example
 * new torch.nn.ReplicationPad3d(1).call(torch.ones([1, 3, 3, 3])).shape // [1, 5, 5, 5]
 */
export class ReplicationPad3d extends padding(layers.ReplicationPad3d, 'replicate') {}

/**
 * The last dimension of the input continued, as if it were repeated all around; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html
 * @example
 * new torch.nn.CircularPad1d(1).call(torch.ones([1, 3])).shape // [1, 5]
 */
export class CircularPad1d extends padding(layers.CircularPad1d, 'circular') {}

/**
 * The last two dimensions of the input continued, as if it were repeated all around; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html
 * @example
 * new torch.nn.CircularPad2d(1).call(torch.ones([1, 3, 3])).shape // [1, 5, 5]
 */
export class CircularPad2d extends padding(layers.CircularPad2d, 'circular') {}

/**
 * The last three dimensions of the input continued, as if it were repeated all around; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html
 * @example
 * new torch.nn.CircularPad3d(1).call(torch.ones([1, 3, 3, 3])).shape // [1, 5, 5, 5]
 */
export class CircularPad3d extends padding(layers.CircularPad3d, 'circular') {}

/**
 * Zeros around the last dimension; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html
 * @example
 * new torch.nn.ZeroPad1d(1).call(torch.ones([1, 3])).shape // [1, 5]
 */
export class ZeroPad1d extends padding(layers.ZeroPad1d, 'constant') {}

/**
 * Zeros around the last two dimensions; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html
 * @example
 * new torch.nn.ZeroPad2d(1).call(torch.ones([1, 3, 3])).shape // [1, 5, 5]
 */
export class ZeroPad2d extends padding(layers.ZeroPad2d, 'constant') {}

/**
 * Zeros around the last three dimensions; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html
 * @example
 * new torch.nn.ZeroPad3d(1).call(torch.ones([1, 3, 3, 3])).shape // [1, 5, 5, 5]
 */
export class ZeroPad3d extends padding(layers.ZeroPad3d, 'constant') {}

/**
 * `value` around the last dimension; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html
 * @example
 * new torch.nn.ConstantPad1d(1, 7).call(torch.ones([1, 3])).shape // [1, 5]
 */
export class ConstantPad1d extends padding(layers.ConstantPad1d, 'constant', 'padding value') {}

/**
 * `value` around the last two dimensions; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html
 * @example
 * new torch.nn.ConstantPad2d(1, 7).call(torch.ones([1, 3, 3])).shape // [1, 5, 5]
 */
export class ConstantPad2d extends padding(layers.ConstantPad2d, 'constant', 'padding value') {}

/**
 * `value` around the last three dimensions; `padding` from the last dimension on.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html
 * @example
 * new torch.nn.ConstantPad3d(1, 7).call(torch.ones([1, 3, 3, 3])).shape // [1, 5, 5, 5]
 */
export class ConstantPad3d extends padding(layers.ConstantPad3d, 'constant', 'padding value') {}
