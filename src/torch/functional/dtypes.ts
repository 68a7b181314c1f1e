import { aten } from '../call/aten'
import { declared, read } from '../call/declared'
import { type DType, type Scalar, dtypeOf, type DTypeLike } from '../tensor/dtype'
import { convert } from '../call/resolve'
import { isTensor } from '../tensor/base'
import type { Tensor } from '../tensor/tensor'

/**
 * The dtype that holds the values of both.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.promote_types.html
 * @example
 * torch.promoteTypes('int32', 'float16') // 'float16'
 */
export function promoteTypes(type1: DTypeLike, type2: DTypeLike): DType {
  return aten('promote_types')(dtypeOf(type1), dtypeOf(type2)) as DType
}

/**
 * Whether values of one dtype may become the other's in place: not from floats to integers, nor from complex to real.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.can_cast.html
 * @example
 * torch.canCast('float64', 'float32') // true
 */
export function canCast(from: DTypeLike, to: DTypeLike): boolean {
  return aten('can_cast')(dtypeOf(from), dtypeOf(to)) as boolean
}

/**
 * The dtype that an operation on both gives; tensors without dimensions and numbers weigh less than others.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.result_type.html
 * @example
 * torch.resultType(torch.ones([2], { dtype: 'int32' }), 1.5) // 'float32'
 */
export function resultType(one: Tensor | Scalar, two: Tensor | Scalar): DType {
  const overload = isTensor(one) ? (isTensor(two) ? 'Tensor' : 'Scalar') : isTensor(two) ? 'Scalar_Tensor' : 'Scalar_Scalar'
  return aten('result_type', overload)(convert(one), convert(two)) as DType
}

const NUMEL = declared<{ input: Tensor }>('numel', 'input:T')

/** The number of elements. */
export function numel(input: Tensor): number {
  return read(NUMEL, [input]).input.numel()
}
