import { FileError } from '../../native'
import { elementSizes, type DType } from '../tensor/dtype'
import type { ByteSource } from '../archive/source'
import { parseStrictJson, type StrictJson } from '../archive/strict-json'

/** Maximum size of a header, as in the reference implementation. */
const MAX_HEADER = 100_000_000
const MAX_DIMENSIONS = 64

/** The format's names of dtypes. */
export const dtypeNames: Readonly<Partial<Record<DType, string>>> = {
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

export interface TensorInfo {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly start: number
  readonly end: number
}

/** What a safetensors file says of its tensors. */
export interface Header {
  readonly tensors: readonly TensorInfo[]
  readonly metadata: Readonly<Record<string, string>>
  /** Offset of the tensors' bytes. */
  readonly dataStart: number
}

/** Whether the source begins like a safetensors file. */
export function isSafetensors(source: ByteSource): boolean {
  if (source.size < 10) return false
  const head = source.read(0, 9)
  const length = head.readBigUInt64LE(0)
  return length >= 2n && length <= BigInt(Math.min(MAX_HEADER, source.size - 8)) && head[8] === 0x7b
}

/** @throws FileError for a damaged, truncated or inconsistent header. */
export function readHeader(source: ByteSource): Header {
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
