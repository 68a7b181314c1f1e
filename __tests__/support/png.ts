import { crc32, deflateSync } from 'node:zlib'

export interface Picture {
  readonly width: number
  readonly height: number
  readonly depth: number
  /** 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA. */
  readonly type: keyof typeof CHANNELS
  readonly samples: readonly number[]
  /** The chunk tRNS: alphas of the palette's colours, or the 16-bit samples of the one colour that is transparent. */
  readonly transparency?: Uint8Array
}

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const

/** A chunk of a PNG file. */
export function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(content.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

/** The chunk IHDR of a PNG file. */
export function pngHeader({ width, height, depth, type }: Omit<Picture, 'samples'>): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = depth
  header[9] = type
  return chunk('IHDR', header)
}

export const PNG_SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

/** The colour of an index in the palette of `png`. */
export const paletteColour = (index: number) => [0, 1, 2].map((channel) => ((3 * index + channel) * 53) % 256)

/** A PNG file; row `y` has the filter of number `y % 5`. */
export function png(picture: Picture): Buffer {
  const { width, height, depth, type, samples, transparency } = picture
  const channels = CHANNELS[type]
  const bits = width * channels * depth
  const reach = Math.max(1, (channels * depth) / 8)
  const rows = Array.from({ length: height }, (_, y) => {
    const text = samples
      .slice(y * width * channels, (y + 1) * width * channels)
      .map((value) => value.toString(2).padStart(depth, '0'))
      .join('')
      .padEnd(8 * Math.ceil(bits / 8), '0')
    return Buffer.from(text.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)))
  })
  const filtered = rows.map((row, y) => {
    const above = rows[y - 1] ?? Buffer.alloc(row.length)
    const line = row.map((value, i) => {
      const [left, up, diagonal] = [row[i - reach] ?? 0, above[i]!, i < reach ? 0 : above[i - reach]!]
      const distances = [left, up, diagonal].map((near) => Math.abs(left + up - diagonal - near))
      const nearest = [left, up, diagonal][distances.indexOf(Math.min(...distances))]!
      return value - [0, left, up, (left + up) >> 1, nearest][y % 5]!
    })
    return Buffer.concat([Buffer.from([y % 5]), line])
  })
  const palette = Buffer.from(Array.from({ length: 2 ** Math.min(8, depth) }, (_, i) => paletteColour(i)).flat())
  return Buffer.concat([
    PNG_SIGNATURE,
    pngHeader(picture),
    ...(type === 3 ? [chunk('PLTE', palette)] : []),
    ...(transparency === undefined ? [] : [chunk('tRNS', transparency)]),
    chunk('IDAT', deflateSync(Buffer.concat(filtered))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
