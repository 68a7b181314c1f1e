import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { sized } from '../../common/text'
import { FileError } from '../../torch'
import { MAX_PIXELS, type Samples } from './raw-image'

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

/** Samples of a pixel by colour type: grey, RGB, palette, grey with alpha, RGBA. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

/** Bit depths by colour type. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] }

/** Start and step of the columns and rows of each pass of an interlaced file (Adam7). */
const PASSES = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
]
const WHOLE = [{ x: 0, y: 0, dx: 1, dy: 1 }]

interface Header {
  readonly width: number
  readonly height: number
  readonly depth: number
  readonly channels: number
  readonly interlaced: boolean
}

export function isPng(file: Buffer): boolean {
  return file.subarray(0, SIGNATURE.length).equals(SIGNATURE)
}

/**
 * Reads the stored samples of a PNG.
 *
 * libvips turns palette indices into colours and spreads 1, 2 and 4 bits over 0…255, so it cannot read class numbers.
 *
 * @throws FileError, or Error of zlib, for a damaged file.
 * @see https://www.w3.org/TR/png-3/
 */
export async function readPngSamples(file: Buffer): Promise<Samples> {
  const { header, data } = chunksOf(file)
  const { width, height, depth, channels, interlaced } = header
  const passes = (interlaced ? PASSES : WHOLE)
    .map((pass) => ({ ...pass, columns: Math.ceil((width - pass.x) / pass.dx), rows: Math.ceil((height - pass.y) / pass.dy) }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0)
  const lineBytes = (columns: number) => Math.ceil((columns * channels * depth) / 8)
  const expected = passes.reduce((sum, { columns, rows }) => sum + rows * (1 + lineBytes(columns)), 0)
  const raw = await promisify(inflate)(data, { maxOutputLength: Math.max(1, expected) })
  if (raw.length < expected) throw new FileError('the PNG ends early')

  const values = depth === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height)
  let isColoured = false
  let at = 0
  for (const { x, y, dx, dy, columns, rows } of passes) {
    const length = lineBytes(columns)
    let previous: Uint8Array = new Uint8Array(length)
    for (let row = 0; row < rows; row++) {
      const line = raw.subarray(at + 1, at + 1 + length)
      unfilter(line, previous, raw[at]!, Math.max(1, (channels * depth) / 8))
      for (let column = 0; column < columns; column++) {
        const first = sampleAt(line, column * channels, depth)
        values[(y + row * dy) * width + x + column * dx] = first
        if (channels >= 3) isColoured ||= [1, 2].some((channel) => sampleAt(line, column * channels + channel, depth) !== first)
      }
      previous = line
      at += 1 + length
    }
  }
  return { values, width, height, isColoured }
}

function chunksOf(file: Buffer): { header: Header; data: Buffer } {
  const parts: Buffer[] = []
  let header: Header | null = null
  for (let at = SIGNATURE.length; at + 12 <= file.length;) {
    const length = file.readUInt32BE(at)
    const type = file.toString('latin1', at + 4, at + 8)
    const content = file.subarray(at + 8, at + 8 + length)
    if (content.length < length) throw new FileError('the PNG ends early')
    if (type === 'IHDR') header ??= headerOf(content)
    if (type === 'IDAT') parts.push(content)
    if (type === 'IEND') break
    at += 12 + length
  }
  if (header === null) throw new FileError('the PNG is damaged: it has no header')
  return { header, data: Buffer.concat(parts) }
}

function headerOf(content: Buffer): Header {
  if (content.length !== 13) throw new FileError('the PNG is damaged: its header makes no sense')
  const [width, height, depth, type] = [content.readUInt32BE(0), content.readUInt32BE(4), content[8]!, content[9]!]
  if (width === 0 || height === 0 || DEPTHS[type]?.includes(depth) !== true || content[12]! > 1)
    throw new FileError('the PNG is damaged: its header makes no sense')
  if (width * height > MAX_PIXELS) throw new FileError(`the PNG is too large: it claims ${sized([height, width], ' pixels')}`)
  return { width, height, depth, channels: CHANNELS[type]!, interlaced: content[12] === 1 }
}

/** Undoes a line's filter in place; `reach` is the number of bytes from a pixel to the one on its left. */
function unfilter(line: Uint8Array, above: Uint8Array, filter: number, reach: number): void {
  if (filter > 4) throw new FileError('the PNG is damaged: a line has an unknown filter')
  for (let i = 0; i < line.length; i++) {
    const [left, diagonal] = i < reach ? [0, 0] : [line[i - reach]!, above[i - reach]!]
    line[i] = line[i]! + predicted(filter, left, above[i]!, diagonal)
  }
}

function predicted(filter: number, left: number, up: number, diagonal: number): number {
  switch (filter) {
    case 1:
      return left
    case 2:
      return up
    case 3:
      return (left + up) >> 1
    case 4:
      return paeth(left, up, diagonal)
    default:
      return 0
  }
}

function paeth(left: number, up: number, diagonal: number): number {
  const guess = left + up - diagonal
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - diagonal)]
  return a <= b && a <= c ? left : b <= c ? up : diagonal
}

/** The sample at a position of a line, counted in samples. */
function sampleAt(line: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return line[index]!
  if (depth === 16) return line[2 * index]! * 256 + line[2 * index + 1]!
  const bit = index * depth
  return (line[bit >> 3]! >> (8 - depth - (bit & 7))) & (2 ** depth - 1)
}
