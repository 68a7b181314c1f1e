import { noGrad } from '../../autograd'
import { misfit } from '../../call/errors'
import * as creation from '../../tensor/creation'
import type * as declared from '../../generated/declared/nn-init-signatures'
import { emptyLike, erf, where } from '../../generated/functions'
import { scope } from '../../memory'
import type { Tensor } from '../../tensor/tensor'
import { squareOf } from './gain'

/**
 * Fills with values of a normal distribution truncated to `a` … `b`.
 *
 * Warns if the mean is more than two standard deviations outside the bounds.
 *
 * @throws ArgumentError for a standard deviation of 0.
 * @see https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.trunc_normal_
 * @example
 * torch.nn.init.truncNormal_(torch.empty([100]), { std: 0.02, a: -0.04, b: 0.04 }).abs().max().item() <= 0.04 // true
 */
export function truncNormal_(given: declared.TruncNormal_Arguments): Tensor {
  const { tensor, mean, std, a, b } = given
  if (tensor.isMeta) return tensor
  if (mean < a - 2 * std || mean > b + 2 * std)
    process.emitWarning(
      `truncNormal_(): the mean ${mean} is more than two standard deviations of ${std} outside ${a} … ${b}: the distribution may be wrong`,
      { code: 'PIXELCL_TRUNCATED_NORMAL' },
    )
  if (std === 0) throw misfit('truncNormal_', 'std', 'a number other than 0', std)
  const within = shareBelow((b - mean) / std) - shareBelow((a - mean) / std)
  scope(() => noGrad(() => (within > 0.3 ? redrawOutside(given) : acceptUniform(given))))
  return tensor
}

/** The cumulative distribution function of the standard normal distribution. */
function shareBelow(x: number): number {
  return (1 + Number(erf(creation.tensor(x / Math.sqrt(2), { dtype: 'float64', device: 'cpu' })).item())) / 2
}

/** Draws values again until all are within the bounds, which is fast if most are. */
function redrawOutside({ tensor, mean, std, a, b, generator }: declared.TruncNormal_Arguments): void {
  const rounded = (bound: number): number => Number(tensor.newTensor(bound, { device: 'cpu' }).item())
  const [low, high] = [rounded(a), rounded(b)]
  let result: Tensor = tensor.normal_(mean, std, { generator })
  for (;;) {
    const outside = result.lt(low).bitwiseOr(result.gt(high))
    if (!isAnyOf(outside)) break
    result = where(outside, emptyLike(result).normal_(mean, std, { generator }), result)
  }
  if (result !== tensor) tensor.copy_(result)
}

/** Draws uniform values and accepts each with its density relative to the peak, which is fast if the bounds are narrow or far from the mean. */
function acceptUniform({ tensor, mean, std, a, b, generator }: declared.TruncNormal_Arguments): void {
  const peak = Math.max(a, Math.min(mean, b))
  const logPeak = -0.5 * squareOf((peak - mean) / std)
  const candidates = emptyLike(tensor)
  const chances = emptyLike(tensor)
  const refused = (): Tensor => {
    candidates.sub_(mean).div_(std).pow_(2).mul_(-0.5).sub_(logPeak)
    return chances.uniform_({ generator }).log_().gt(candidates)
  }
  candidates.copy_(tensor.uniform_(a, b, { generator }))
  let pending = refused()
  if (!isAnyOf(pending)) return
  let result: Tensor = tensor
  do {
    candidates.uniform_(a, b, { generator })
    result = where(pending, candidates, result)
    pending = where(pending, refused(), pending)
  } while (isAnyOf(pending))
  tensor.copy_(result)
}

function isAnyOf(mask: Tensor): boolean {
  return mask.any().item<boolean>()
}
