import { aten } from '../call/aten'
import { types } from 'node:util'
import { ArgumentError, native, type TensorHandle } from '../../native'
import { isTensor, wrap } from '../tensor/base'
import type { Float } from '../tensor/dtype'
import { Module } from '../nn/module'
import { Parameter } from '../nn/parameter'
import type { Tensor } from '../tensor/tensor'
import { APPENDS, BINPERSID, BUILD, EMPTY_DICT, EMPTY_LIST, MARK, PickleWriter, SETITEMS } from '../archive/pickle-writer'

/** A storage that the pickle refers to and the archive must contain. */
export interface SavedStorage {
  readonly key: string
  readonly tensor: Tensor
  readonly dtype: string
  readonly bytes: number
}

const storageNames: Readonly<Record<string, string>> = {
  float32: 'FloatStorage',
  float64: 'DoubleStorage',
  float16: 'HalfStorage',
  bfloat16: 'BFloat16Storage',
  int64: 'LongStorage',
  int32: 'IntStorage',
  int16: 'ShortStorage',
  int8: 'CharStorage',
  uint8: 'ByteStorage',
  bool: 'BoolStorage',
  complex64: 'ComplexFloatStorage',
  complex128: 'ComplexDoubleStorage',
}

const MAX_DEPTH = 1000

/**
 * Pickles a nested value as Python's `torch.save` would, for its safe loader.
 *
 * @throws ArgumentError for a value without an equivalent in Python; names its path.
 */
export function pickleValue(value: unknown): { pickle: Buffer; storages: SavedStorage[] } {
  const writer = new ValueWriter()
  writer.write(value)
  return { pickle: writer.pickle.finish(), storages: [...writer.storages.values()] }
}

class ValueWriter {
  readonly pickle = new PickleWriter()
  readonly storages = new Map<bigint, SavedStorage>()
  private readonly path: (string | number)[] = []
  private readonly openTuples = new Set<readonly unknown[]>()

  write(value: unknown): void {
    const { pickle } = this
    if (value === null) return pickle.none()
    switch (typeof value) {
      case 'boolean':
        return pickle.bool(value)
      case 'number':
        return Number.isSafeInteger(value) && !Object.is(value, -0) ? pickle.int(value) : pickle.float(value)
      case 'bigint':
        if (value.toString(16).length > 500) throw this.refusal('an integer of more than 250 bytes', 'save it as a string')
        return pickle.int(value)
      case 'string':
        if (/\p{Surrogate}/u.test(value))
          throw this.refusal('a string with half a character (a lone surrogate)', 'call toWellFormed() on it')
        return pickle.string(value)
      case 'object':
        if (pickle.recall(value)) return
        if (this.path.length > MAX_DEPTH) throw this.refusal(`values nested more than ${MAX_DEPTH} deep`, 'save a flatter structure')
        return this.writeObject(value)
      default:
        throw this.refusal(
          value === undefined ? 'undefined' : `a ${typeof value}`,
          value === undefined ? 'leave the key out, or save null' : 'leave it out',
        )
    }
  }

  private writeObject(value: object): void {
    const { pickle } = this
    if (isTensor(value)) return this.writeTensor(value)
    if (Array.isArray(value)) return Object.isFrozen(value) ? this.writeTuple(value) : this.writeList(value)
    if (types.isMap(value)) return this.writeDict(value, [...value])
    if (types.isSet(value)) return this.writeSet(value)
    if (types.isUint8Array(value)) {
      pickle.binary(value)
      return pickle.memoize(value)
    }
    if (types.isTypedArray(value))
      throw this.refusal(`a ${value.constructor.name}`, 'save torch.tensor(array), or its bytes as a Uint8Array')
    if (value instanceof Module) throw this.refusal(`a module (${value.constructor.name})`, 'save module.stateDict()')
    if (isFloat(value)) return pickle.float(value.float)
    const prototype = Object.getPrototypeOf(value) as object | null
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      const hint = 'stateDict' in value ? 'save its stateDict()' : 'save its fields as a plain object'
      throw this.refusal(`an object of the class ${value.constructor.name}`, hint)
    }
    this.writePlainObject(value)
  }

  /** Writes a dict, or an OrderedDict if it has the `_metadata` of a state dict written by Python. */
  private writePlainObject(value: object): void {
    const { pickle } = this
    const metadata = Object.getOwnPropertyDescriptor(value, '_metadata')
    if (metadata === undefined || metadata.enumerable === true) return this.writeDict(value, Object.entries(value))
    pickle.call('collections', 'OrderedDict', () => pickle.tuple([]))
    pickle.memoize(value)
    this.writeEntries(Object.entries(value))
    pickle.bytes(EMPTY_DICT)
    this.writeEntries([['_metadata', metadata.value]])
    pickle.bytes(BUILD)
  }

  private writeDict(value: object, entries: readonly (readonly [unknown, unknown])[]): void {
    this.pickle.bytes(EMPTY_DICT)
    this.pickle.memoize(value)
    this.writeEntries(entries)
  }

  private writeEntries(entries: readonly (readonly [unknown, unknown])[]): void {
    if (entries.length === 0) return
    this.pickle.bytes(MARK)
    for (const [key, item] of entries) {
      if (typeof key === 'object' && key !== null && !Object.isFrozen(key) && !isTensor(key) && !isFloat(key))
        throw this.refusal('a Map key that Python cannot hash', 'use strings, numbers, booleans or frozen arrays')
      this.write(key)
      this.at(typeof key === 'number' ? key : String(typeof key === 'object' ? '?' : key), item)
    }
    this.pickle.bytes(SETITEMS)
  }

  private writeList(value: readonly unknown[]): void {
    this.pickle.bytes(EMPTY_LIST)
    this.pickle.memoize(value)
    this.writeItems(value)
  }

  private writeItems(value: readonly unknown[]): void {
    if (value.length === 0) return
    this.pickle.bytes(MARK)
    for (let i = 0; i < value.length; i++) this.at(i, value[i])
    this.pickle.bytes(APPENDS)
  }

  private writeTuple(value: readonly unknown[]): void {
    if (this.openTuples.has(value)) throw this.refusal('a frozen array that contains itself', 'do not freeze it')
    this.openTuples.add(value)
    this.pickle.tuple(value.map((item, i) => () => this.at(i, item)))
    this.openTuples.delete(value)
    if (value.length > 0) this.pickle.memoize(value)
  }

  private writeSet(value: ReadonlySet<unknown>): void {
    const { pickle } = this
    pickle.call('__builtin__', 'set', () => {
      pickle.tuple([
        () => {
          pickle.bytes(EMPTY_LIST)
          this.writeItems([...value])
        },
      ])
    })
    pickle.memoize(value)
  }

  private at(step: string | number, item: unknown): void {
    this.path.push(step)
    this.write(item)
    this.path.pop()
  }

  private writeTensor(tensor: Tensor): void {
    const { pickle } = this
    if (tensor instanceof Parameter) {
      pickle.call('torch._utils', '_rebuild_parameter', () =>
        pickle.tuple([() => this.writePlainTensor(tensor, false), () => pickle.bool(tensor.requiresGrad), () => this.writeHooks()]),
      )
    } else if (tensor.layout === 'strided') this.writePlainTensor(tensor, tensor.requiresGrad)
    else this.writeSparse(tensor)
    pickle.memoize(tensor)
  }

  /** Writes a view of a storage with `_rebuild_tensor_v2`, or with v3 if the storage has another type or a type without an old class name. */
  private writePlainTensor(given: Tensor, requiresGrad: boolean): void {
    const { pickle } = this
    const tensor = native.hasMemory(given._h) ? given : wrap(native.materialize(given._h))
    const handle = tensor._h
    const dtype = native.dtype(handle)
    if (dtype.startsWith('q')) throw this.refusal(`a quantised tensor (${dtype})`, 'save tensor.dequantize()')
    if (tensor.device === 'meta') throw this.refusal('a tensor on the device meta, which has no data', 'save its shape')
    const storage = this.storageOf(tensor)
    const name = storageNames[dtype]
    const isTyped = name !== undefined && storage.dtype === dtype
    const ints = (values: readonly number[]) => () => pickle.tuple(values.map((value) => () => pickle.int(value)))
    const parts = [
      () => this.writeStorage(storage, tensor, isTyped ? name : null),
      () => pickle.int(native.storageOffset(handle)),
      ints(native.shape(handle)),
      ints(native.stride(handle)),
      () => pickle.bool(requiresGrad),
      () => this.writeHooks(),
    ]
    if (!isTyped) parts.push(() => pickle.global('torch', dtype))
    const marks = marksOf(handle)
    if (marks.length > 0) {
      parts.push(() => {
        pickle.bytes(EMPTY_DICT)
        this.writeEntries(marks.map((mark) => [mark, true]))
      })
    }
    pickle.call('torch._utils', isTyped ? '_rebuild_tensor_v2' : '_rebuild_tensor_v3', () => pickle.tuple(parts))
  }

  private writeStorage(storage: SavedStorage, tensor: Tensor, name: string | null): void {
    const { pickle } = this
    const length = name === null ? storage.bytes : Math.floor(storage.bytes / tensor.elementSize())
    pickle.tuple([
      () => pickle.string('storage'),
      () => (name === null ? pickle.global('torch.storage', 'UntypedStorage') : pickle.global('torch', name)),
      () => pickle.string(storage.key),
      () => pickle.string(tensor.device),
      () => pickle.int(length),
    ])
    pickle.bytes(BINPERSID)
  }

  private storageOf(tensor: Tensor): SavedStorage {
    const identity = native.storageIdentity(tensor._h)
    const known = this.storages.get(identity)
    if (known !== undefined) return known
    const storage = { key: String(this.storages.size), tensor, dtype: tensor.dtype, bytes: native.storageSize(tensor._h) }
    this.storages.set(identity, storage)
    return storage
  }

  private writeSparse(tensor: Tensor): void {
    const { pickle } = this
    const parts = sparseParts(tensor)
    if (parts === null) throw this.refusal(`a tensor of layout ${tensor.layout}`, 'save tensor.toDense()')
    const { name, tensors, isCoalesced } = parts
    const data: (() => void)[] = tensors.map((part) => () => this.writePlainTensor(part, false))
    data.push(() =>
      pickle.call('torch', 'Size', () => pickle.tuple([() => pickle.tuple(tensor.shape.map((length) => () => pickle.int(length)))])),
    )
    if (isCoalesced !== null) data.push(() => pickle.bool(isCoalesced))
    pickle.call('torch._utils', '_rebuild_sparse_tensor', () =>
      pickle.tuple([
        () => pickle.call('torch.serialization', '_get_layout', () => pickle.tuple([() => pickle.string(name)])),
        () => pickle.tuple(data),
      ]),
    )
  }

  /** Python writes an empty OrderedDict in the former place of hooks. */
  private writeHooks(): void {
    const { pickle } = this
    pickle.call('collections', 'OrderedDict', () => pickle.tuple([]))
  }

  private refusal(what: string, way: string): ArgumentError {
    const place = this.path
      .map((step) => (typeof step === 'number' || !/^[A-Za-z_]\w*$/.test(step) ? `[${JSON.stringify(step)}]` : `.${step}`))
      .join('')
    return new ArgumentError(
      `torch.save takes tensors, plain objects, Maps, Sets, arrays, strings, numbers, booleans, null and bytes, but received ${what} at value${place}: ${way}`,
    )
  }
}

/** Recognises `torch.float(1)`, an object with exactly one number. */
function isFloat(value: object): value is Float {
  return 'float' in value && typeof value.float === 'number' && Object.keys(value).length === 1
}

function marksOf(handle: TensorHandle): string[] {
  const marks: string[] = []
  if (aten('is_conj')(handle) === true) marks.push('conj')
  if (aten('is_neg')(handle) === true) marks.push('neg')
  return marks
}

interface SparseParts {
  readonly name: string
  readonly tensors: readonly Tensor[]
  readonly isCoalesced: boolean | null
}

function sparseParts(tensor: Tensor): SparseParts | null {
  switch (tensor.layout) {
    case 'sparseCoo':
      return {
        name: 'torch.sparse_coo',
        tensors: ['_indices', '_values'].map((part) => wrap(aten(part)(tensor._h))),
        isCoalesced: tensor.isCoalesced(),
      }
    case 'sparseCsr':
    case 'sparseBsr':
      return {
        name: tensor.layout === 'sparseCsr' ? 'torch.sparse_csr' : 'torch.sparse_bsr',
        tensors: [tensor.crowIndices(), tensor.colIndices(), tensor.values()],
        isCoalesced: null,
      }
    case 'sparseCsc':
    case 'sparseBsc':
      return {
        name: tensor.layout === 'sparseCsc' ? 'torch.sparse_csc' : 'torch.sparse_bsc',
        tensors: [tensor.ccolIndices(), tensor.rowIndices(), tensor.values()],
        isCoalesced: null,
      }
    default:
      return null
  }
}
