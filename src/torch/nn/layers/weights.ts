import { calculateFanIn, kaimingUniform_, uniform_ } from '../init'
import type { Parameter } from '../parameter'

/** @internal Draws weights as Python draws those of linear layers and convolutions. */
export function drawWeights({ weight, bias }: { readonly weight: Parameter; readonly bias: Parameter | null }): void {
  kaimingUniform_(weight, { a: Math.sqrt(5) })
  if (bias === null) return
  const fanIn = calculateFanIn(weight)
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0
  if (bound > 0 || weight.dim() === 2) uniform_(bias, -bound, bound)
}
