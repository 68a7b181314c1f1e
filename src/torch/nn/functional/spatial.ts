import { taken } from '../../call/arguments'
import { ArgumentError } from '../../../native'
import * as torch from '../../generated/functions'
import * as generated from '../../generated/nn-functions'
import type { Given } from '../../call/named'
import type { Int, Scalar } from '../../dtype'
import type { Tensor } from '../../tensor'
import { callAten } from '../../call/resolve'
import { type PerDimension, repeated } from './support'

export type InterpolateMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'area'

export interface InterpolateOptions {
  /** The output's spatial size; or `scaleFactor`. */
  size?: PerDimension
  scaleFactor?: number | readonly number[]
  /** Default: 'nearest'. */
  mode?: InterpolateMode
  /** Lays the corner pixels' centres on each other; linear modes only. */
  alignCorners?: boolean
  /** Computes the scale anew from the rounded size. */
  recomputeScaleFactor?: boolean
  /** Smooths while shrinking; 'bilinear' and 'bicubic' only. */
  antialias?: boolean
}

const INTERPOLATE = ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor', 'antialias'] as const
const MODES: Readonly<Record<string, readonly number[]>> = {
  nearest: [1, 2, 3],
  'nearest-exact': [1, 2, 3],
  area: [1, 2, 3],
  linear: [1],
  bilinear: [2],
  bicubic: [2],
  trilinear: [3],
}

/**
 * Resizes the spatial dimensions of [N, C, …].
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 * @example
 * torch.nn.functional.interpolate(torch.ones([1, 3, 4, 4]), { size: [8, 8], mode: 'bilinear' }).shape // [1, 3, 8, 8]
 */
export function interpolate(input: Tensor, ...given: Given<InterpolateOptions, typeof INTERPOLATE>): Tensor
export function interpolate(...given: unknown[]): Tensor {
  const options = taken<{ input: Tensor }, InterpolateOptions>('interpolate', ['input'], INTERPOLATE, given)
  const { input, mode = 'nearest', alignCorners, antialias = false } = options
  const { shape } = input
  const spatial = shape.length - 2
  checkMode(mode, spatial, alignCorners, antialias)
  let [size, scales] = sizeOrScales(options, spatial)
  if (scales !== null && (options.recomputeScaleFactor === true || mode === 'area')) {
    size = scales.map((scale, i) => Math.floor(shape[i + 2]! * scale))
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

function checkMode(mode: string, spatial: number, alignCorners: boolean | undefined, antialias: boolean): void {
  const fitting = MODES[mode]
  if (fitting === undefined)
    throw new ArgumentError(`interpolate(): unknown mode '${mode}': expected one of ${Object.keys(MODES).join(', ')}`)
  if (!fitting.includes(spatial)) {
    throw new ArgumentError(
      `interpolate(): mode '${mode}' does not fit ${spatial} spatial dimensions: use nearest, nearest-exact, area, or linear (1), bilinear or bicubic (2), trilinear (3)`,
    )
  }
  if (alignCorners !== undefined && fitting.length > 1)
    throw new ArgumentError(`interpolate(): alignCorners serves linear modes, not '${mode}'`)
  if (antialias && mode !== 'bilinear' && mode !== 'bicubic')
    throw new ArgumentError(`interpolate(): antialias serves 'bilinear' and 'bicubic', not '${mode}'`)
}

function sizeOrScales(
  { size, scaleFactor, recomputeScaleFactor }: InterpolateOptions,
  spatial: number,
): [size: number[] | null, scales: number[] | null] {
  if ((size === undefined) === (scaleFactor === undefined)) throw new ArgumentError('interpolate() takes either size or scaleFactor')
  const perDimension = Array.isArray(size ?? scaleFactor) ? ((size ?? scaleFactor) as readonly unknown[]).length : spatial
  if (perDimension !== spatial)
    throw new ArgumentError(`interpolate(): expected ${spatial} numbers, one per spatial dimension, but received ${perDimension}`)
  if (size !== undefined) {
    if (recomputeScaleFactor === true) throw new ArgumentError('interpolate(): recomputeScaleFactor goes with scaleFactor, not with size')
    return [repeated(size, spatial), null]
  }
  return [null, repeated(scaleFactor!, spatial)]
}

export type GridSampleMode = 'bilinear' | 'nearest' | 'bicubic'
export type GridSamplePadding = 'zeros' | 'border' | 'reflection'

export interface GridSampleOptions {
  /** Default: 'bilinear'. */
  mode?: GridSampleMode
  /** What lies outside; default: 'zeros'. */
  paddingMode?: GridSamplePadding
  /** −1 and 1 are the centres of the corner pixels instead of the borders; default: false. */
  alignCorners?: boolean
}

const GRID_SAMPLE = ['mode', 'paddingMode', 'alignCorners'] as const
const GRID_MODES: readonly string[] = ['bilinear', 'nearest', 'bicubic']
const GRID_PADDINGS: readonly string[] = ['zeros', 'border', 'reflection']

/**
 * Reads [N, C, H, W] where `grid` [N, H′, W′, 2] says, x and y in −1 … 1 (likewise with three spatial dimensions).
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
 */
export function gridSample(input: Tensor, grid: Tensor, ...given: Given<GridSampleOptions, typeof GRID_SAMPLE>): Tensor
export function gridSample(...given: unknown[]): Tensor {
  const {
    input,
    grid,
    mode = 'bilinear',
    paddingMode = 'zeros',
    alignCorners = false,
  } = taken<{ input: Tensor; grid: Tensor }, GridSampleOptions>('gridSample', ['input', 'grid'], GRID_SAMPLE, given)
  const modeCode = GRID_MODES.indexOf(mode)
  const paddingCode = GRID_PADDINGS.indexOf(paddingMode)
  if (modeCode < 0) throw new ArgumentError(`gridSample(): unknown mode '${mode}': expected one of ${GRID_MODES.join(', ')}`)
  if (paddingCode < 0)
    throw new ArgumentError(`gridSample(): unknown paddingMode '${paddingMode}': expected one of ${GRID_PADDINGS.join(', ')}`)
  return torch.gridSampler(input, grid, modeCode, paddingCode, alignCorners)
}

export interface AffineGridOptions {
  /** −1 and 1 are the centres of the corner pixels instead of the borders; default: false. */
  alignCorners?: boolean
}

const AFFINE_GRID = ['alignCorners'] as const

/** The sampling grid [N, H, W, 2] of affine maps `theta` [N, 2, 3] for an output of `size` [N, C, H, W]. */
export function affineGrid(theta: Tensor, size: readonly Int[], ...given: Given<AffineGridOptions, typeof AFFINE_GRID>): Tensor
export function affineGrid(...given: unknown[]): Tensor {
  const {
    theta,
    size,
    alignCorners = false,
  } = taken<{ theta: Tensor; size: readonly Int[] }, AffineGridOptions>('affineGrid', ['theta', 'size'], AFFINE_GRID, given)
  return torch.affineGridGenerator(theta, size, alignCorners)
}

export interface PadOptions {
  /** Default: 'constant'. */
  mode?: 'constant' | 'reflect' | 'replicate' | 'circular'
  /** What a constant padding holds; default: 0. */
  value?: Scalar
}

const PAD = ['mode', 'value'] as const

/** Pads the last dimensions: `[left, right, top, bottom, …]`. */
export function pad(input: Tensor, pad: readonly Int[], ...given: Given<PadOptions, typeof PAD>): Tensor
export function pad(...given: unknown[]): Tensor {
  const {
    input,
    pad: sizes,
    mode = 'constant',
    value,
  } = taken<{ input: Tensor; pad: readonly Int[] }, PadOptions>('pad', ['input', 'pad'], PAD, given)
  return generated.pad(input, sizes, mode, (value as number | undefined) ?? null)
}

export interface UnfoldOptions {
  dilation?: PerDimension
  padding?: PerDimension
  stride?: PerDimension
}

const UNFOLD = ['dilation', 'padding', 'stride'] as const

/** Windows of [N, C, H, W] as columns [N, C · kernel, windows]. */
export function unfold(input: Tensor, kernelSize: PerDimension, ...given: Given<UnfoldOptions, typeof UNFOLD>): Tensor
export function unfold(...given: unknown[]): Tensor {
  const {
    input,
    kernelSize,
    dilation = 1,
    padding = 0,
    stride = 1,
  } = taken<{ input: Tensor; kernelSize: PerDimension }, UnfoldOptions>('unfold', ['input', 'kernelSize'], UNFOLD, given)
  return generated.im2col(input, repeated(kernelSize, 2), repeated(dilation, 2), repeated(padding, 2), repeated(stride, 2))
}

/** Adds columns [N, C · kernel, windows] up where their windows lay: the transpose of `unfold`. */
export function fold(
  input: Tensor,
  outputSize: PerDimension,
  kernelSize: PerDimension,
  ...given: Given<UnfoldOptions, typeof UNFOLD>
): Tensor
export function fold(...given: unknown[]): Tensor {
  const {
    input,
    outputSize,
    kernelSize,
    dilation = 1,
    padding = 0,
    stride = 1,
  } = taken<{ input: Tensor; outputSize: PerDimension; kernelSize: PerDimension }, UnfoldOptions>(
    'fold',
    ['input', 'outputSize', 'kernelSize'],
    UNFOLD,
    given,
  )
  return generated.col2im(
    input,
    repeated(outputSize, 2),
    repeated(kernelSize, 2),
    repeated(dilation, 2),
    repeated(padding, 2),
    repeated(stride, 2),
  )
}
