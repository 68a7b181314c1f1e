import { sized } from '../../common/text'
import { FileError } from '../../torch'
import { MAX_PIXELS, type RawImage, type Samples } from './raw-image'

/** Whether bytes begin like a PBM, PGM or PPM file. */
export function isNetpbm(bytes: Buffer): boolean {
  return bytes.length > 2 && bytes[0] === 0x50 && bytes[1]! >= 0x31 && bytes[1]! <= 0x36 && /[\s#]/.test(String.fromCharCode(bytes[2]!))
}

/**
 * Reads a PBM, PGM or PPM image, as text or binary, of up to 16 bits.
 *
 * @throws FileError for a damaged or truncated file.
 * @see https://netpbm.sourceforge.net/doc/ppm.html
 */
export function readNetpbm(bytes: Buffer): RawImage {
  const { width, height, channels, highest, values } = storedValues(bytes)
  const scale = 255 / highest
  const pixels = new Uint8Array(values.length)
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.round(values[i]! * scale)
  return { pixels, width, height, channels }
}

/**
 * Reads the stored samples of a PBM, PGM or PPM, whatever highest value it names; of bits, 1 is white.
 *
 * @throws FileError as `readNetpbm` does.
 */
export function readNetpbmSamples(bytes: Buffer): Samples {
  const { width, height, channels, values } = storedValues(bytes)
  if (channels === 1) return { values, width, height, isColoured: false }
  return {
    values: values.filter((_, i) => i % 3 === 0),
    width,
    height,
    isColoured: values.some((value, i) => value !== values[i - (i % 3)]),
  }
}

interface Stored {
  /** [height · width · channels] */
  readonly values: Uint8Array | Uint16Array
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly highest: number
}

function storedValues(bytes: Buffer): Stored {
  const kind = bytes[1]! - 0x30
  const isText = kind <= 3
  const channels = kind % 3 === 0 ? 3 : 1
  const isBits = kind % 3 === 1
  const header = new Words(bytes, 2)
  const [width, height] = [header.number(), header.number()]
  const highest = isBits ? 1 : header.number()
  if (width === 0 || height === 0 || width * height > MAX_PIXELS)
    throw new FileError(`the image claims ${sized([height, width], ' pixels')}`)
  if (highest === 0 || highest > 65_535) throw new FileError(`the image is damaged: its highest value is ${highest}`)
  const count = width * height * channels
  // Text takes a character a value at least, bits an eighth of a byte.
  const data = bytes.subarray(header.at + 1)
  const lineBytes = isBits ? Math.ceil(width / 8) : width * channels * (highest > 255 ? 2 : 1)
  if (isText ? bytes.length - header.at < count : data.length < lineBytes * height)
    throw new FileError('the image is truncated: it has too few pixels')
  const values = highest > 255 ? new Uint16Array(count) : new Uint8Array(count)
  for (let i = 0; i < count; i++) {
    let value: number
    if (isText) value = isBits ? header.bit() : header.number()
    else if (isBits) value = (data[Math.floor(i / width) * lineBytes + ((i % width) >> 3)]! >> (7 - ((i % width) & 7))) & 1
    else value = highest > 255 ? data[2 * i]! * 256 + data[2 * i + 1]! : data[i]!
    if (value > highest) throw new FileError(`the image is damaged: a value is ${value}, above ${highest}`)
    // A bit is ink: 1 is black.
    values[i] = isBits ? 1 - value : value
  }
  return { values, width, height, channels, highest }
}

/** The numbers of a header or of an image in text, between white space and comments. */
class Words {
  constructor(
    private readonly bytes: Buffer,
    public at: number,
  ) {}

  number(): number {
    this.skip()
    const start = this.at
    while (this.isDigit() && this.at - start < 9) this.at++
    if (this.at === start || this.isDigit()) throw new FileError('the image is damaged: a number is missing')
    return Number(this.bytes.toString('latin1', start, this.at))
  }

  /** One digit: bits may stand side by side. */
  bit(): number {
    this.skip()
    const digit = this.bytes[this.at++]
    if (digit !== 0x30 && digit !== 0x31) throw new FileError('the image is damaged: a bit is missing')
    return digit - 0x30
  }

  private isDigit(): boolean {
    const code = this.bytes[this.at]
    return code !== undefined && code >= 0x30 && code <= 0x39
  }

  private skip(): void {
    for (;;) {
      const code = this.bytes[this.at]
      if (code === 0x23) while (this.at < this.bytes.length && this.bytes[this.at] !== 0x0a) this.at++
      else if (code === 0x20 || (code !== undefined && code >= 0x09 && code <= 0x0d)) this.at++
      else return
    }
  }
}
