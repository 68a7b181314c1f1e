/** The range in which a value lies with a confidence of 95 %. */
export interface Interval {
  readonly low: number
  readonly high: number
}

const RESAMPLES = 2000
/** The quantile of a normal distribution for 95 %, two-sided. */
const Z = 1.959964

/**
 * The 95 % interval of a statistic of images, by drawing as many of them with replacement, again and again.
 *
 * The percentiles are widened for few images, for which the plain ones are too narrow, and moved by the bias of the drawings: an image that is
 * drawn twice raises what the images seem to have in common.
 *
 * @param count - Number of images.
 * @param statistic - The value when image `i` counts `weights[i]` times; null if it has none.
 * @returns Null if it has no value for the images or for most drawings.
 * @see https://doi.org/10.1080/00031305.2015.1089789 (Hesterberg 2015, section 5.3: expanded percentiles)
 */
export function bootstrap(count: number, statistic: (weights: readonly number[]) => number | null, seed = 1): Interval | null {
  const own = count < 2 ? null : statistic(Array.from({ length: count }, () => 1))
  if (own === null) return null
  const random = uniform(seed)
  const values: number[] = []
  for (let round = 0; round < RESAMPLES; round++) {
    const weights = Array.from({ length: count }, () => 0)
    for (let i = 0; i < count; i++) weights[Math.floor(random() * count)]!++
    const value = statistic(weights)
    if (value !== null) values.push(value)
  }
  if (values.length < RESAMPLES / 2) return null
  values.sort((a, b) => a - b)
  const tail = expandedTail(count)
  const at = (share: number) => values[Math.min(values.length - 1, Math.max(0, Math.round(share * (values.length - 1))))]!
  const bias = values.reduce((sum, value) => sum + value, 0) / values.length - own
  return { low: at(tail) - bias, high: at(1 - tail) - bias }
}

/** The share of the resampled values beyond each end of the interval; 0.025 for many images, less for few. */
function expandedTail(count: number): number {
  const freedom = count - 1
  // The first terms of the expansion of Student's t in the normal quantile.
  const t = Z + (Z ** 3 + Z) / (4 * freedom) + (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / (96 * freedom ** 2)
  return normalTail(Math.sqrt(count / freedom) * t)
}

/** The probability that a normal variable exceeds `x` > 0 (Abramowitz and Stegun 26.2.17; off by less than 1e-7). */
function normalTail(x: number): number {
  const k = 1 / (1 + 0.2316419 * x)
  const polynomial = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
  return (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * polynomial
}

/** Numbers in 0…1 that depend on the seed alone (mulberry32). */
function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
