import { described } from '../../common/describe'
import { native, type TensorHandle } from '../../native'
import type { Tensor } from './tensor'

/** What every tensor is beneath its methods: the owner of one handle of libtorch. */
export abstract class TensorBase {
  /** @internal */
  readonly _h: TensorHandle
  /** @internal The object of the gradient that was read last. */
  cachedGrad: Tensor | null = null

  constructor(handle: TensorHandle) {
    this._h = handle
  }

  /** @internal Its dtype and shape, for errors. */
  [described](): string {
    return native.isDisposed(this._h) ? 'Tensor (disposed)' : `Tensor ${native.dtype(this._h)} [${native.shape(this._h).join(', ')}]`
  }
}

/**
 * Makes the tensors that operators give: what `new Tensor` makes, in one step in place of one for each class it extends.
 *
 * V8 makes the object within the optimised caller where the constructor is a plain constant function; an add of 2 × 2
 * elements takes a tenth less time than through the classes.
 */
const Result = function (this: { _h: TensorHandle; cachedGrad: Tensor | null }, handle: TensorHandle) {
  this._h = handle
  this.cachedGrad = null
} as unknown as { new (handle: TensorHandle): Tensor; prototype: Tensor }

/** The tensors of the innermost open scope; null outside any. */
let collecting: Set<Tensor> | null = null

/** @internal Tells the generated code which class to make; called once, by tensor.ts. */
export function registerTensorClass(constructor: { prototype: Tensor }): void {
  Result.prototype = constructor.prototype
}

/** @internal Puts new tensors into `tensors` until the next call; gives what collected them before. */
export function collectInto(tensors: Set<Tensor> | null): Set<Tensor> | null {
  const previous = collecting
  collecting = tensors
  return previous
}

/**
 * Lets a tensor outlive the scope it was made in.
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

/** @internal Makes the Tensor that owns a handle. */
export function wrap(handle: unknown): Tensor {
  const tensor = new Result(handle as TensorHandle)
  if (collecting !== null) collecting.add(tensor)
  return tensor
}

export function isTensor(value: unknown): value is Tensor {
  return value instanceof TensorBase
}
