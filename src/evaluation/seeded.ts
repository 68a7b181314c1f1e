import * as torch from '../torch'

/** Runs `work` without gradients and with the default generator seeded, then restores the generator's state. */
export function seeded<T>(seed: number, work: () => T): T {
  const state = torch.getRngState()
  torch.manualSeed(seed)
  try {
    return torch.noGrad(work)
  } finally {
    torch.setRngState(state)
  }
}
