import { aten } from '../call/aten'
import { native } from '../../native'
import { noGrad } from '../autograd/modes'
import { wrap } from './base'
import { declared, read } from '../call/declared'
import { isComplexDtype, isFloatingDtype, type DType } from './dtype'
import { floatFormatter, plainFormatter, type Formatter, type PrintOptions } from './print-format'
import type { Tensor } from './tensor'
import { elementsOf, type Nested } from './values'

export type { PrintOptions } from './print-format'

const defaults: Readonly<PrintOptions> = { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80, sciMode: null }
const options: PrintOptions = { ...defaults }
const SET_PRINTOPTIONS = declared<{ readonly [Name in keyof PrintOptions]: PrintOptions[Name] | null }>(
  'setPrintoptions',
  'precision:i<0..60>=null',
  'threshold:f<0..>=null',
  'edgeitems:i<1..>=null',
  'linewidth:i<1..>=null',
  '*',
  'sci_mode:b?=null',
)

/**
 * Changes how tensors are printed; without an argument, restores the defaults.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html
 * @example
 * torch.setPrintoptions({ precision: 2 })
 * torch.tensor([0.123]).toString() // 'tensor([0.12])'
 */
export function setPrintoptions(changes: Partial<PrintOptions> = defaults): void {
  const { sciMode, ...given } = read(SET_PRINTOPTIONS, [changes])
  // As in Python, a missing sciMode is reset to its default, while other missing options are unchanged.
  Object.assign(options, { sciMode }, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)))
}

/** Writes one element of the flat list. */
type Writer = (at: number) => string

function writerOf(elements: readonly Nested[], dtype: DType): { write: Writer; width: number } {
  if (isComplexDtype(dtype)) return complexWriter(elements as readonly (readonly [number, number])[])
  const plain = elements as readonly (number | bigint | boolean)[]
  const formatter = isFloatingDtype(dtype) ? floatFormatter(plain as readonly number[], options) : plainFormatter(plain)
  return { width: formatter.width, write: (at) => formatter.format(plain[at]!) }
}

function complexWriter(elements: readonly (readonly [number, number])[]): { write: Writer; width: number } {
  const part = (at: 0 | 1): Formatter =>
    floatFormatter(
      elements.map((element) => element[at]),
      options,
    )
  const [real, imaginary] = [part(0), part(1)]
  const write: Writer = (at) => {
    const [re, im] = elements[at]!
    const second = `${imaginary.format(im)}j`.trimStart()
    return `${real.format(re)}${second.startsWith('-') ? '' : '+'}${second}`
  }
  return { write, width: real.width + imaginary.width + 1 }
}

/** The elements that a summary shows: both ends of every long dimension. */
function edges(tensor: Tensor): Tensor {
  let result = tensor
  tensor.shape.forEach((size, dimension) => {
    const count = options.edgeitems
    if (size <= 2 * count) return
    const indices = Array.from({ length: 2 * count }, (_, i) => (i < count ? i : size - 2 * count + i))
    result = result.indexSelect(
      dimension,
      wrap(native.fromBytes(BigInt64Array.from(indices, BigInt), [indices.length], 'int64')).to(tensor.device),
    )
  })
  return result
}

/** Nested brackets around `elements`, which are the edges of the tensor if it is summarised. */
function layout(elements: readonly Nested[], dtype: DType, shape: readonly number[], summarize: boolean, indent: number): string {
  const { write, width } = writerOf(elements, dtype)
  if (shape.length === 0) return write(0)
  let at = 0
  const perLine = (depth: number) => Math.max(1, Math.floor((options.linewidth - depth) / (width + 2)))
  const build = (dimension: number, depth: number): string => {
    const cut = summarize && shape[dimension]! > 2 * options.edgeitems
    const count = cut ? 2 * options.edgeitems : shape[dimension]!
    const isLast = dimension === shape.length - 1
    const parts = Array.from({ length: count }, () => (isLast ? write(at++) : build(dimension + 1, depth + 1)))
    if (cut) parts.splice(options.edgeitems, 0, isLast ? ' ...' : '...')
    const margin = ' '.repeat(depth + 1)
    if (!isLast) return `[${parts.join(`,${'\n'.repeat(shape.length - dimension - 1)}${margin}`)}]`
    const lines: string[] = []
    for (let i = 0; i < parts.length; i += perLine(depth)) lines.push(parts.slice(i, i + perLine(depth)).join(', '))
    return `[${lines.join(`,\n${margin}`)}]`
  }
  return build(0, indent)
}

function formatElements(tensor: Tensor, indent: number): string {
  if (tensor.numel() === 0) return '[]'
  const summarize = tensor.numel() > options.threshold
  const shown = summarize ? edges(tensor) : tensor
  return layout(elementsOf(shown._h), tensor.dtype, tensor.shape, summarize, indent)
}

function isUsualDtype(dtype: string): boolean {
  const usual = native.defaultDtype()
  return dtype === usual || dtype === 'int64' || dtype === 'bool' || dtype === (usual === 'float64' ? 'complex128' : 'complex64')
}

function sizeText(shape: readonly number[]): string {
  return `size=(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`
}

/** The text of a tensor inside a sparse one. */
function member(name: string, tensor: Tensor, indent: number): string {
  const prefix = `${name}=tensor(`
  const size = tensor.numel() === 0 ? `, ${sizeText(tensor.shape)}` : ''
  return `${prefix}${formatElements(tensor, indent + prefix.length)}${size})`
}

const compressedMembers: Readonly<Record<string, (tensor: Tensor) => [string, Tensor][]>> = {
  sparseCoo: (tensor) => [
    ['indices', raw('_indices', tensor)],
    ['values', raw('_values', tensor)],
  ],
  sparseCsr: (tensor) => [
    ['crow_indices', tensor.crowIndices()],
    ['col_indices', tensor.colIndices()],
    ['values', tensor.values()],
  ],
  sparseCsc: (tensor) => [
    ['ccol_indices', tensor.ccolIndices()],
    ['row_indices', tensor.rowIndices()],
    ['values', tensor.values()],
  ],
}

function raw(name: string, tensor: Tensor): Tensor {
  return wrap(aten(name)(tensor._h))
}

function format(tensor: Tensor, complete: boolean): string {
  const prefix = 'tensor('
  const { shape, dtype, device } = tensor
  const storage = tensor.layout
  const suffixes: string[] = []
  if (device !== 'cpu') suffixes.push(`device='${device}'`)
  const members = (
    compressedMembers[storage] ?? compressedMembers[storage === 'sparseBsr' ? 'sparseCsr' : storage === 'sparseBsc' ? 'sparseCsc' : '']
  )?.(tensor)
  let isEmpty = tensor.numel() === 0
  let body: string
  if (members !== undefined) {
    const nonzero = aten('_nnz')(tensor._h) as number
    suffixes.push(sizeText(shape), `nnz=${nonzero}`)
    body = members.map(([name, part]) => member(name, part.detach(), prefix.length)).join(`,\n${' '.repeat(prefix.length)}`)
    isEmpty = false
  } else if (device.startsWith('meta')) {
    suffixes.push(sizeText(shape))
    isEmpty = true
    body = '...'
  } else {
    if (complete || (isEmpty && shape.length !== 1)) suffixes.push(sizeText(shape))
    body = formatElements(storage === 'strided' ? tensor : tensor.toDense(), prefix.length)
  }
  if (complete || (isEmpty ? dtype !== native.defaultDtype() : !isUsualDtype(dtype))) suffixes.push(`dtype=torch.${dtype}`)
  if (storage !== 'strided') suffixes.push(`layout=torch.${storage.replace('sparse', 'sparse_').toLowerCase()}`)
  const node = tensor.gradFn
  if (node !== null) suffixes.push(`grad_fn=<${node.split('::').at(-1)}>`)
  else if (tensor.requiresGrad) suffixes.push('requires_grad=True')
  return addSuffixes(prefix + body, suffixes, prefix.length, storage === 'sparseCoo')
}

/** @internal The text of a tensor as Python's torch prints it; `complete` always adds size and dtype. */
export function formatTensor(tensor: Tensor, complete = false): string {
  return noGrad(() => format(tensor, complete))
}

function addSuffixes(text: string, suffixes: readonly string[], indent: number, forceNewline: boolean): string {
  let result = text
  // As in PyTorch, lastIndexOf is −1 for a text of one line, which therefore counts two characters more.
  let lineLength = text.length - text.lastIndexOf('\n') + 1
  let newline = forceNewline
  for (const suffix of suffixes) {
    if (newline || lineLength + suffix.length + 2 > options.linewidth) {
      result += `,\n${' '.repeat(indent)}${suffix}`
      lineLength = indent + suffix.length
      newline = false
    } else {
      result += `, ${suffix}`
      lineLength += suffix.length + 2
    }
  }
  return `${result})`
}
