/** Bytes of an image, [height, width, channels]. */
export interface RawImage {
  readonly pixels: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
}

/** The most pixels of a file, as many as libvips decodes; they bound the memory that a small file can ask for. */
export const MAX_PIXELS = 268_402_689

/** One number a pixel as it is stored, without scaling or colour conversion: palette indices or grey values. */
export interface Samples {
  /** Row by row, [height · width]. */
  readonly values: Uint8Array | Uint16Array
  readonly width: number
  readonly height: number
  /** Whether the pixels have colours of their own, red, green and blue that differ, without a palette. */
  readonly isColoured: boolean
}

/** The first channel of an image as samples. */
export function samplesOf({ pixels, width, height, channels }: Omit<RawImage, 'channels'> & { readonly channels: number }): Samples {
  const values = new Uint8Array(width * height)
  let isColoured = false
  for (let i = 0; i < values.length; i++) {
    const first = i * channels
    values[i] = pixels[first]!
    isColoured ||= channels >= 3 && (pixels[first + 1] !== pixels[first] || pixels[first + 2] !== pixels[first])
  }
  return { values, width, height, isColoured }
}
