import * as torch from '../torch'
import type { PixelCL } from '../pixelcl'
import { firstParameter } from '../pixelcl/internal'
import type { Size } from '../vision/datasets'

/** Images of the trial: the fewest that batch norms take. */
const IMAGES = 2

/**
 * Roughly the seconds that a learner needs for an image of a training step, from a trial on a copy with two images.
 *
 * Weights, statistics and generators stay as they are.
 *
 * @param size - Height and width of the images.
 */
export function secondsPerImage(learner: PixelCL, size: Size): number {
  const { device, dtype } = firstParameter(learner.onlineEncoder.net)
  const generators = [...new Set<torch.Device>(['cpu', device])].map((place) => torch.defaultGenerator(place))
  const states = generators.map((generator) => generator.getState())
  const copy = learner.deepcopy()
  const images = torch.rand([IMAGES, 3, ...size], { dtype, device })
  const trial = () => {
    const began = performance.now()
    torch.scope(() => {
      copy.forward(images).backward()
      // Reading a value waits for a GPU.
      copy.onlineEncoder.net
        .parameters()
        .find(({ grad }) => grad !== null)
        ?.grad?.sum()
        .item()
    })
    return (performance.now() - began) / 1000
  }
  try {
    // The first one warms up: it chooses algorithms and allocates memory.
    trial()
    return trial() / IMAGES
  } finally {
    generators.forEach((generator, i) => generator.setState(states[i]!))
  }
}
