/** Bytes of an image, [height, width, channels]. */
export interface RawImage {
  readonly pixels: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
}

/** The most pixels of a file, as many as libvips decodes; they bound the memory that a small file can ask for. */
export const MAX_PIXELS = 268_402_689
