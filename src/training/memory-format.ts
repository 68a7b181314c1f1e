import type { Tensor } from '../torch'
import type { Backbone } from '../pixelcl'

/** Convolutions with more input channels than this gain little from channels-last memory, and lose on small maps. */
const MOST_CHANNELS = 128

/**
 * Lays out a thin network for channels-last maps, in which it takes a sixth to a third less time on the CPU.
 *
 * A network is thin if no kernel beyond 1 × 1 has more than 128 input channels: ResNet-20, the mobile networks, EfficientNet, DenseNet. Maps
 * follow the first kernel that they meet. Numbers change within rounding, for sums are taken in another order.
 */
export function layOutForCpu(net: Backbone): void {
  if (net.parameters().filter(isKernel).every(isThin)) net.to({ memoryFormat: 'channelsLast' })
}

/** Whether any kernel has another layout than files have. */
export function isLaidOut(net: Backbone): boolean {
  return net.parameters().some((parameter) => isKernel(parameter) && !isRowMajor(parameter))
}

export function layOutForFile(net: Backbone): void {
  net.to({ memoryFormat: 'contiguousFormat' })
}

function isKernel({ shape }: Tensor): boolean {
  return shape.length === 4
}

function isThin({ shape }: Tensor): boolean {
  return shape[2]! * shape[3]! === 1 || shape[1]! <= MOST_CHANNELS
}

/** Not `isContiguous`, which is true of a kernel of one pixel or one channel in both layouts. */
function isRowMajor(kernel: Tensor): boolean {
  const [, perChannel, , perColumn] = kernel.stride()
  return perChannel === kernel.shape[2]! * kernel.shape[3]! && perColumn === 1
}
