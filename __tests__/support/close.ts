import type { Tensor } from '../../src/torch/tensor/tensor'

/**
 * Whether libtorch finds two tensors close, in double precision, integers and booleans equal; NaN equals NaN. Complex ones are never found close.
 *
 * It is quicker than a comparison in JavaScript, which says where tensors differ.
 */
export function isClose(received: Tensor, expected: Tensor, rtol: number, atol: number): boolean {
  if (received.dtype !== expected.dtype || received.isComplex()) return false
  if (!received.isFloatingPoint()) return received.equal(expected)
  const [a, b] = [received, expected].map((tensor) => tensor.detach().to('float64')) as [Tensor, Tensor]
  return a.allclose(b, rtol, atol, true)
}
