import { native } from '../native'
import { isComplexDtype, isFloatingDtype } from './dtype'
import type { Tensor } from './tensor'
import { typedArrayOf } from './values'

const PRECISION = 4
const THRESHOLD = 1000
const EDGE_ITEMS = 3
const LINE_WIDTH = 80

/** How the elements of one tensor are written: all as ints, in scientific form, or with a fixed number of digits. */
interface Format {
  readonly width: number
  write(value: number): string
}

function isWhole(value: number): boolean {
  return Number.isFinite(value) && value === Math.ceil(value)
}

/** Chooses the form as PyTorch does: from the finite, non-zero elements' magnitudes. */
function floatFormat(values: readonly number[]): Format {
  const finite = values.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs)
  if (finite.length === 0) return sized(values, special((value) => `${value.toFixed(0)}.`))
  const largest = Math.max(...finite)
  const smallest = Math.min(...finite)
  const allWhole = values.every((value) => !Number.isFinite(value) || isWhole(value))
  const scientific = allWhole
    ? largest / smallest > 1000 || largest > 1e8
    : largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4
  if (scientific) return sized(values, special((value) => exponential(value)))
  if (allWhole) return sized(values, special((value) => `${value.toFixed(0)}.`))
  return sized(values, special((value) => value.toFixed(PRECISION)))
}

function exponential(value: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential(PRECISION).split('e')
  const sign = exponent.startsWith('-') ? '-' : '+'
  return `${mantissa}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`
}

function special(write: (value: number) => string): (value: number) => string {
  return (value) => {
    if (Number.isNaN(value)) return 'nan'
    if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
    return Object.is(value, -0) ? `-${write(0)}` : write(value)
  }
}

function sized(values: readonly number[], write: (value: number) => string): Format {
  const width = Math.max(1, ...values.map((value) => write(value).length))
  return { width, write: (value) => write(value).padStart(width) }
}

type Elements = ArrayLike<number | bigint>

/** Writes one element that starts at `offset`. */
type Writer = (offset: number) => string

function writerOf(tensor: Tensor, data: Elements, visible: readonly number[]): { write: Writer; width: number } {
  const { dtype } = tensor
  if (dtype === 'bool') {
    const texts = visible.map((offset) => (data[offset] ? 'True' : 'False'))
    const width = Math.max(1, ...texts.map((text) => text.length))
    return { width, write: (offset) => (data[offset] ? 'True' : 'False').padStart(width) }
  }
  if (isComplexDtype(dtype)) return complexWriter(data, visible)
  if (isFloatingDtype(dtype)) {
    const format = floatFormat(visible.map((offset) => Number(data[offset])))
    return { width: format.width, write: (offset) => format.write(Number(data[offset])) }
  }
  const width = Math.max(1, ...visible.map((offset) => String(data[offset]).length))
  return { width, write: (offset) => String(data[offset]).padStart(width) }
}

function complexWriter(data: Elements, visible: readonly number[]): { write: Writer; width: number } {
  const real = floatFormat(visible.map((offset) => Number(data[2 * offset])))
  const imaginary = floatFormat(visible.map((offset) => Number(data[2 * offset + 1])))
  const write: Writer = (offset) => {
    const first = real.write(Number(data[2 * offset]))
    const second = imaginary.write(Number(data[2 * offset + 1])).trimStart()
    return second.startsWith('-') ? `${first}${second}j` : `${first}+${second}j`
  }
  return { write, width: real.width + imaginary.width + 1 }
}

/** Indices along one dimension that are shown; null stands for the dots. */
function shownIndices(size: number, summarize: boolean): (number | null)[] {
  if (!summarize || size <= 2 * EDGE_ITEMS) return Array.from({ length: size }, (_, i) => i)
  const head = Array.from({ length: EDGE_ITEMS }, (_, i) => i)
  return [...head, null, ...head.map((i) => size - EDGE_ITEMS + i)]
}

function layout(shape: readonly number[], summarize: boolean, writer: { write: Writer; width: number }, indent: number): string {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1))
  const build = (dimension: number, offset: number, depth: number): string => {
    const size = shape[dimension]!
    if (dimension === shape.length - 1) {
      const perLine = Math.max(1, Math.floor((LINE_WIDTH - depth) / (writer.width + 2)))
      const items = shownIndices(size, summarize).map((i) => (i === null ? ' ...' : writer.write(offset + i)))
      const lines: string[] = []
      for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(', '))
      return `[${lines.join(`,\n${' '.repeat(depth + 1)}`)}]`
    }
    const parts = shownIndices(size, summarize).map((i) => (i === null ? '...' : build(dimension + 1, offset + i * strides[dimension]!, depth + 1)))
    const separator = `,${'\n'.repeat(shape.length - dimension - 1)}${' '.repeat(depth + 1)}`
    return `[${parts.join(separator)}]`
  }
  return shape.length === 0 ? writer.write(0).trimStart() : build(0, 0, indent)
}

function visibleOffsets(shape: readonly number[], summarize: boolean): number[] {
  let offsets = [0]
  for (const size of shape) {
    const shown = shownIndices(size, summarize).filter((i): i is number => i !== null)
    offsets = offsets.flatMap((offset) => shown.map((i) => offset * size + i))
  }
  return offsets
}

/** @internal The text of a tensor as Python's torch prints it. */
export function formatTensor(tensor: Tensor): string {
  const prefix = 'tensor('
  const { shape, dtype, device } = tensor
  const suffixes: string[] = []
  if (device !== 'cpu') suffixes.push(`device='${device}'`)
  let body: string
  if (tensor.numel() === 0) {
    if (shape.length !== 1) suffixes.push(`size=(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`)
    if (dtype !== native.defaultDtype()) suffixes.push(`dtype=torch.${dtype}`)
    body = '[]'
  } else {
    const implied = dtype === native.defaultDtype() || dtype === 'int64' || dtype === 'bool' || dtype === impliedComplex()
    if (!implied) suffixes.push(`dtype=torch.${dtype}`)
    const summarize = tensor.numel() > THRESHOLD
    const data = typedArrayOf(tensor._h) as Elements
    const writer = writerOf(tensor, data, visibleOffsets(shape, summarize))
    body = layout(shape, summarize, writer, prefix.length)
  }
  const gradFn = tensor.gradFn
  if (gradFn !== null) suffixes.push(`grad_fn=<${gradFn}>`)
  else if (tensor.requiresGrad) suffixes.push('requires_grad=True')
  return addSuffixes(prefix + body, suffixes, prefix.length)
}

function impliedComplex(): string {
  return native.defaultDtype() === 'float64' ? 'complex128' : 'complex64'
}

function addSuffixes(text: string, suffixes: readonly string[], indent: number): string {
  let result = text
  let lineLength = text.length - text.lastIndexOf('\n') + 1
  for (const suffix of suffixes) {
    if (lineLength + suffix.length + 2 > LINE_WIDTH) {
      result += `,\n${' '.repeat(indent)}${suffix}`
      lineLength = indent + suffix.length
    } else {
      result += `, ${suffix}`
      lineLength += suffix.length + 2
    }
  }
  return `${result})`
}
