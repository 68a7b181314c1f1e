/** The names of the classes. */
export const TEXTURE_CLASSES = ['stripes', 'checks', 'dots', 'waves', 'clouds', 'grain'] as const

/** Returns a random number in [0, 1). */
export type Random = () => number

/** A mulberry32 generator; unlike libtorch's, it gives the same images in every version. */
export function generatorOf(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A square image of grey levels, and the class of every pixel. */
export interface Scene {
  readonly grey: Uint8Array
  readonly mask: Uint8Array
  readonly size: number
}

/** A function of pixel coordinates. */
type Field<T> = (x: number, y: number) => T

const between = (random: Random, low: number, high: number) => low + (high - low) * random()
const oneOf = (random: Random, count: number) => Math.floor(random() * count)
/** The non-negative remainder. */
const modulo = (value: number, by: number) => value - by * Math.floor(value / by)

/** Standard normal, by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** A dot's radius in periods, chosen so that dots cover half of the area, like the light parts of the other textures. */
const DOT = Math.sqrt(0.5 / Math.PI)

/** A texture of one class in −1…1, with random tilt, scale and offset. */
function texture(random: Random, kind: number, size: number): Field<number> {
  const tilt = between(random, 0, Math.PI)
  const [cos, sin] = [Math.cos(tilt), Math.sin(tilt)]
  const period = (between(random, 8, 18) * size) / 96
  const [first, second] = [random() * period, random() * period]
  const turned =
    (field: Field<number>): Field<number> =>
    (x, y) =>
      field(x * cos + y * sin + first, y * cos - x * sin + second)
  const wave = (value: number) => Math.sin((2 * Math.PI * value) / period)
  switch (TEXTURE_CLASSES[kind]) {
    case 'stripes':
      return turned((u) => Math.sign(wave(u)))
    case 'checks':
      return turned((u, v) => Math.sign(wave(u) * wave(v)))
    case 'dots':
      return turned((u, v) => (Math.hypot(modulo(u, period) - period / 2, modulo(v, period) - period / 2) < DOT * period ? 1 : -1))
    case 'waves':
      return turned((u, v) => Math.max(-1, Math.min(1, 1.2 * wave(u + 0.35 * period * Math.sin((2 * Math.PI * v) / (1.7 * period))))))
    case 'clouds':
      return clouds(random, period)
    default:
      return grain(random, size)
  }
}

/** A sum of long waves in all directions. */
function clouds(random: Random, period: number): Field<number> {
  const waves = Array.from({ length: 5 }, () => {
    const angle = random() * 2 * Math.PI
    const length = period / between(random, 0.3, 0.8)
    return { x: (2 * Math.PI * Math.cos(angle)) / length, y: (2 * Math.PI * Math.sin(angle)) / length, phase: random() * 2 * Math.PI }
  })
  return (x, y) => waves.reduce((sum, wave) => sum + Math.sin(wave.x * x + wave.y * y + wave.phase), 0) / 2
}

/** Small squares, each randomly light or dark. */
function grain(random: Random, size: number): Field<number> {
  const side = Math.max(1, Math.round((between(random, 2, 4) * size) / 96))
  const columns = Math.ceil(size / side)
  const light = Array.from({ length: columns * columns }, () => (random() < 0.5 ? -1 : 1))
  return (x, y) => light[Math.floor(y / side) * columns + Math.floor(x / side)]!
}

/** A random ellipse, rectangle or triangle; the field is true inside. */
function shape(random: Random, size: number): Field<boolean> {
  const [cx, cy] = [between(random, 0.1, 0.9) * size, between(random, 0.1, 0.9) * size]
  const radius = between(random, 0.22, 0.42) * size
  const tilt = between(random, 0, Math.PI)
  const [cos, sin] = [Math.cos(tilt), Math.sin(tilt)]
  const flatness = between(random, 0.55, 0.95)
  const inside: Field<boolean>[] = [
    (u, v) => u ** 2 + (v / flatness) ** 2 < radius ** 2,
    (u, v) => Math.abs(u) < 0.9 * radius && Math.abs(v) < flatness * radius,
    (u, v) => v > -0.6 * radius && v < 0.9 * radius - 1.6 * Math.abs(u),
  ]
  const chosen = inside[oneOf(random, inside.length)]!
  return (x, y) => chosen((x - cx) * cos + (y - cy) * sin, (y - cy) * cos - (x - cx) * sin)
}

const NOISE = 0.1

/** Paints a textured background, two to four textured shapes over it, and noise. */
export function paintScene(random: Random, size: number): Scene {
  const levels = new Float32Array(size * size)
  const mask = new Uint8Array(size * size)
  const paint = (inside: Field<boolean>) => {
    const kind = oneOf(random, TEXTURE_CLASSES.length)
    const field = texture(random, kind, size)
    const mean = between(random, 0.4, 0.6)
    const contrast = between(random, 0.18, 0.3)
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        if (!inside(x, y)) continue
        levels[y * size + x] = mean + contrast * field(x, y)
        mask[y * size + x] = kind
      }
    }
  }
  paint(() => true)
  const shapes = 2 + oneOf(random, 3)
  for (let i = 0; i < shapes; i++) paint(shape(random, size))
  const grey = Uint8Array.from(levels, (level) => Math.max(0, Math.min(255, Math.round(255 * (level + NOISE * normal(random))))))
  return { grey, mask, size }
}
