/** A learning rate's share at a step, counted from 0. */
export type Schedule = (step: number) => number

/** Rises in a line over `warmup` steps. */
function warmedUp(step: number, warmup: number): number {
  return step < warmup ? (step + 1) / (warmup + 1) : 1
}

/** The full rate after a warm-up. */
export function constant(options: { warmupSteps: number }): Schedule {
  return (step) => warmedUp(step, options.warmupSteps)
}

/**
 * Rises in a line over the warm-up, then falls to 0 along half a cosine.
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
