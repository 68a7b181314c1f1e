import { ArgumentError } from '../../native'
import type { Tensor } from '../tensor/tensor'

/** @internal Rejects a sparse gradient, for updates that need all elements. */
export function refuseSparse(grad: Tensor, name: string): void {
  if (grad.isSparse)
    throw new ArgumentError(`${name}(): expected dense gradients but received a sparse one: use SGD or Adagrad for this parameter`)
}
