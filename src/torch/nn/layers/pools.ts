import { ArgumentError } from '../../../native'
import type { DeclaredClass } from '../../call/declared'
import type { Tensor } from '../../tensor/tensor'
import { forwardMethod, pythonFloat, pythonInts } from '../torch-script'
import { declares, layer, type Layer } from './layer'

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

    override extraRepr(): string {
      return this.shown('outputSize')
    }
  }
  return Adaptive as unknown as Constructor
}

/** @internal The base of a pooling over windows of random size, in so many spatial dimensions. */
export function fractional<Arguments, Constructor>(
  signature: DeclaredClass<Arguments, Constructor>,
  spatial: number,
  operator: Operator,
): Constructor {
  abstract class Fractional extends (layer(signature) as unknown as Base<FractionalFields>) {
    declare readonly _randomSamples: Tensor | null

    protected override build({
      outputSize,
      outputRatio,
      randomSamples,
    }: FractionalFields & { readonly randomSamples: Tensor | null }): void {
      this.registerBuffer('_randomSamples', randomSamples)
      if ((outputSize === null) === (outputRatio === null))
        throw new ArgumentError(`${signature.name}() takes either outputSize or outputRatio`)
    }

    override forward(input: Tensor): unknown {
      const { kernelSize, outputSize, outputRatio, returnIndices, _randomSamples: randomSamples } = this
      return (operator as (...args: unknown[]) => unknown)(input, kernelSize, outputSize, outputRatio, returnIndices, randomSamples)
    }

    override torchScript(): string {
      const { kernelSize, outputSize, outputRatio, returnIndices, _randomSamples: randomSamples } = this
      const sizes = outputSize ?? outputRatio!.map((ratio, i) => `int(float(input.size(${i - spatial})) * ${pythonFloat(ratio)})`)
      const drawn = `torch.rand([batch, input.size(${-spatial - 1}), ${spatial}], dtype=input.dtype, device=input.device)`
      const lines = [
        ...(randomSamples === null ? [`batch = 1 if input.dim() == ${spatial + 1} else input.size(0)`] : []),
        `samples = ${randomSamples === null ? drawn : 'self._random_samples'}`,
        `values, indices = torch.fractional_max_pool${spatial}d(input, [${kernelSize.join(', ')}], [${sizes.join(', ')}], samples)`,
        returnIndices ? 'return (values, indices)' : 'return values',
      ]
      return forwardMethod(['input'], lines, returnIndices ? 2 : 1)
    }
  }
  return declares(Fractional) as unknown as Constructor
}

interface FractionalFields {
  readonly kernelSize: readonly number[]
  readonly outputSize: readonly number[] | null
  readonly outputRatio: readonly number[] | null
  readonly returnIndices: boolean
}

interface UnpoolFields {
  readonly kernelSize: readonly number[]
  readonly stride: readonly number[]
  readonly padding: readonly number[]
}

/** @internal The base of the inverse of a max pooling, in so many spatial dimensions. */
export function maxUnpool<Arguments, Constructor>(
  signature: DeclaredClass<Arguments, Constructor>,
  spatial: number,
  operator: Operator,
): Constructor {
  abstract class MaxUnpool extends strided(layer(signature) as unknown as Base<UnpoolFields>) {
    override forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): unknown {
      const { kernelSize, stride, padding } = this
      return (operator as (...args: unknown[]) => unknown)(input, indices, kernelSize, stride, padding, outputSize)
    }

    /** Without an output size, which only a call knows. */
    override torchScript(): string {
      const { kernelSize, stride, padding } = this
      const sizes = kernelSize.map((size, i) => `(input.size(${i - spatial}) - 1) * ${stride[i]!} + ${size - 2 * padding[i]!}`)
      const line =
        spatial === 1
          ? `return torch.max_unpool2d(input.unsqueeze(-1), indices.unsqueeze(-1), [${sizes[0]!}, 1]).squeeze(-1)`
          : spatial === 2
            ? `return torch.max_unpool2d(input, indices, [${sizes.join(', ')}])`
            : `return torch.max_unpool3d(input, indices, [${sizes.join(', ')}], ${pythonInts(stride)}, ${pythonInts(padding)})`
      return forwardMethod(['input', 'indices'], [line])
    }

    override extraRepr(): string {
      return this.shown('kernelSize stride padding')
    }
  }
  return declares(MaxUnpool) as unknown as Constructor
}
