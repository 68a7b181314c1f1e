import { aten } from './call/aten'
import type { Given } from './call/named'
import { type NONZERO, nonzero, type NonzeroOptions } from './functional/elements'
import { type NORM, norm, type NormOptions } from './functional/norms'
import { type LU, lu, type LuOptions } from './functional/products'
import {
  type UNIQUE,
  type UNIQUE_CONSECUTIVE,
  unique,
  uniqueConsecutive,
  type UniqueConsecutiveOptions,
  type UniqueOptions,
} from './functional/unique'
import { FunctionalMethods } from './generated/declared/functional-methods'
import type { Tensor } from './tensor/tensor'

/** Tensor methods that Python writes in Python: each is the function of torch of its name. */
export abstract class TensorComposites extends FunctionalMethods {
  /** A vector's or a matrix's norm. */
  norm(...given: Given<NormOptions, typeof NORM>): Tensor {
    return norm(this.self, ...given)
  }

  /** The indices of the elements that are not zero: [count, dimensions], or with `asTuple` one tensor per dimension. */
  nonzero(options: { asTuple: true }): Tensor[]
  nonzero(...given: Given<NonzeroOptions, typeof NONZERO>): Tensor
  nonzero(...given: Given<NonzeroOptions, typeof NONZERO>): Tensor | Tensor[] {
    return nonzero(this.self, ...given)
  }

  /** The LU factorisation in compact form: `[LU, pivots]`, with `getInfos` `[LU, pivots, infos]`. */
  lu(...given: Given<LuOptions, typeof LU>): Tensor[] {
    return lu(this.self, ...given)
  }

  /** The different values, and with `returnInverse` and `returnCounts` an array of them, the inverse and the counts. */
  unique(options: UniqueOptions & ({ returnInverse: true } | { returnCounts: true })): Tensor[]
  unique(...given: Given<UniqueOptions, typeof UNIQUE>): Tensor
  unique(...given: Given<UniqueOptions, typeof UNIQUE>): Tensor | Tensor[] {
    return unique(this.self, ...given)
  }

  /** The values without those equal to the one before. */
  uniqueConsecutive(options: UniqueConsecutiveOptions & ({ returnInverse: true } | { returnCounts: true })): Tensor[]
  uniqueConsecutive(...given: Given<UniqueConsecutiveOptions, typeof UNIQUE_CONSECUTIVE>): Tensor
  uniqueConsecutive(...given: Given<UniqueConsecutiveOptions, typeof UNIQUE_CONSECUTIVE>): Tensor | Tensor[] {
    return uniqueConsecutive(this.self, ...given)
  }

  /** The number of elements. */
  nelement(): number {
    return this.self.numel()
  }

  ndimension(): number {
    return this.self.dim()
  }

  /** Whether it was made in inference mode, so that it can never be part of a graph. */
  isInference(): boolean {
    return aten('is_inference')(this._h) as boolean
  }

  /** The only class that extends this one is Tensor. */
  private get self(): Tensor {
    return this as unknown as Tensor
  }
}
