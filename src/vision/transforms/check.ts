import { ArgumentError, isTensor, type Tensor } from '../../torch'
import { describe } from '../../common/describe'

/** Rejects anything but a batch of floating-point images, with three channels if `colour` is set. */
export function checkBatch(call: string, images: Tensor, { colour = false }: { colour?: boolean } = {}): void {
  const wanted = `${call} takes images [N, ${colour ? 3 : 'C'}, H, W]`
  if (!isTensor(images)) throw new ArgumentError(`${wanted} but received ${describe(images)}`)
  const { shape } = images
  if (shape.length !== 4 || (colour && shape[1] !== 3)) {
    throw new ArgumentError(
      `${wanted} but received [${shape.join(', ')}]${shape.length === 3 ? ': call unsqueeze(0), or stack several images' : ''}`,
    )
  }
  if (!images.isFloatingPoint()) {
    throw new ArgumentError(
      `${wanted} in 0…1 but received ${images.dtype}: call images.to('float32')${images.dtype === 'uint8' ? '.div(255)' : ''}`,
    )
  }
}

/** Rejects anything but one factor per image, or one for all. */
export function checkFactors(call: string, factors: Tensor, images: Tensor): void {
  const count = images.shape[0]!
  if (isTensor(factors) && factors.dim() <= 1 && (factors.numel() === count || factors.numel() === 1)) return
  throw new ArgumentError(`${call} takes one factor for each of ${count} images, [${count}], but received ${describe(factors)}`)
}

export function checkProbability(call: string, p: number): void {
  if (!(typeof p === 'number' && p >= 0 && p <= 1)) throw new ArgumentError(`${call}: a probability lies in 0…1 but is ${describe(p)}`)
}

/** Rejects a number outside low…high. */
export function checkBetween(call: string, name: string, value: number, low: number, high = Infinity): void {
  if (typeof value === 'number' && value >= low && value <= high) return
  throw new ArgumentError(
    `${call}: ${name} must be ${high === Infinity ? `at least ${low}` : `in ${low}…${high}`} but is ${describe(value)}`,
  )
}

/** Rejects anything but two numbers in ascending order. */
export function checkRange(call: string, name: string, range: readonly [number, number]): void {
  const isRange = Array.isArray(range) && range.length === 2 && range.every(Number.isFinite) && range[0] <= range[1]
  if (!isRange) throw new ArgumentError(`${call}: ${name} must be two numbers, the smaller first, but is ${describe(range)}`)
}
