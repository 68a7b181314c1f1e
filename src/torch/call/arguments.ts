import { ArgumentError } from '../../native'
import { isTensor } from '../base'
import { isFloatingDtype } from '../dtype'
import type { Tensor } from '../tensor'
import { describe } from './describe'
import { named } from './named'

interface Kind {
  /** As an error says it after 'must be'. */
  readonly text: string
  accepts(value: unknown): boolean
}

const isZeroDimensional = (value: unknown): boolean => isTensor(value) && value.dim() === 0
const isInt = (value: unknown): boolean => Number.isInteger(value) || typeof value === 'bigint' || isZeroDimensional(value)
const isNumber = (value: unknown): boolean =>
  typeof value === 'number' || isInt(value) || (typeof value === 'object' && value !== null && 'float' in value)
const isList = (value: unknown, accepts: (item: unknown) => boolean): boolean => Array.isArray(value) && value.every(accepts)

const TENSOR: Kind = { text: 'a Tensor', accepts: isTensor }
const NUMBER: Kind = { text: 'a number', accepts: isNumber }
const INT: Kind = { text: 'a whole number', accepts: isInt }
const FLAG: Kind = { text: 'true or false', accepts: (value) => typeof value === 'boolean' }
const WORD: Kind = { text: 'a string', accepts: (value) => typeof value === 'string' }
const INTS: Kind = { text: 'an array of whole numbers', accepts: (value) => isList(value, isInt) }
const SIZES: Kind = { text: 'a whole number or an array of them', accepts: (value) => isInt(value) || isList(value, isInt) }
const OUTPUT_SIZES: Kind = {
  text: 'a whole number or an array of them, null keeping a size',
  accepts: (value) => isInt(value) || isList(value, (item) => item === null || isInt(item)),
}
const RATIOS: Kind = { text: 'a number or an array of them', accepts: (value) => isNumber(value) || isList(value, isNumber) }
const LENGTHS: Kind = { text: 'a Tensor or an array of whole numbers', accepts: (value) => isTensor(value) || isList(value, isInt) }
const SPREAD: Kind = { text: 'a Tensor or a number', accepts: (value) => isTensor(value) || isNumber(value) }
const isComplex = (value: unknown): boolean => typeof value === 'object' && value !== null && 'real' in value && 'imag' in value
const SCALAR: Kind = { text: 'a number', accepts: (value) => isNumber(value) || typeof value === 'boolean' || isComplex(value) }
const REDUCTION: Kind = {
  text: "'none', 'mean' or 'sum'",
  accepts: (value) => ['none', 'mean', 'sum', 'batchmean'].includes(value as string),
}

const each = (kind: Kind, names: string): [string, Kind][] => names.split(' ').map((name) => [name, kind])

/** In the functions that read their arguments here, one name means one kind of value. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ...each(TENSOR, 'anchor bias grid indices input input1 input2 linearBias linearWeight logProbs logits negative offsets'),
  ...each(TENSOR, 'perSampleWeights posWeight positive randomSamples runningMean runningVar target targets theta weight window'),
  ...each(NUMBER, 'alpha beta delta eps k labelSmoothing margin maxNorm momentum normType p tau threshold'),
  ...each(INT, 'blank hopLength ignoreIndex nFft numClasses numGroups paddingIdx winLength'),
  ...each(FLAG, 'alignCorners alignToWindow antialias ceilMode center full hard includeLastOffset inplace logInput logTarget'),
  ...each(FLAG, 'normalized onesided recomputeScaleFactor returnComplex returnIndices scaleGradByFreq sparse swap training'),
  ...each(FLAG, 'useInputStats zeroInfinity'),
  ...each(WORD, 'dtype mode padMode paddingMode'),
  ...each(REDUCTION, 'reduction'),
  ...each(INTS, 'normalizedShape pad'),
  ...each(SIZES, 'dilation dim kernelSize padding size splitSizeOrSections stride'),
  ...each(OUTPUT_SIZES, 'outputSize'),
  ...each(RATIOS, 'outputRatio scaleFactor'),
  ...each(LENGTHS, 'inputLengths targetLengths'),
  ...each(SPREAD, 'variance'),
  ...each(SCALAR, 'fillValue value'),
])

/**
 * Reads all arguments of a hand-written function, each by position or by name in a last object, and checks their kinds, so
 * that an error names this function and not one that it calls.
 *
 * @throws ArgumentError for a required one that is missing, for another kind of value, and for what `named` refuses.
 */
export function taken<Required extends object, Options extends object = object>(
  call: string,
  required: readonly (keyof Required & string)[],
  optional: readonly (keyof Options & string)[],
  given: readonly unknown[],
  namedOnly: readonly (keyof Options & string)[] = [],
): Required & Partial<Options> {
  const result = named<Required & Options>(call, [...required, ...optional], given, namedOnly) as Record<string, unknown>
  for (const name of required) if (result[name] === undefined) throw missing(call, name, required, [...optional, ...namedOnly])
  for (const name in result) {
    const kind = KINDS.get(name)
    if (kind !== undefined && !kind.accepts(result[name]))
      throw new ArgumentError(`${call}(): '${name}' must be ${kind.text} but is ${describe(result[name])}`)
  }
  return result as Required & Partial<Options>
}

function missing(call: string, name: string, required: readonly string[], optional: readonly string[]): ArgumentError {
  const form = [...required, ...(optional.length > 0 ? [`{ ${optional.join(', ')} }`] : [])].join(', ')
  return new ArgumentError(`${call}(): '${name}' is missing: expected ${call}(${form})`)
}

/** @throws ArgumentError for floats where classes or rows are named, which numbers without `n` become. */
export function expectIndices(call: string, name: string, tensor: Tensor): void {
  if (!isFloatingDtype(tensor.dtype)) return
  throw new ArgumentError(
    `${call}(): '${name}' must hold whole numbers but is ${describe(tensor)}: use bigints, torch.tensor([1n, 2n]), or { dtype: 'int64' }`,
  )
}
