import sharp from 'sharp'
import * as torch from '../torch'
import type { Tensor } from '../torch'

/** Colours that most people with a colour deficiency can distinguish (Okabe and Ito); further classes get a colour by hue. */
const PALETTE = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#f0e442', '#56b4e9', '#d55e00', '#7a5195'] as const
/** The colour of pixels that no class covers. */
export const UNLABELLED = '#808080'

export function classColour(index: number): string {
  return PALETTE[index] ?? hexOfHue((index * 137.508) % 360)
}

/** A muted colour: each channel stays within 64…208. */
function hexOfHue(hue: number): string {
  const channel = (shift: number) => Math.round(136 + 72 * Math.cos(((hue - shift) * Math.PI) / 180))
  return `#${[0, 120, 240].map((shift) => channel(shift).toString(16).padStart(2, '0')).join('')}`
}

/** An image [3, H, W] in 0…1 as a data URI. */
export function imageUri(image: Tensor): Promise<string> {
  return coloursUri(image.permute([1, 2, 0]))
}

/** Colours [H, W, 3] in 0…1 as a data URI. */
export function coloursUri(colours: Tensor): Promise<string> {
  const [height, width] = colours.shape as [number, number, number]
  const bytes = colours.detach().clamp(0, 1).mul(255).round().to('uint8').contiguous().toTypedArray() as Uint8Array
  return pngUri(bytes, width, height)
}

/** Classes [H, W], int64, in the classes' colours as a data URI. */
export function classesUri(classes: Tensor, count: number): Promise<string> {
  const [height, width] = classes.shape as [number, number]
  const table = Array.from({ length: count + 1 }, (_, i) => rgb(i < count ? classColour(i) : UNLABELLED))
  const index = classes.clamp(0, count).flatten()
  const bytes = torch
    .tensor(Uint8Array.from(table.flat()))
    .view([count + 1, 3])
    .indexSelect(0, index)
  return pngUri(bytes.toTypedArray() as Uint8Array, width, height)
}

function rgb(hex: string): number[] {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))
}

async function pngUri(bytes: Uint8Array, width: number, height: number): Promise<string> {
  const png = await sharp(bytes, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9 })
    .toBuffer()
  return `data:image/png;base64,${png.toString('base64')}`
}
