import { ArgumentError } from '../../../native'
import type { DeclaredClass } from '../../call/declared'
import { snakeCase } from '../../../common/text'
import type { Tensor } from '../../tensor'
import { forwardSource } from '../torch-script'
import { declares, functionLayer, layer, type Layer } from './layer'

type Operator = (...args: never[]) => unknown
type Base<Fields = object> = abstract new (...given: unknown[]) => Layer & Fields

/** @internal A pooling whose stride is its kernel's size where none is given. */
export function strided<Constructor>(base: Constructor): Constructor {
  abstract class Strided extends (base as Base) {
    protected override build({ kernelSize, stride }: { readonly kernelSize: unknown; readonly stride: unknown }): void {
      this.fields['stride'] = stride ?? kernelSize
    }
  }
  return declares(Strided) as unknown as Constructor
}

interface MaxPoolFields {
  readonly kernelSize: number
  readonly stride: number
  readonly padding: number
  readonly dilation: number
  readonly ceilMode: boolean
  readonly returnIndices: boolean
}

/** @internal The base of a max pooling; the function takes its last two arguments in another order than the constructor. */
export function maxPool<Arguments, Constructor>(signature: DeclaredClass<Arguments, Constructor>, operator: Operator): Constructor {
  abstract class MaxPool extends strided(layer(signature) as unknown as Base<MaxPoolFields>) {
    override forward(input: Tensor): unknown {
      const { kernelSize, stride, padding, dilation, ceilMode, returnIndices } = this
      return (operator as (...args: unknown[]) => unknown)(input, kernelSize, stride, padding, dilation, ceilMode, returnIndices)
    }

    override extraRepr(): string {
      return this.shown('kernelSize stride padding dilation ceilMode')
    }
  }
  return MaxPool as unknown as Constructor
}

/** @internal The base of a pooling to a given size. */
export function adaptive<Arguments, Constructor>(signature: DeclaredClass<Arguments, Constructor>, operator: Operator): Constructor {
  abstract class Adaptive extends (layer(signature) as unknown as Base<{
    readonly outputSize: number | readonly (number | null)[] | null
    readonly returnIndices?: boolean
  }>) {
    override forward(input: Tensor): unknown {
      const { outputSize, returnIndices } = this
      const call = operator as (...args: unknown[]) => unknown
      return returnIndices === undefined ? call(input, outputSize) : call(input, outputSize, returnIndices)
    }

    override torchScript(): string | null {
      const sizes = this.outputSize
      if (!Array.isArray(sizes) || !sizes.includes(null)) return super.torchScript()
      const name = snakeCase(signature.name[0]!.toLowerCase() + signature.name.slice(1)).replace(/_?(\d)d$/, '$1d')
      const shown = sizes.map((size: number | null, i) => size ?? `input.size(${i - sizes.length})`)
      return forwardSource(`return torch.${name}(input, [${shown.join(', ')}])`)
    }

    override extraRepr(): string {
      return this.shown('outputSize')
    }
  }
  return Adaptive as unknown as Constructor
}

/** @internal The base of a pooling over windows of random size. */
export function fractional<Arguments, Constructor>(signature: DeclaredClass<Arguments, Constructor>, operator: Operator): Constructor {
  abstract class Fractional extends (functionLayer(signature, operator) as unknown as Base) {
    protected override build({ outputSize, outputRatio }: { readonly outputSize: unknown; readonly outputRatio: unknown }): void {
      if ((outputSize === null) === (outputRatio === null))
        throw new ArgumentError(`${signature.name}() takes either outputSize or outputRatio`)
    }
  }
  return Fractional as unknown as Constructor
}

interface UnpoolFields {
  readonly kernelSize: number
  readonly stride: number
  readonly padding: number
}

/** @internal The base of the inverse of a max pooling. */
export function maxUnpool<Arguments, Constructor>(signature: DeclaredClass<Arguments, Constructor>, operator: Operator): Constructor {
  abstract class MaxUnpool extends strided(layer(signature) as unknown as Base<UnpoolFields>) {
    override forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): unknown {
      const { kernelSize, stride, padding } = this
      return (operator as (...args: unknown[]) => unknown)(input, indices, kernelSize, stride, padding, outputSize)
    }

    override extraRepr(): string {
      return this.shown('kernelSize stride padding')
    }
  }
  return MaxUnpool as unknown as Constructor
}
