import * as torch from '../torch'
import type { Tensor } from '../torch'

/** Standard deviations from the mean at which a colour saturates. */
const REACH = 2

/**
 * The three principal components of features before and after, as colours: both [n, C, h, w] to [n, h, w, 3] in 0…1.
 *
 * The two feature spaces differ, so the components of each are computed separately, over all images. The components after training are rotated
 * to match those before as well as possible (orthogonal Procrustes), so that equal colours mean similar features.
 */
export function componentColours(before: Tensor, after: Tensor): [Tensor, Tensor] {
  return torch.noGrad(() => {
    const reference = principalComponents(before)
    const own = principalComponents(after)
    return [colours(reference, before), colours(own.matmul(rotation(own, reference)), after)]
  })
}

/** Features of unit length projected on their first three components, each of unit variance: [n·h·w, 3]. */
function principalComponents(features: Tensor): Tensor {
  const rows = torch.nn.functional.normalize(features.permute([0, 2, 3, 1]).flatten(0, 2).to('float64'), { dim: 1 })
  const centred = rows.sub(rows.mean([0], true))
  const [, directions] = torch.linalg.eigh(centred.t().matmul(centred))
  const count = Math.min(3, directions.shape[1]!)
  // eigh sorts eigenvalues in ascending order.
  const components = centred.matmul(directions.narrow(1, directions.shape[1]! - count, count).flip([1]))
  const scaled = components.div(components.pow(2).mean([0], true).sqrt().clampMin(1e-12))
  return torch.nn.functional.pad(scaled, [0, 3 - count])
}

/** The rotation (or reflection) [3, 3] that takes `from` nearest to `to`, both [P, 3]. */
function rotation(from: Tensor, to: Tensor): Tensor {
  const [u, , vh] = torch.linalg.svd(from.t().matmul(to))
  return u.matmul(vh)
}

function colours(components: Tensor, features: Tensor): Tensor {
  const [count, , rows, columns] = features.shape as [number, number, number, number]
  return components
    .div(2 * REACH)
    .add(0.5)
    .clamp(0, 1)
    .view([count, rows, columns, 3])
}
