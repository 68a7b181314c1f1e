/** The block that holds the palette index of transparent pixels. */
const GRAPHIC_CONTROL = 0xf9
const EXTENSION = 0x21

/**
 * Makes a GIF's first image opaque, in place: libvips gives transparent pixels as black, though the palette has a colour for them.
 *
 * @see https://www.w3.org/Graphics/GIF/spec-gif89a.txt
 */
export function makeOpaque(bytes: Buffer): Buffer {
  for (let at = 13 + paletteSize(bytes[10] ?? 0); bytes[at] === EXTENSION; at = endOfBlocks(bytes, at + 2)) {
    // The lowest bit says that there is such an index.
    if (bytes[at + 1] === GRAPHIC_CONTROL && at + 3 < bytes.length) bytes[at + 3]! &= ~1
  }
  return bytes
}

/** Bytes of the palette that flags announce. */
function paletteSize(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1)
}

/** Where blocks end, each of which begins with its length; the last is empty. */
function endOfBlocks(bytes: Buffer, start: number): number {
  let at = start
  while ((bytes[at] ?? 0) > 0) at += 1 + bytes[at]!
  return at + 1
}
