interface Format {
  readonly name: string
  /** How its files begin, as Latin-1. */
  readonly begins: RegExp
  /** Whether a file is cut off. */
  readonly endsEarly?: (bytes: Buffer) => boolean
  /** Whether it has kinds that libvips does not read. */
  readonly hasOtherKinds?: true
}

const FORMATS: readonly Format[] = [
  { name: 'JPEG', begins: /^\xff\xd8\xff/, endsEarly: jpegEndsEarly, hasOtherKinds: true },
  { name: 'PNG', begins: /^\x89PNG\r\n\x1a\n/, endsEarly: pngEndsEarly },
  { name: 'GIF', begins: /^GIF8[79]a/, endsEarly: gifEndsEarly },
  { name: 'WebP', begins: /^RIFF.{4}WEBP/s, endsEarly: (bytes) => 8 + bytes.readUInt32LE(4) > bytes.length },
  { name: 'TIFF', begins: /^(II[*+]\0|MM\0[*+])/, endsEarly: tiffEndsEarly, hasOtherKinds: true },
  { name: 'AVIF', begins: /^.{4}ftyp.*avi[fs]/s, endsEarly: boxesEndEarly, hasOtherKinds: true },
  // This package's own readers say what is wrong with all but the shortest.
  { name: 'BMP', begins: /^BM/, endsEarly: () => true },
  { name: 'PBM, PGM or PPM', begins: /^P[1-6][\s#]/ },
]

/** What else is often found under an image's name. */
const OTHERS: readonly Format[] = [
  { name: 'a HEIC image', begins: /^.{4}ftyp.*(hei[cxms]|hev[cxms])/s },
  { name: 'a JPEG XL image', begins: /^(\xff\n|\0\0\0\fJXL )/ },
  { name: 'a JPEG 2000 image', begins: /^\0\0\0\fjP {2}/ },
  { name: 'a PDF', begins: /^%PDF/ },
  { name: 'a web page', begins: /^\s*<(!doctype html|html)/i },
]

/** Bytes of a file's beginning by which formats are told apart. */
export const HEAD = 64

/** The name of the image format in which a file begins; null for any other content. */
export function formatOf(head: Buffer): string | null {
  return among(FORMATS, head)?.name ?? null
}

function among(formats: readonly Format[], bytes: Buffer): Format | undefined {
  const head = bytes.toString('latin1', 0, HEAD)
  return formats.find(({ begins }) => begins.test(head))
}

/**
 * Why the content of a file cannot be decoded as an image, from its bytes alone.
 *
 * libvips keeps one buffer of messages for all threads and clears it after every image: its own reason may be that of another file, or none.
 */
export function damageOf(bytes: Buffer): string {
  if (bytes.length === 0) return 'the file is empty'
  const format = among(FORMATS, bytes)
  if (format === undefined) return noImage(bytes)
  if (format.endsEarly?.(bytes) === true) return `the ${format.name} ends early`
  return `the ${format.name} is damaged${format.hasOtherKinds === true ? ', or of a kind that is not read' : ''}`
}

function noImage(bytes: Buffer): string {
  const other = among(OTHERS, bytes)
  if (other !== undefined) return `it is ${other.name}, which is not read`
  if (bytes.every((byte) => byte === 0)) return 'the file holds nothing but zeros'
  return 'it is no image of a format that is read: AVIF, BMP, GIF, JPEG, PBM, PGM, PNG, PPM, TIFF, WebP'
}

const [START_OF_SCAN, FILL] = [0xda, 0xff]
const END_OF_JPEG = Buffer.of(0xff, 0xd9)

function jpegEndsEarly(bytes: Buffer): boolean {
  // An end within the segments before the first scan is that of a thumbnail.
  let at = 2
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== START_OF_SCAN)
    at += bytes[at + 1] === FILL ? 1 : 2 + bytes.readUInt16BE(at + 2)
  if (at + 4 > bytes.length) return true
  return bytes[at] === 0xff && !bytes.includes(END_OF_JPEG, at)
}

function pngEndsEarly(bytes: Buffer): boolean {
  for (let at = 8; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const type = bytes.toString('latin1', at + 4, at + 8)
    if (type === 'IEND' || !/^[A-Za-z]{4}$/.test(type)) return false
  }
  return true
}

function gifEndsEarly(bytes: Buffer): boolean {
  let end = bytes.length
  while (bytes[end - 1] === 0) end--
  return bytes[end - 1] !== 0x3b
}

/** Whether the first directory, which most programs write last, lies behind the end. */
function tiffEndsEarly(bytes: Buffer): boolean {
  const isLittle = bytes[0] === 0x49
  const isBig = bytes[isLittle ? 2 : 3] === 0x2b
  /** An integer of 2, 4 or 8 bytes; behind the end it is infinite. */
  const integer = (at: number, size: number): number => {
    if (at + size > bytes.length) return Infinity
    const ordered = isLittle ? Buffer.from(bytes.subarray(at, at + size)).reverse() : bytes.subarray(at, at + size)
    return Number(`0x${ordered.toString('hex')}`)
  }
  const [word, count, entry] = isBig ? ([8, 8, 20] as const) : ([4, 2, 12] as const)
  const directory = integer(word, word)
  return directory + count + entry * integer(directory, count) + word > bytes.length
}

function boxesEndEarly(bytes: Buffer): boolean {
  let at = 0
  while (at + 16 <= bytes.length) {
    const size = bytes.readUInt32BE(at)
    // The last box may leave its size open.
    if (size === 0) return false
    const whole = size === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : size
    if (whole < 8) return false
    at += whole
  }
  return at > bytes.length
}
