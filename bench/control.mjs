// The control of the pretraining benchmarks: the same run, but the learner pairs pixels that do not show the same place.
import * as torch from '../dist/torch/index.js'
import { PixelCL } from '../dist/pixelcl/index.js'

/**
 * Runs `work` with all learners of this process, including those made by `pretrain`, using a shuffled order of view two's coordinates.
 *
 * The number of positive pairs and everything else is unchanged, so any gain of such a run is not due to the pairs.
 */
export async function withShuffledCoordinates(work) {
  const { pairsOf } = PixelCL.prototype
  PixelCL.prototype.pairsOf = function (...args) {
    const { mask, count } = pairsOf.apply(this, args)
    return { mask: mask.dim() === 2 ? shuffled(mask) : torch.stack(mask.unbind(0).map(shuffled)), count }
  }
  try {
    return await work()
  } finally {
    PixelCL.prototype.pairsOf = pairsOf
  }
}

/** The mask of pairs [P, Q] with its columns, the pixels of view two, shuffled. */
function shuffled(mask) {
  return mask.indexSelect(1, torch.randperm(mask.shape[1], { device: mask.device }))
}
