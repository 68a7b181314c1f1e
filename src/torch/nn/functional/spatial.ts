import { ArgumentError } from '../../../native'
import { misfit } from '../../call/errors'
import { hasSymbol, scaledSize } from '../../call/recording'
import { callAten } from '../../call/resolve'
import * as torch from '../../generated/functions'
import type * as declared from '../../generated/declared/nn-functional-signatures'
import * as generated from '../../generated/nn-functions'
import type { Tensor } from '../../tensor/tensor'
import { repeated } from './support'

/** The numbers of spatial dimensions that each mode supports. */
const SPATIAL_DIMENSIONS: Readonly<Record<declared.InterpolateArguments['mode'], readonly number[]>> = {
  nearest: [1, 2, 3],
  'nearest-exact': [1, 2, 3],
  area: [1, 2, 3],
  linear: [1],
  bilinear: [2],
  bicubic: [2],
  trilinear: [3],
}

/**
 * Resizes the spatial dimensions of [N, C, …] to `size`, or by `scaleFactor`.
 *
 * `alignCorners` aligns the centres of the corner pixels, in the linear and cubic modes; `recomputeScaleFactor` recomputes the scale from the
 * rounded size; `antialias` smooths when shrinking, in the modes 'bilinear' and 'bicubic'.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 * @example
 * torch.nn.functional.interpolate(torch.ones([1, 3, 4, 4]), { size: [8, 8], mode: 'bilinear' }).shape // [1, 3, 8, 8]
 */
export function interpolate(args: declared.InterpolateArguments): Tensor {
  const { input, mode, alignCorners, antialias, recomputeScaleFactor } = args
  const fitting = SPATIAL_DIMENSIONS[mode]
  const spatial = hasSymbol([input]) && fitting.length === 1 ? fitting[0]! : input.dim() - 2
  expectFitting(args, spatial)
  let [size, scales] = sizeOrScales(args, spatial)
  if (scales !== null && (recomputeScaleFactor === true || mode === 'area')) {
    const { shape } = input
    size = scales.map((scale, i) => scaledSize(shape[i + 2]!, scale))
    scales = null
  }
  if (mode === 'area') {
    const kernel = [torch.adaptiveAvgPool1d, generated.adaptiveAvgPool2d, generated.adaptiveAvgPool3d][spatial - 1]!
    return kernel(input, size!)
  }
  if (mode === 'nearest') return callAten(`upsample_nearest${spatial}d`, 'vec', input, size, scales)
  if (mode === 'nearest-exact') return callAten(`_upsample_nearest_exact${spatial}d`, 'vec', input, size, scales)
  return callAten(antialias ? `_upsample_${mode}2d_aa` : `upsample_${mode}${spatial}d`, 'vec', input, size, alignCorners ?? false, scales)
}

function expectFitting({ mode, alignCorners, antialias }: declared.InterpolateArguments, spatial: number): void {
  const fitting = SPATIAL_DIMENSIONS[mode]
  if (!fitting.includes(spatial)) {
    throw new ArgumentError(
      `interpolate(): mode: expected one for ${spatial} spatial dimensions but received '${mode}': use nearest, nearest-exact, area, or linear (1), bilinear or bicubic (2), trilinear (3)`,
    )
  }
  if (alignCorners !== null && fitting.length > 1) throw misfit('interpolate', 'alignCorners', `null in mode '${mode}'`, alignCorners)
  if (antialias && mode !== 'bilinear' && mode !== 'bicubic') throw misfit('interpolate', 'antialias', `false in mode '${mode}'`, antialias)
}

function sizeOrScales(
  { size, scaleFactor, recomputeScaleFactor }: declared.InterpolateArguments,
  spatial: number,
): [size: readonly number[] | null, scales: readonly number[] | null] {
  const given = size ?? scaleFactor
  if (given === null || (size !== null && scaleFactor !== null))
    throw new ArgumentError('interpolate(): expected either size or scaleFactor')
  if (typeof given !== 'number' && given.length !== spatial)
    throw new ArgumentError(
      `interpolate(): ${size === null ? 'scaleFactor' : 'size'}: expected ${spatial} numbers, one per spatial dimension, but received ${given.length}`,
    )
  if (size === null) return [null, repeated(given, spatial)]
  if (recomputeScaleFactor === true)
    throw new ArgumentError('interpolate(): recomputeScaleFactor: expected scaleFactor with it but received size')
  return [repeated(size, spatial), null]
}

const GRID_MODES = ['bilinear', 'nearest', 'bicubic'] as const
const GRID_PADDINGS = ['zeros', 'border', 'reflection'] as const

/**
 * Samples [N, C, H, W] at the positions in `grid` [N, H′, W′, 2], x and y in −1 … 1 (likewise with three spatial dimensions).
 *
 * `paddingMode` chooses the values outside; with `alignCorners` −1 and 1 are the centres of the corner pixels instead of the borders.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
 */
export function gridSample({ input, grid, mode, paddingMode, alignCorners }: declared.GridSampleArguments): Tensor {
  return torch.gridSampler(input, grid, GRID_MODES.indexOf(mode), GRID_PADDINGS.indexOf(paddingMode), alignCorners ?? false)
}

/**
 * The sampling grid [N, H, W, 2] of affine maps `theta` [N, 2, 3] for an output of `size` [N, C, H, W].
 *
 * With `alignCorners` −1 and 1 are the centres of the corner pixels instead of the borders.
 */
export function affineGrid({ theta, size, alignCorners }: declared.AffineGridArguments): Tensor {
  return torch.affineGridGenerator(theta, size, alignCorners ?? false)
}

/** Pads the last dimensions by `pad`, [left, right, top, bottom, …]; `value` is the value of a constant padding. */
export function pad({ input, pad: sizes, mode, value }: declared.PadArguments): Tensor {
  return generated.pad(input, sizes, mode, value as number | null)
}

/** Windows of [N, C, H, W] as columns [N, C · kernel, windows]. */
export function unfold({ input, kernelSize, dilation, padding, stride }: declared.UnfoldArguments): Tensor {
  return generated.im2col(input, repeated(kernelSize, 2), repeated(dilation, 2), repeated(padding, 2), repeated(stride, 2))
}

/** Sums columns [N, C · kernel, windows] at the positions of their windows in [N, C, ...outputSize]: the transpose of `unfold`. */
export function fold({ input, outputSize, kernelSize, dilation, padding, stride }: declared.FoldArguments): Tensor {
  return generated.col2im(
    input,
    repeated(outputSize, 2),
    repeated(kernelSize, 2),
    repeated(dilation, 2),
    repeated(padding, 2),
    repeated(stride, 2),
  )
}
