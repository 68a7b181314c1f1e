import { native, type TensorHandle } from '../../native'
import { lookup } from './lookup'

/** Describes what is wrong with an operator's native arguments, or returns null. */
type Check = (args: readonly unknown[]) => string | null

function aten<Result = TensorHandle>(name: string, overload: string, ...args: unknown[]): Result {
  return lookup(`aten::${name}`, overload)(...args) as Result
}

/** Only CPU tensors are checked: reading from another device would wait for it, and its kernels check indices themselves. */
const isReadable = (value: unknown): boolean => native.device(value as TensorHandle) === 'cpu'

/** The smallest and largest element; null for an empty tensor. */
function extremes(tensor: TensorHandle): [least: number, greatest: number] | null {
  if (native.numel(tensor) === 0) return null
  const [least, greatest] = aten<[TensorHandle, TensorHandle]>('aminmax', '', tensor)
  return [Number(native.item(least)), Number(native.item(greatest))]
}

/** False for NaN. */
const liesWithin = (found: [number, number] | null, least: number, greatest: number): boolean =>
  found === null || (found[0] >= least && found[1] <= greatest)

const isTrue = (tensor: TensorHandle): boolean => native.item(tensor) === true

const hasTwo: Check = (args) => (Array.isArray(args[1]) && args[1].length === 2 ? null : 'hx: expected the two tensors [hidden, cell]')

/** native_group_norm divides by the groups and does not check the sizes. */
function groupNormSizes(args: readonly unknown[]): string | null {
  const [samples, channels, positions, groups] = args.slice(3, 7).map(Number) as [number, number, number, number]
  const elements = native.numel(args[0] as TensorHandle)
  if (
    groups > 0 &&
    channels % groups === 0 &&
    [samples, channels, positions].every((size) => size >= 0) &&
    samples * channels * positions === elements
  )
    return null
  return `N, C, HxW, group: expected N · C · HxW to be the input's ${elements} elements and group a divisor of C`
}

const SMALLEST: Readonly<Record<string, bigint>> = { int32: -(2n ** 31n), int64: -(2n ** 63n) }

/** A mask of the elements that equal an integer in the given dtype; null if there are none. */
function equal(tensor: TensorHandle, dtype: string, integer: bigint | number): TensorHandle | null {
  const typed = native.dtype(tensor) === dtype ? tensor : aten('_to_copy', '', tensor, dtype)
  const mask = aten('eq', 'Scalar', typed, integer)
  return isTrue(aten('any', '', mask)) ? mask : null
}

/** Minimum integer ÷ −1 overflows and kills the process. */
const truncatedQuotient: Check = ([self, other, mode]) => {
  if (mode !== 'trunc') return null
  const isNumber = typeof other !== 'object' || other === null
  if (isNumber ? Number(other) !== -1 : 'float' in other || 'real' in other) return null
  const dtype = isNumber ? native.dtype(self as TensorHandle) : aten<string>('result_type', 'Tensor', self, other)
  const smallest = SMALLEST[dtype]
  if (smallest === undefined || !isReadable(self)) return null
  const divisors = isNumber ? null : equal(other as TensorHandle, dtype, -1)
  if (!isNumber && divisors === null) return null
  const dividends = equal(self as TensorHandle, dtype, smallest)
  if (dividends === null) return null
  if (divisors !== null && !isTrue(aten('any', '', aten('logical_and', '', dividends, divisors)))) return null
  return `the smallest ${dtype} divided by -1 has no ${dtype}: roundingMode 'floor' gives the wrapped value`
}

const commonMultiple: Check = ([self, other]) => {
  const dtype = aten<string>('result_type', 'Tensor', self, other)
  const smallest = SMALLEST[dtype]
  if (smallest === undefined || !isReadable(self) || equal(self as TensorHandle, dtype, smallest) === null) return null
  return `the smallest ${dtype} has no common multiple in ${dtype}: convert to a wider dtype, or leave it out`
}

/** Checks only the labels within the lengths; the rest may be any padding. */
const ctcLabels: Check = ([logProbs, targets, , targetLengths]) => {
  const labels = targets as TensorHandle
  if (!isReadable(labels)) return null
  const classes = native.shape(logProbs as TensorHandle).at(-1) ?? 0
  const found = extremes(native.dim(labels) === 2 ? withinLengths(labels, targetLengths) : labels)
  if (liesWithin(found, 0, classes - 1)) return null
  return `targets: expected labels from 0 to ${classes - 1}, as logProbs has ${classes} classes, but received labels from ${found!.join(' to ')}`
}

function withinLengths(labels: TensorHandle, lengths: unknown): TensorHandle {
  const width = native.shape(labels)[1]!
  const counts = Array.isArray(lengths)
    ? native.fromBytes(BigInt64Array.from(lengths as number[], BigInt), [lengths.length], 'int64')
    : aten('_to_copy', '', lengths, 'int64', null, 'cpu')
  const rows = aten('unsqueeze', '', counts, -1)
  return aten('masked_select', '', labels, aten('lt', 'Tensor', aten('arange', '', width), rows))
}

/** The kernel does not check that the offsets lie within the indices. */
const bagOffsets: Check = ([, indices, offsets]) =>
  isReadable(offsets) ? ascending('offsets', offsets as TensorHandle, native.numel(indices as TensorHandle)) : null

function ascending(name: string, offsets: TensorHandle, greatest: number): string | null {
  const found = extremes(offsets)
  if (!liesWithin(found, 0, greatest))
    return `${name}: expected numbers from 0 to ${greatest} but received numbers from ${found!.join(' to ')}`
  if (native.dim(offsets) === 0 || native.numel(offsets) < 2) return null
  const steps = extremes(aten('diff', '', offsets))
  return liesWithin(steps, 0, greatest) ? null : `${name}: expected numbers that do not decrease`
}

/** data, reduce, lengths, indices, offsets, axis. */
const segments: Check = ([data, , lengths, , offsets, axis]) => {
  const shape = native.shape(data as TensorHandle)
  const size = shape.at(Number(axis ?? 0))
  if (size === undefined) return null
  if (offsets != null && isReadable(offsets)) return ascending('offsets', offsets as TensorHandle, size)
  if (lengths == null || !isReadable(lengths) || native.dim(lengths as TensorHandle) === 0) return null
  const isWithin =
    liesWithin(extremes(lengths as TensorHandle), 0, size) && liesWithin(extremes(aten('sum', 'dim_IntList', lengths, [-1])), 0, size)
  return isWithin ? null : `lengths: expected numbers from 0 on that add up to the ${size} elements along the axis`
}

/** libtorch sums the repeats in 64 bits without checking for overflow. */
const repeats =
  (at: number): Check =>
  (args) => {
    const counts = args[at] as TensorHandle
    if (!isReadable(counts)) return null
    const total = Number(native.item(aten('sum', '', counts, 'float64')))
    return total < 2 ** 53 ? null : `repeats: expected fewer than 2^53 elements in all but received ${total}`
  }

const hasSteps: Check = ([, batchSizes]) => (native.numel(batchSizes as TensorHandle) > 0 ? null : 'batchSizes: expected at least one step')

/** The kernel reads as many statistics and factors as the input has channels, without checking their length. */
function perChannel(input: unknown, named: Readonly<Record<string, unknown>>): string | null {
  const channels = native.shape(input as TensorHandle)[1]
  if (channels === undefined) return null
  for (const [name, tensor] of Object.entries(named)) {
    if (tensor != null && native.numel(tensor as TensorHandle) !== channels)
      return `${name}: expected one element for each of the input's ${channels} channels but received ${native.numel(tensor as TensorHandle)}`
  }
  return null
}

const batchNorm: Check = ([input, weight, bias, runningMean, runningVar, training]) =>
  training !== true && (runningMean == null || runningVar == null)
    ? 'runningMean, runningVar: expected both where training is false'
    : perChannel(input, { weight, bias, runningMean, runningVar })

const kernelOfWeight: Check = ([, weight, kernelSize]) => {
  const sizes = native.shape(weight as TensorHandle).slice(2)
  const wanted = Array.isArray(kernelSize) ? kernelSize.map(Number) : [Number(kernelSize)]
  const isSame = sizes.every((size, i) => size === (wanted.length === 1 ? wanted[0] : wanted[i]))
  return isSame ? null : `kernelSize: expected the weight's [${sizes.join(', ')}] but received [${wanted.join(', ')}]`
}

/** input [T, N, features], two weights, two biases, hx, cx, reverse, batchSizes, mode, hiddenSize, layers, hasBiases, bidirectional, batchFirst. */
const mkldnnLayer: Check = (args) => {
  const [input, ...tensors] = args.slice(0, 7).map((tensor) => native.shape(tensor as TensorHandle)) as [number[], ...number[][]]
  const hidden = Number(args[10])
  const [gates, batch] = [4 * hidden, input[args[14] === true ? 0 : 1]!]
  const expected = [[gates, input[2]!], [gates, hidden], [gates], [gates], [batch, hidden], [batch, hidden]]
  const elements = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)
  if (Number(args[11]) === 1 && expected.every((shape, i) => elements(shape) === elements(tensors[i]!))) return null
  return `weights, biases, states: expected the shapes of a hidden size of ${hidden}, ${expected.map((shape) => `[${shape.join(', ')}]`).join(', ')}`
}

/** libtorch sets the new sizes before it finds that the storage cannot grow, or that there is none. */
const canGrow: Check = ([self]) => {
  if (!native.hasMemory(self as TensorHandle))
    return 'input: expected a tensor with memory but received zeros of autograd: resize a clone()'
  return native.isResizable(self as TensorHandle)
    ? null
    : 'a tensor that is shared with another thread cannot be resized, for that one may be reading it: resize a clone'
}

/** The kernel looks through the pivots' values, but not whether there are as many as the matrix needs. */
const pivotsOfMatrix: Check = ([factors, pivots, , unpacks]) => {
  const shape = native.shape(factors as TensorHandle)
  if (unpacks === false || shape.length < 2) return null
  const expected = [...shape.slice(0, -2), Math.min(...shape.slice(-2))]
  const found = native.shape(pivots as TensorHandle)
  return expected.length === found.length && expected.every((size, i) => size === found[i])
    ? null
    : `LUPivots: expected a Tensor of shape [${expected.join(', ')}] but received one of shape [${found.join(', ')}]`
}

/** Zero points that are no integers have kernels for the types of 8 bits and fewer. */
const zeroPointsOfType: Check = ([, , zeroPoints, , dtype]) =>
  dtype === 'qint32' && native.dtype(zeroPoints as TensorHandle).startsWith('float')
    ? `zeroPoints: expected integers for qint32 but received ${native.dtype(zeroPoints as TensorHandle)}`
    : null

/** The sampler draws until the sum exceeds the count, so NaN makes it loop forever. */
const hasCounts: Check = ([count]) =>
  isReadable(count) && isTrue(aten('any', '', aten('isnan', '', count))) ? 'count: expected numbers but received NaN' : null

const gridModes: Check = ([, , mode, padding]) =>
  [mode, padding].every((number) => [0, 1, 2].includes(Number(number)))
    ? null
    : `interpolationMode, paddingMode: expected 0, 1 or 2 but received ${Number(mode)} and ${Number(padding)}`

/** Kernels count in 32 bits: an offset that wraps reads outside of the image, and a loop over such a window never ends. */
const windows =
  (...at: readonly number[]): Check =>
  (args) => {
    const sizes = at.flatMap((i) => (args[i] ?? []) as number | bigint | readonly (number | bigint)[]).map(Number)
    return sizes.every((size) => Math.abs(size) < 2 ** 31) ? null : `expected sizes of windows below 2³¹ but received ${sizes.join(', ')}`
  }

/** The search narrows a range bin by bin until a share of them is left, and so does not end with other numbers. */
const quantizationSearch: Check = ([, , nBins, ratio, bitWidth]) => {
  const wrong = Object.entries({ nBins: [nBins, 1, 2 ** 20], ratio: [ratio, 0, 1], bitWidth: [bitWidth, 1, 16] } as const).find(
    ([, [value, least, most]]) => !(Number(value) >= least && Number(value) <= most),
  )
  if (wrong === undefined) return null
  const [name, [value, least, most]] = wrong
  return `${name}: expected a number from ${least} to ${most} but received ${String(value)}`
}

/** Checks for operators that crash or hang on such arguments instead of throwing; a bare name covers all overloads. */
const GUARDS: Readonly<Record<string, Check>> = {
  // Reads hx[0] and hx[1] without checking the list's length.
  quantized_lstm_cell: hasTwo,
  native_group_norm: groupNormSizes,
  native_batch_norm: batchNorm,
  batch_norm_update_stats: ([input, runningMean, runningVar]) => perChannel(input, { runningMean, runningVar }),
  slow_conv_transpose2d: kernelOfWeight,
  slow_conv_transpose3d: kernelOfWeight,
  mkldnn_rnn_layer: mkldnnLayer,
  // Reads the first batch size without checking that there is one.
  'lstm.data': hasSteps,
  'gru.data': hasSteps,
  'rnn_tanh.data': hasSteps,
  'rnn_relu.data': hasSteps,
  resize_: canGrow,
  resize_as_: canGrow,
  resize_as_sparse_: canGrow,
  'div.Tensor_mode': truncatedQuotient,
  'div.Scalar_mode': truncatedQuotient,
  'div_.Tensor_mode': truncatedQuotient,
  'div_.Scalar_mode': truncatedQuotient,
  'divide.Tensor_mode': truncatedQuotient,
  'divide.Scalar_mode': truncatedQuotient,
  'divide_.Tensor_mode': truncatedQuotient,
  'divide_.Scalar_mode': truncatedQuotient,
  lu_unpack: pivotsOfMatrix,
  quantize_per_channel: zeroPointsOfType,
  lcm: commonMultiple,
  lcm_: commonMultiple,
  ctc_loss: ctcLabels,
  embedding_bag: bagOffsets,
  segment_reduce: segments,
  // input, (output's size,) kernel, dilation, padding, stride.
  col2im: windows(1, 2, 3, 4, 5),
  im2col: windows(1, 2, 3, 4),
  // Goes through the whole kernel, beyond the input, too.
  max_pool1d: windows(1, 2, 3, 4),
  fractional_max_pool2d: windows(1, 2),
  fractional_max_pool3d: windows(1, 2),
  // Other modes leave the output unwritten.
  grid_sampler: gridModes,
  grid_sampler_2d: gridModes,
  grid_sampler_3d: gridModes,
  binomial: hasCounts,
  choose_qparams_optimized: quantizationSearch,
  'repeat_interleave.Tensor': repeats(0),
  'repeat_interleave.self_Tensor': repeats(1),
}

/**
 * Views of a sparse tensor's indices. Every later operator trusts the indices, so what is written into them must not reach the tensor.
 */
const COPIED: ReadonlySet<string> = new Set(['indices', 'crow_indices', 'col_indices', 'ccol_indices', 'row_indices'])

/** @internal Whether the result of an operator is copied. */
export const isCopied = (name: string): boolean => COPIED.has(name)

const copyOf = (tensor: unknown): unknown => (tensor == null ? tensor : aten('clone', '', tensor))

/** @internal How an operator's arguments are changed before the call. */
export function argumentsOf(name: string): ((args: readonly unknown[]) => unknown[]) | undefined {
  // The backward trusts the lengths, which another thread or a view without a version may have changed since.
  if (name !== 'segment_reduce') return undefined
  return (args) => args.map((argument, i) => (i === 2 || i === 4 ? copyOf(argument) : argument))
}

/** @internal The check that an operator's arguments must pass; most operators have none. */
export function guardOf(name: string, overload: string): Check | undefined {
  return GUARDS[`${name}.${overload}`] ?? GUARDS[name]
}
