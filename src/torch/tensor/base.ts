import { described } from '../../common/describe'
import { native, type TensorHandle } from '../../native'
import type { Tensor } from './tensor'

/** The base class of tensors without methods: the owner of one handle. */
export abstract class TensorBase {
  /** @internal */
  readonly _h: TensorHandle
  /** @internal The last object that `grad` returned. */
  cachedGrad: Tensor | null = null

  constructor(handle: TensorHandle) {
    this._h = handle
  }

  /** @internal Dtype and shape, for error messages. */
  [described](): string {
    return native.isDisposed(this._h) ? 'Tensor (disposed)' : `Tensor ${native.dtype(this._h)} [${native.shape(this._h).join(', ')}]`
  }
}

/**
 * Fast constructor for results; skips the superclass chain.
 *
 * V8 inlines a plain constant function as a constructor, which makes an add of 2 × 2 elements a tenth faster than the chain of classes.
 */
const Result = function (this: { _h: TensorHandle; cachedGrad: Tensor | null }, handle: TensorHandle) {
  this._h = handle
  this.cachedGrad = null
} as unknown as { new (handle: TensorHandle): Tensor; prototype: Tensor }

/** The tensors of the innermost open scope; null outside any. */
let collecting: Set<Tensor> | null = null

/** @internal Sets the class of results; called once, by tensor.ts. */
export function registerTensorClass(constructor: { prototype: Tensor }): void {
  Result.prototype = constructor.prototype
}

/** @internal Collects new tensors in `tensors` until the next call; returns the previous set. */
export function collectInto(tensors: Set<Tensor> | null): Set<Tensor> | null {
  const previous = collecting
  collecting = tensors
  return previous
}

/**
 * Keeps a tensor alive after the end of its scope.
 *
 * @example
 * let best
 * torch.scope(() => { best = torch.keep(torch.ones([2])) })
 * best.sum().item() // 2
 */
export function keep<T extends TensorBase>(tensor: T): T {
  collecting?.delete(tensor as unknown as Tensor)
  return tensor
}

/** @internal The Tensor of a new handle. */
export function wrap(handle: unknown): Tensor {
  const tensor = new Result(handle as TensorHandle)
  if (collecting !== null) collecting.add(tensor)
  return tensor
}

export function isTensor(value: unknown): value is Tensor {
  return value instanceof TensorBase
}
