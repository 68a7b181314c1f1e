// Random numbers that a seed repeats.

/** Numbers in 0…1 from a seed, the same on every machine (mulberry32). */
export function generator(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The generator of one number of a seed. */
export function generatorOf(seed, number) {
  const random = generator(Math.imul(seed, 2654435761) ^ Math.imul(number, 40503))
  for (let warm = 0; warm < 3; warm++) random()
  return random
}

/** Draws what files are made of. */
export class Draw {
  constructor(seed, number) {
    this.random = generatorOf(seed, number)
  }

  below(limit) {
    return Math.floor(this.random() * limit)
  }

  chance(share) {
    return this.random() < share
  }

  pick(list) {
    return list[this.below(list.length)]
  }

  /** Mostly small, now and then as large as the limit. */
  size(limit) {
    return Math.floor(limit ** this.random())
  }

  bytes(length) {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }

  times(count, make) {
    return Array.from({ length: count }, (_, i) => make(i))
  }
}
