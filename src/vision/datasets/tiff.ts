const PHOTOMETRIC = 262
const PALETTE = 3

/**
 * Whether the first image of a TIFF has a palette; false for other files and damaged ones.
 *
 * @see https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf, sections 2 and 5
 */
export function hasTiffPalette(file: Buffer): boolean {
  const order = file.toString('latin1', 0, 2)
  if (file.length < 8 || (order !== 'II' && order !== 'MM')) return false
  const isLittle = order === 'II'
  const short = (at: number) => (at + 2 > file.length ? 0 : isLittle ? file.readUInt16LE(at) : file.readUInt16BE(at))
  const long = (at: number) => (at + 4 > file.length ? 0 : isLittle ? file.readUInt32LE(at) : file.readUInt32BE(at))
  if (short(2) !== 42) return false
  const directory = long(4)
  const entries = short(directory)
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i
    if (short(entry) === PHOTOMETRIC) return short(entry + 8) === PALETTE
  }
  return false
}
