import { sized } from '../../common/text'
import { FileError } from '../../torch'
import { MAX_PIXELS, samplesOf, type RawImage, type Samples } from './raw-image'

interface BitmapHeader {
  readonly width: number
  readonly height: number
  /** Whether the first line is the lowest. */
  readonly isUpward: boolean
  readonly bits: number
  readonly compression: number
  /** Offset of the pixels. */
  readonly start: number
  /** Colours as blue, green and red. */
  readonly palette: Buffer
  readonly paletteStep: number
  readonly masks: readonly [number, number, number]
}

const [PLAIN, RUNS8, RUNS4, FIELDS, ALPHA_FIELDS] = [0, 1, 2, 3, 6]

export function isBitmap(bytes: Buffer): boolean {
  return bytes.length > 26 && bytes[0] === 0x42 && bytes[1] === 0x4d
}

/**
 * Reads a BMP image: of 1 to 32 bits, with a palette, bit fields or runs; transparency is ignored, as most readers do.
 *
 * @throws FileError for a damaged or truncated file and for BMPs that hold a JPEG or PNG.
 * @see https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-storage
 */
export function readBitmap(bytes: Buffer): RawImage {
  const header = readHeader(bytes)
  const { width, height } = header
  const pixels = new Uint8Array(width * height * 3)
  for (const { line, bits, row } of linesOf(bytes, header)) writeLine(line, header, bits, pixels.subarray(3 * width * row))
  return { pixels, width, height, channels: 3 }
}

/**
 * Reads the stored samples of a BMP: palette indices, or the bytes of grey pixels.
 *
 * @throws FileError as `readBitmap` does.
 */
export function readBitmapSamples(bytes: Buffer): Samples {
  const header = readHeader(bytes)
  const { width, height } = header
  if (header.bits > 8) return samplesOf(readBitmap(bytes))
  const values = new Uint8Array(width * height)
  for (const { line, bits, row } of linesOf(bytes, header)) for (let x = 0; x < width; x++) values[row * width + x] = indexAt(line, bits, x)
  return { values, width, height, isColoured: false }
}

/** The stored lines, each with the row that it has in the image. */
function* linesOf(bytes: Buffer, header: BitmapHeader): Generator<{ line: Uint8Array; bits: number; row: number }> {
  const { height, isUpward } = header
  const source = header.compression === RUNS8 || header.compression === RUNS4 ? expandedRuns(bytes, header) : plainLines(bytes, header)
  for (let y = 0; y < height; y++) {
    const line = source.data.subarray(y * source.step, (y + 1) * source.step)
    yield { line, bits: source.bits, row: isUpward ? height - 1 - y : y }
  }
}

function readHeader(bytes: Buffer): BitmapHeader {
  const size = bytes.readUInt32LE(14)
  if (size < 12 || 14 + size > bytes.length) throw damaged('its header is cut')
  const isOld = size === 12
  const width = isOld ? bytes.readUInt16LE(18) : bytes.readInt32LE(18)
  const tall = isOld ? bytes.readUInt16LE(20) : bytes.readInt32LE(22)
  const bits = bytes.readUInt16LE(isOld ? 24 : 28)
  const compression = isOld || size < 20 ? PLAIN! : bytes.readUInt32LE(30)
  const height = Math.abs(tall)
  if (width <= 0 || height === 0 || width * height > MAX_PIXELS) throw damaged(`it claims ${sized([height, width], ' pixels')}`)
  if (![1, 2, 4, 8, 16, 24, 32].includes(bits)) throw damaged(`its pixels have ${bits} bits`)
  const isKnown =
    compression === PLAIN ||
    (compression === RUNS8 && bits === 8) ||
    (compression === RUNS4 && bits === 4) ||
    ((compression === FIELDS || compression === ALPHA_FIELDS) && (bits === 16 || bits === 32))
  if (!isKnown) throw new FileError(`the BMP is compressed in a way that is not supported (${compression}, ${bits} bits)`)
  const hasFields = compression === FIELDS || compression === ALPHA_FIELDS
  // An old header is followed by the fields' masks; a newer one holds them at the same place.
  const fieldBytes = hasFields && size === 40 ? (compression === FIELDS ? 12 : 16) : 0
  if (hasFields && bytes.length < 66) throw damaged('its header is cut')
  const masks = hasFields
    ? ([bytes.readUInt32LE(54), bytes.readUInt32LE(58), bytes.readUInt32LE(62)] as const)
    : bits === 16
      ? ([0x7c00, 0x3e0, 0x1f] as const)
      : ([0xff0000, 0xff00, 0xff] as const)
  const start = bytes.readUInt32LE(10)
  const paletteStart = 14 + size + fieldBytes
  const paletteStep = isOld ? 3 : 4
  const palette = bits > 8 ? Buffer.alloc(0) : bytes.subarray(paletteStart, Math.min(start, paletteStart + paletteStep * 2 ** bits))
  if (start < paletteStart || start > bytes.length) throw damaged('its pixels lie elsewhere')
  return { width, height, isUpward: tall > 0, bits, compression, start, palette, paletteStep, masks }
}

interface Lines {
  readonly data: Uint8Array
  /** Bytes of one line. */
  readonly step: number
  readonly bits: number
}

function plainLines(bytes: Buffer, { width, height, bits, start }: BitmapHeader): Lines {
  const step = Math.ceil((width * bits) / 32) * 4
  // Some writers leave out the padding of the last line.
  if (bytes.length - start < step * (height - 1) + Math.ceil((width * bits) / 8)) throw damaged('it has too few pixels')
  return { data: bytes.subarray(start), step, bits }
}

/** The palette indices of runs, one a byte; what the runs skip is 0. */
function expandedRuns(bytes: Buffer, { width, height, bits, start }: BitmapHeader): Lines {
  // A run has at most 255 pixels in two bytes.
  if (width * height > 255 * bytes.length) throw damaged('it has too few pixels')
  const data = new Uint8Array(width * height)
  let [x, y, at] = [0, 0, start]
  const put = (value: number) => {
    if (x < width && y < height) data[y * width + x] = value
    x++
  }
  const half = (value: number, i: number) => (i % 2 === 0 ? value >> 4 : value & 15)
  while (at + 1 < bytes.length && y < height) {
    const [count, value] = [bytes[at]!, bytes[at + 1]!]
    at += 2
    if (count > 0) for (let i = 0; i < count; i++) put(bits === 8 ? value : half(value, i))
    else if (value === 0) [x, y] = [0, y + 1]
    else if (value === 1) return { data, step: width, bits: 8 }
    else if (value === 2) {
      if (at + 1 >= bytes.length) break
      x += bytes[at]!
      y += bytes[at + 1]!
      at += 2
    } else {
      const length = Math.ceil((value * bits) / 8)
      if (at + length > bytes.length) break
      for (let i = 0; i < value; i++) put(bits === 8 ? bytes[at + i]! : half(bytes[at + (i >> 1)]!, i))
      at += length + (length % 2)
    }
  }
  // Some writers leave out the mark of the end.
  if (y < height - 1 || (y === height - 1 && x < width)) throw damaged('its runs end early')
  return { data, step: width, bits: 8 }
}

/** Writes a line of pixels as red, green and blue. */
function writeLine(
  line: Uint8Array,
  { width, bits: stored, palette, paletteStep, masks }: BitmapHeader,
  bits: number,
  into: Uint8Array,
): void {
  if (stored <= 8) {
    for (let x = 0; x < width; x++) {
      const index = indexAt(line, bits, x)
      const colour = index * paletteStep
      if (colour + 2 >= palette.length) throw damaged(`a pixel has the colour ${index}, which its palette lacks`)
      for (let channel = 0; channel < 3; channel++) into[3 * x + channel] = palette[colour + 2 - channel]!
    }
  } else if (stored === 24) {
    for (let x = 0; x < width; x++) {
      into[3 * x] = line[3 * x + 2]!
      into[3 * x + 1] = line[3 * x + 1]!
      into[3 * x + 2] = line[3 * x]!
    }
  } else {
    const fields = masks.map(fieldOf)
    for (let x = 0; x < width; x++) {
      const value =
        stored === 16
          ? line[2 * x]! + 256 * line[2 * x + 1]!
          : (line[4 * x]! + 256 * line[4 * x + 1]! + 65_536 * line[4 * x + 2]! + 16_777_216 * line[4 * x + 3]!) >>> 0
      for (let channel = 0; channel < 3; channel++) {
        const { mask, shift, highest } = fields[channel]!
        into[3 * x + channel] = highest === 0 ? 0 : Math.round((((value & mask) >>> shift) * 255) / highest)
      }
    }
  }
}

/** The palette index of a pixel of a line; `bits` are those of an index. */
function indexAt(line: Uint8Array, bits: number, x: number): number {
  const bit = x * bits
  return bits === 8 ? line[x]! : (line[bit >> 3]! >> (8 - bits - (bit & 7))) & ((1 << bits) - 1)
}

function fieldOf(mask: number): { mask: number; shift: number; highest: number } {
  if (mask === 0) return { mask, shift: 0, highest: 0 }
  const shift = 31 - Math.clz32(mask & -mask)
  return { mask, shift, highest: mask >>> shift }
}

function damaged(what: string): FileError {
  return new FileError(`the BMP is damaged or truncated: ${what}`)
}
