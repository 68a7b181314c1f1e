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

/** A square image of RGB bytes, and the class of every pixel. */
export interface Scene {
  readonly rgb: Uint8Array
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

/** A texture of one class in −1…1 with a random offset. */
function texture(random: Random, kind: number, size: number, { period, tilt }: Pick<Look, 'period' | 'tilt'>): Field<number> {
  const [cos, sin] = [Math.cos(tilt), Math.sin(tilt)]
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
      return turned((u, v) => bounded(1.2 * wave(u + 0.35 * period * Math.sin((2 * Math.PI * v) / (1.7 * period))), -1, 1))
    case 'clouds':
      return clouds(random, period)
    default:
      return turned(grain(random, period, size))
  }
}

const bounded = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value))

/** A sum of long waves in all directions. */
function clouds(random: Random, period: number): Field<number> {
  const waves = Array.from({ length: 5 }, () => {
    const angle = random() * 2 * Math.PI
    const length = period / between(random, 0.3, 0.8)
    return { x: (2 * Math.PI * Math.cos(angle)) / length, y: (2 * Math.PI * Math.sin(angle)) / length, phase: random() * 2 * Math.PI }
  })
  return (x, y) => bounded(waves.reduce((sum, wave) => sum + Math.sin(wave.x * x + wave.y * y + wave.phase), 0) / 2, -1, 1)
}

/** Small squares, each randomly light or dark, in a plane that repeats beyond an image of `size`. */
function grain(random: Random, period: number, size: number): Field<number> {
  const side = Math.max(1, period / 4.5)
  const count = Math.ceil((Math.SQRT2 * size + period) / side)
  const light = Array.from({ length: count ** 2 }, () => (random() < 0.5 ? -1 : 1))
  const at = (value: number) => modulo(Math.floor(value / side), count)
  return (x, y) => light[at(y) * count + at(x)]!
}

type Colour = readonly [red: number, green: number, blue: number]

/** A colour in 0…1 from its hue in turns, saturation and value. */
function colourOf(hue: number, saturation: number, value: number): Colour {
  const channel = (offset: number) => {
    const t = modulo(offset + hue * 6, 6)
    return value * (1 - saturation * bounded(Math.min(t, 4 - t), 0, 1))
  }
  return [channel(5), channel(3), channel(1)]
}

/** A region of an image: the pixels that are nearer to its seed point than to any other's. */
interface Cell {
  readonly x: number
  readonly y: number
  readonly kind: number
  /** What is added to its brightness. */
  readonly shift: number
  readonly texture: Field<number>
}

/** Properties that all regions of an image share, so that these cannot distinguish its regions. */
interface Look {
  readonly dark: Colour
  readonly light: Colour
  readonly contrast: number
  /** The period of the textures, in pixels. */
  readonly period: number
  readonly tilt: number
  /** Changes of the brightness from the middle to the right and lower edge. */
  readonly slope: readonly [across: number, down: number]
}

function lookOf(random: Random, size: number): Look {
  const hue = random()
  return {
    dark: colourOf(hue, between(random, 0.3, 0.9), between(random, 0.1, 0.4)),
    light: colourOf(hue + between(random, -0.25, 0.25), between(random, 0.1, 0.6), between(random, 0.7, 1)),
    contrast: between(random, 0.7, 1),
    period: (between(random, 8, 14) * size) / 160,
    tilt: random() * Math.PI,
    slope: [between(random, -0.15, 0.15), between(random, -0.15, 0.15)],
  }
}

function cellOf(random: Random, size: number, { period, tilt }: Look): Cell {
  const kind = oneOf(random, TEXTURE_CLASSES.length)
  return {
    x: random() * size,
    y: random() * size,
    kind,
    shift: between(random, -0.05, 0.05),
    texture: texture(random, kind, size, { period: period * between(random, 0.95, 1.05), tilt: tilt + between(random, -0.2, 0.2) }),
  }
}

const NOISE = 0.03

/**
 * Paints six to nine fields, each with one texture, and noise.
 *
 * Two colours, tilt, period and light belong to the image, not to a field, so only the texture tells fields apart.
 */
export function paintScene(random: Random, size: number): Scene {
  const look = lookOf(random, size)
  const cells = Array.from({ length: 6 + oneOf(random, 4) }, () => cellOf(random, size, look))
  const rgb = new Uint8Array(3 * size * size)
  const mask = new Uint8Array(size * size)
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const cell = nearest(cells, x, y)
      const pixel = y * size + x
      const share = 0.5 + 0.5 * look.contrast * cell.texture(x, y) + cell.shift
      const bright = 1 + look.slope[0] * ((2 * x) / size - 1) + look.slope[1] * ((2 * y) / size - 1)
      const noise = NOISE * normal(random)
      mask[pixel] = cell.kind
      for (let channel = 0; channel < 3; channel++) {
        const [dark, light] = [look.dark[channel]!, look.light[channel]!]
        rgb[3 * pixel + channel] = bounded(Math.round(255 * ((dark + (light - dark) * share) * bright + noise)), 0, 255)
      }
    }
  }
  return { rgb, mask, size }
}

function nearest(cells: readonly Cell[], x: number, y: number): Cell {
  const distance = (cell: Cell) => (x - cell.x) ** 2 + (y - cell.y) ** 2
  return cells.reduce((best, cell) => (distance(cell) < distance(best) ? cell : best))
}
