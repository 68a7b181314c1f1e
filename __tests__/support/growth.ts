const FACTOR = 8

/**
 * How the processor time of `work` grows with its size: about 1 if it is proportional to the size, 8 if it is quadratic.
 *
 * Both sizes run in the same process, so the speed of the machine and its load have little effect.
 *
 * @param size - the smaller of both sizes; the larger is 8 times as large. The time of the larger should be a tenth of a second at least.
 * @example
 * expect(growthOf((size) => parse('x, '.repeat(size)), 1000)).toBeLessThan(3)
 */
export function growthOf(work: (size: number) => unknown, size: number): number {
  const [small, large] = [leastTime(work, size), leastTime(work, size * FACTOR)]
  return large / small / FACTOR
}

/** The least of three processor times, in microseconds, after one call that compiles the code. */
export function leastTime(work: (size: number) => unknown, size = 1): number {
  work(size)
  const times = [1, 2, 3].map(() => {
    const began = process.cpuUsage()
    work(size)
    const { user, system } = process.cpuUsage(began)
    return user + system
  })
  return Math.min(...times)
}
