import type { Loader } from '../../src/training'
import type { Tensor } from '../../src/torch'

/** Batches that a function makes, by their number; their position is that number. */
export function endless(make: (step: number) => Tensor | Promise<Tensor>): Loader<Tensor> {
  let next = 0
  return {
    next: async () => ({ done: false, value: await make(next++) }),
    stateDict: () => ({ next }),
    loadStateDict: (state: { next: number }) => void (next = state.next),
  }
}
