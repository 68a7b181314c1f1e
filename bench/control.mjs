// The control of every benchmark of pretraining: the same run, but the learner pairs pixels that do not show the same place.
import * as torch from '../dist/torch/index.js'
import { PixelCL } from '../dist/pixelcl/index.js'

/**
 * Runs `work` while every learner of this process, those that `pretrain` makes included, takes view two's coordinates in a shuffled order.
 *
 * As many pairs stay positive as before, and everything else is the same, so what a run still gains is not owed to the pairs.
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

/** Pairs [P, Q] with the pixels of view two in a random order. */
function shuffled(mask) {
  return mask.indexSelect(1, torch.randperm(mask.shape[1], { device: mask.device }))
}
