import { types } from 'node:util'
import { ArgumentError, FileError, native } from '../../native'
import { isTensor, wrap } from '../tensor/base'
import { isOptions } from '../call/bind'
import { declared, read } from '../call/declared'
import { misfit } from '../call/errors'
import type { Device } from '../tensor/dtype'
import type { StateDict } from '../nn/module'
import type { Tensor } from '../tensor/tensor'
import { writeAll, writeAtomically } from '../../common/atomic'
import { storageChunks } from './save'
import { chunksOf, withSource } from '../archive/source'
import { asFileError } from './rebuild'
import { dtypeNames, readHeader } from './safetensors-header'
import { fillStorage } from './storages'

export interface SafetensorsLoadOptions {
  /** The device of the tensors; default: the CPU. */
  device?: Device | null | undefined
}

export interface SafetensorsSaveOptions {
  /** Strings to store as metadata; default: `{ format: 'pt' }`, which other libraries expect. */
  metadata?: Readonly<Record<string, string>> | null | undefined
}

const LOAD = declared<{ file: string | Uint8Array; device: Device }>('safetensors.load', 'file:y', 'device:v="cpu"')
const METADATA = declared<{ file: string | Uint8Array }>('safetensors.metadata', 'file:y')
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
  return withSource(read(METADATA, [file]).file, (source) => ({ ...readHeader(source).metadata }))
}

/**
 * Writes tensors by name, each with separate bytes. The file is written atomically.
 *
 * @throws ArgumentError for values that are not tensors, dtypes that the format lacks, and unknown options.
 * @see https://huggingface.co/docs/safetensors
 * @example
 * torch.safetensors.save({ weight: torch.ones([2]) }, '/tmp/weights.safetensors')
 */
export function save(
  tensors: Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>,
  path: string,
  options?: SafetensorsSaveOptions,
): void {
  const texts = read(SAVE, [path, options]).metadata ?? { format: 'pt' }
  const contiguous = namedIn(tensors).map(([name, tensor]) => ({ name, tensor: checked(name, tensor) }))
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

/** The entries of a plain object or a Map. */
function namedIn(tensors: unknown): [string, unknown][] {
  if (types.isMap(tensors) && [...tensors.keys()].every((name) => typeof name === 'string')) return [...(tensors as Map<string, unknown>)]
  if (isOptions(tensors)) return Object.entries(tensors)
  throw misfit('safetensors.save', 'tensors', 'an object or a Map of Tensors by name', tensors)
}

/** The tensor, contiguous and alone in its storage. */
function checked(name: string, value: unknown): Tensor {
  if (!isTensor(value)) throw misfit('safetensors.save', `tensors['${name}']`, 'a Tensor', value, ': leave it out, or use torch.save')
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
    if (typeof value !== 'string') throw misfit('safetensors.save', `metadata['${key}']`, 'a string', value)
  }
  return given
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
