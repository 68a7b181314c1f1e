import { inspect, types } from 'node:util'
import { native, type TensorHandle } from '../../native'
import { noGrad } from '../autograd'
import { isTensor } from '../tensor/base'
import { declared, read } from '../call/declared'
import { misfit } from '../call/errors'
import { Tensor } from '../tensor/tensor'

const PARAMETER = declared<{ requiresGrad: boolean }>('Parameter', 'data:*', 'requires_grad:b=true')

/**
 * A tensor that a Module registers when it is a field, and that an optimizer trains.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
 * @example
 * new torch.nn.Parameter(torch.ones([2])).requiresGrad // true
 */
export class Parameter extends Tensor {
  /** Makes the type differ from Tensor for the compiler. */
  declare protected readonly isParameter: true

  /** @param data - The initial values, whose storage is shared; a handle is used itself and keeps its requiresGrad. */
  constructor(data: Tensor | TensorHandle, requiresGrad: boolean | { readonly requiresGrad?: boolean | null | undefined } | null = true) {
    const trains = read(PARAMETER, [data, requiresGrad]).requiresGrad
    if (!isTensor(data) && !types.isExternal(data)) throw misfit('Parameter', 'data', 'a Tensor', data)
    super(isTensor(data) ? native.detach(data._h) : data)
    if (isTensor(data) && trains) this.requiresGrad = true
  }

  override toString(): string {
    return this.isDisposed ? super.toString() : `Parameter containing:\n${super.toString()}`
  }

  /** For `console.log`: as `toString()`, with size and dtype always. */
  override [inspect.custom](depth = 2): string {
    const text = super[inspect.custom](depth)
    return this.isDisposed || depth < 0 ? text : `Parameter containing:\n${text}`
  }
}

/** @internal Sets gradients to null, or fills existing ones with zeros in place. */
export function clearGradients(params: Iterable<Tensor>, setToNone: boolean): void {
  noGrad(() => {
    for (const param of params) {
      if (setToNone) param.grad = null
      else param.grad?.detach_().zero_()
    }
  })
}
