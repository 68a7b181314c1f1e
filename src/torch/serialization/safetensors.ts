import { ArgumentError, FileError, native } from '../../native'
import { isTensor, wrap } from '../tensor/base'
import { declared, read } from '../call/declared'
import { elementSizes, type Device, type DType } from '../tensor/dtype'
import type { StateDict } from '../nn/module'
import type { Tensor } from '../tensor/tensor'
import { writeAll, writeAtomically } from '../../common/atomic'
import { storageChunks } from './save'
import { chunksOf, withSource, type ByteSource } from '../archive/source'
import { parseStrictJson, type StrictJson } from '../archive/strict-json'
import { asFileError } from './rebuild'
import { fillStorage } from './storages'

/** Maximum size of a header, as in the reference implementation. */
const MAX_HEADER = 100_000_000
const MAX_DIMENSIONS = 64

const dtypeNames: Readonly<Partial<Record<DType, string>>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
  complex64: 'C64',
  float8_e4m3fn: 'F8_E4M3',
  float8_e5m2: 'F8_E5M2',
  float8_e8m0fnu: 'F8_E8M0',
}
const dtypesByName = new Map(Object.entries(dtypeNames).map(([dtype, name]) => [name, dtype as DType]))

interface TensorInfo {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly start: number
  readonly end: number
}

interface Header {
  readonly tensors: readonly TensorInfo[]
  readonly metadata: Readonly<Record<string, string>>
  /** Offset of the tensors' bytes. */
  readonly dataStart: number
}

export interface SafetensorsLoadOptions {
  /** The device of the tensors; default: the CPU. */
  device?: Device | null | undefined
}

export interface SafetensorsSaveOptions {
  /** Strings to store as metadata; default: `{ format: 'pt' }`, which other libraries expect. */
  metadata?: Readonly<Record<string, string>> | null | undefined
}

const LOAD = declared<{ file: string | Uint8Array; device: Device }>('safetensors.load', 'file:y', 'device:v="cpu"')
const SAVE = declared<{ metadata: Readonly<Record<string, string>> | null }>('safetensors.save', 'path:s', '*', 'metadata:o?=null')

/**
 * Reads the tensors of a safetensors file, in the order of the file.
 *
 * @throws FileError for a damaged, truncated or inconsistent header, saying what is wrong; ArgumentError for unknown options.
 * @see https://huggingface.co/docs/safetensors
 * @example
 * torch.safetensors.save({ weight: torch.ones([2]) }, '/tmp/weights.safetensors')
 * torch.safetensors.load('/tmp/weights.safetensors').weight.shape // [2]
 */
export function load(file: string | Uint8Array, device?: Device | SafetensorsLoadOptions | null): StateDict
export function load(...given: unknown[]): StateDict {
  const { file, device } = read(LOAD, given)
  return withSource(file, (source) => {
    const { tensors, dataStart } = readHeader(source)
    const state: StateDict = {}
    for (const { name, dtype, shape, start, end } of tensors) {
      const base = fillStorage(end - start, chunksOf(source, dataStart + start, end - start), null, device)
      const tensor = asFileError(() => wrap(native.viewOfStorage(base, dtype, 0, shape, contiguousStride(shape, name))))
      Object.defineProperty(state, name, { value: tensor, enumerable: true, writable: true, configurable: true })
    }
    return state
  })
}

/**
 * The metadata of a safetensors file.
 *
 * @example
 * torch.safetensors.save({}, '/tmp/empty.safetensors', { metadata: { author: 'me' } })
 * torch.safetensors.metadata('/tmp/empty.safetensors').author // 'me'
 */
export function metadata(file: string | Uint8Array): Record<string, string> {
  return withSource(file, (source) => ({ ...readHeader(source).metadata }))
}

/**
 * Writes tensors by name, each with separate bytes. The file is written atomically.
 *
 * @throws ArgumentError for values that are not tensors, dtypes that the format lacks, and unknown options.
 * @see https://huggingface.co/docs/safetensors
 * @example
 * torch.safetensors.save({ weight: torch.ones([2]) }, '/tmp/weights.safetensors')
 */
export function save(tensors: Readonly<Record<string, Tensor>>, path: string, options?: SafetensorsSaveOptions): void {
  const texts = read(SAVE, [path, options]).metadata ?? { format: 'pt' }
  const contiguous = Object.entries(tensors).map(([name, tensor]) => ({ name, tensor: checked(name, tensor) }))
  // Wide elements first, as in the reference implementation, so that every tensor is aligned.
  contiguous.sort((a, b) => b.tensor.elementSize() - a.tensor.elementSize())
  const header: [string, unknown][] = [['__metadata__', checkedMetadata(texts)]]
  let end = 0
  for (const { name, tensor } of contiguous) {
    const start = end
    end += tensor.numel() * tensor.elementSize()
    header.push([name, { dtype: dtypeNames[tensor.dtype], shape: tensor.shape, data_offsets: [start, end] }])
  }
  const json = `{${header.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
  const length = Math.ceil(Buffer.byteLength(json) / 8) * 8
  writeAtomically(path, (descriptor) => {
    const head = Buffer.alloc(8 + length, ' ')
    head.writeBigUInt64LE(BigInt(length), 0)
    head.write(json, 8)
    writeAll(descriptor, head)
    for (const { tensor } of contiguous) {
      for (const chunk of storageChunks({ tensor, bytes: tensor.numel() * tensor.elementSize() })) writeAll(descriptor, chunk)
    }
  })
}

/** The tensor, contiguous and alone in its storage. */
function checked(name: string, value: unknown): Tensor {
  if (!isTensor(value))
    throw new ArgumentError(
      `safetensors hold tensors only, but '${name}' is ${value === null ? 'null' : `a ${typeof value}`}: leave it out, or use torch.save`,
    )
  if (name === '__metadata__') throw new ArgumentError("a safetensors file cannot hold a tensor named '__metadata__'")
  if (dtypeNames[value.dtype] === undefined)
    throw new ArgumentError(`safetensors have no dtype ${value.dtype}, which '${name}' has: convert it, or use torch.save`)
  if (value.layout !== 'strided')
    throw new ArgumentError(`safetensors hold dense tensors, but '${name}' has the layout ${value.layout}: save tensor.toDense()`)
  const dense = value.detach().resolveConj().resolveNeg().contiguous()
  const isAlone = dense.storageOffset() === 0 && native.storageSize(dense._h) === dense.numel() * dense.elementSize()
  return isAlone && native.hasMemory(dense._h) ? dense : dense.clone()
}

function checkedMetadata(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [key, value] of Object.entries(given)) {
    if (typeof value !== 'string')
      throw new ArgumentError(`safetensors metadata are strings, but '${key}' is a ${typeof value}: write it as a string`)
  }
  return given
}

/** @internal Whether the source begins like a safetensors file. */
export function isSafetensors(source: ByteSource): boolean {
  if (source.size < 10) return false
  const head = source.read(0, 9)
  const length = head.readBigUInt64LE(0)
  return length >= 2n && length <= BigInt(Math.min(MAX_HEADER, source.size - 8)) && head[8] === 0x7b
}

function readHeader(source: ByteSource): Header {
  if (source.size < 8) throw new FileError('it is too short for a safetensors file')
  const length = source.read(0, 8).readBigUInt64LE(0)
  if (length > MAX_HEADER) throw new FileError(`it is no safetensors file: its header claims ${length} bytes`)
  if (length > source.size - 8) throw new FileError(`it is truncated: its header claims ${length} bytes of a file of ${source.size}`)
  const dataStart = 8 + Number(length)
  const parsed = parseHeader(source.read(8, Number(length)))
  const tensors = [...parsed.entries].map(([name, entry]) => tensorInfo(name, entry)).sort((a, b) => a.start - b.start || a.end - b.end)
  let end = 0
  for (const { name, start, end: next } of tensors) {
    if (start !== end)
      throw new FileError(`the header is damaged: the bytes of '${name}' ${start < end ? 'overlap others' : 'leave a gap'}`)
    end = next
  }
  const available = source.size - dataStart
  if (end !== available)
    throw new FileError(`it is ${end > available ? 'truncated' : 'damaged'}: its tensors take ${end} bytes, but ${available} are there`)
  return { tensors, metadata: parsed.metadata, dataStart }
}

function parseHeader(bytes: Buffer): { entries: Map<string, StrictJson>; metadata: Record<string, string> } {
  if (bytes[0] !== 0x7b) throw new FileError('it is no safetensors file: its header is no JSON object')
  const entries = parseStrictJson(bytes)
  if (!(entries instanceof Map)) throw new FileError('it is no safetensors file: its header is no JSON object')
  const found = entries.get('__metadata__') ?? new Map<string, StrictJson>()
  entries.delete('__metadata__')
  if (!(found instanceof Map) || [...found.values()].some((value) => typeof value !== 'string'))
    throw new FileError('the header is damaged: its metadata are not strings')
  return { entries, metadata: Object.fromEntries(found) as Record<string, string> }
}

function tensorInfo(name: string, entry: StrictJson): TensorInfo {
  const damaged = (what: string) => new FileError(`the header is damaged: the tensor '${name}' ${what}`)
  if (!(entry instanceof Map)) throw damaged('is not described')
  const [dtypeName, shape, offsets] = ['dtype', 'shape', 'data_offsets'].map((key) => entry.get(key))
  if (typeof dtypeName !== 'string') throw damaged('has no dtype')
  const dtype = dtypesByName.get(dtypeName)
  if (dtype === undefined) throw new FileError(`the tensor '${name}' has the dtype ${JSON.stringify(dtypeName)}, which is not supported`)
  if (!isSizes(shape) || shape.length > MAX_DIMENSIONS) throw damaged('has no valid shape')
  if (!isSizes(offsets) || offsets.length !== 2) throw damaged('has no valid offsets')
  const [start, end] = offsets as [number, number]
  const bytes = shape.reduce((product, size) => product * size, elementSizes[dtype])
  if (end - start !== bytes) throw damaged(`has ${end - start} bytes, but its shape and dtype need ${bytes}`)
  return { name, dtype, shape, start, end }
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item))
}

function contiguousStride(shape: readonly number[], name: string): number[] {
  const stride: number[] = []
  let step = 1
  for (const size of [...shape].reverse()) {
    stride.unshift(step)
    step *= Math.max(1, size)
  }
  // An empty tensor may claim any sizes beside its 0.
  if (!Number.isSafeInteger(step)) throw new FileError(`the header is damaged: the tensor '${name}' has sizes beyond 2^53 elements`)
  return stride
}
