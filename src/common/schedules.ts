/** The factor of the learning rate at a step; steps count from 0. */
export type Schedule = (step: number) => number

/** Linear warm-up over `warmup` steps. */
function warmedUp(step: number, warmup: number): number {
  return step < warmup ? (step + 1) / (warmup + 1) : 1
}

/** Constant after a linear warm-up. */
export function constant(options: { warmupSteps: number }): Schedule {
  return (step) => warmedUp(step, options.warmupSteps)
}

/**
 * Linear warm-up, then half a cosine down to 0.
 *
 * Source: "SGDR" (arXiv 1608.03983), without restarts.
 *
 * @example
 * cosine({ steps: 100, warmupSteps: 0 })(50) // 0.5
 */
export function cosine(options: { steps: number; warmupSteps: number }): Schedule {
  const { steps, warmupSteps } = options
  return (step) => {
    if (step < warmupSteps) return warmedUp(step, warmupSteps)
    const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps))
    return (1 + Math.cos(Math.PI * progress)) / 2
  }
}
