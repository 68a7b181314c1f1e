import * as torch from '../torch'

/** Runs with the default generator at a seed and without gradients, then puts the generator back to where it was. */
export function seeded<T>(seed: number, work: () => T): T {
  const state = torch.getRngState()
  torch.manualSeed(seed)
  try {
    return torch.noGrad(work)
  } finally {
    torch.setRngState(state)
  }
}
