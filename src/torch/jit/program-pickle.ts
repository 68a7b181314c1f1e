import { FileError } from '../../native'
import { elementSizes } from '../tensor/dtype'
import { readPickle } from '../archive/pickle-reader'
import { PickledDict, PickledObject, PickledTuple, PickleFunction, shown } from '../archive/pickle-values'
import { programStorageTypes, storageTypes } from '../archive/storage-types'
import type { ZipReader } from '../archive/zip-reader'
import { tooDeep } from './nesting'

/** Bounds of the values of a program. libtorch walks values recursively, and this package makes an object for every path to a module. */
const MAX = {
  depth: 1000,
  /** Paths to objects, such as modules. */
  paths: 30_000,
  /** Values with each counted once for every path to it, besides those that the size of the pickle justifies. */
  values: 1_000_000,
  dimensions: 64,
} as const

/** Bytes of the elements of storages, by the names of their classes. */
const storageSizes: ReadonlyMap<string, number> = new Map([
  ...Object.entries({ ...storageTypes, ...programStorageTypes }).map(([name, dtype]) => [name, elementSizes[dtype]] as const),
  ['QInt8Storage', 1],
  ['QUInt8Storage', 1],
  ['QInt32Storage', 4],
  ['QUInt4x2Storage', 1],
  ['QUInt2x4Storage', 1],
])

const SPARSE = 'torch._utils._rebuild_sparse_tensor'

/** What libtorch's own writer names in a program's pickles, besides storages and the program's classes. */
const known = new Set([
  'collections.OrderedDict',
  'builtins.complex',
  'torch.device',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_qtensor',
  SPARSE,
  'torch.per_tensor_affine',
  'torch.per_channel_affine',
  'torch.per_channel_affine_float_qparams',
  'torch.per_tensor_symmetric',
  'torch.per_channel_symmetric',
  ...['intlist', 'doublelist', 'boollist', 'tensorlist'].map((list) => `torch.jit._pickle.build_${list}`),
  'torch.jit._pickle.restore_type_tag',
])

/** A storage, of so many elements. */
class Stored {
  constructor(readonly length: number) {}
}

/**
 * Checks a pickle of a program before libtorch reads it, because libtorch believes it: the sizes of storages and tensors, the types and the globals.
 *
 * @throws FileError if it is damaged, nested too deeply or without end, or needs far more memory than its size justifies.
 */
export function checkProgramPickle(zip: ZipReader, record: string): void {
  const bytes = zip.read(record)
  const measure = new Measure(MAX.values + 16 * bytes.length)
  readPickle(bytes, {
    findGlobal: (module, name) => globalOf(record, module, name),
    persistentLoad: (id) => storedOf(zip, record, id),
    // Values that are dropped again count, too: libtorch destroys them, which is recursive.
    made: (value) => measure.add(value),
  })
  measure.finish()
}

function globalOf(record: string, module: string, name: string): PickleFunction {
  const qualified = `${module}.${name}`
  // The indices of a sparse attribute are checked after loading, those of a constant would be used before.
  if (qualified === SPARSE && record.endsWith('constants.pkl'))
    throw new FileError('it has a sparse tensor among its constants, which is not supported')
  const isStorage = module === 'torch' && storageSizes.has(name)
  const isKnown = isStorage || known.has(qualified) || module === '__torch__' || module.startsWith('__torch__.')
  if (!isKnown) throw new FileError(`it names ${qualified}, which no TorchScript program does`)
  return new PickleFunction(qualified, (args) => {
    const call = calls.get(qualified)
    call?.(args)
    return new PickledObject(qualified, args)
  })
}

const calls = new Map<string, (args: readonly unknown[]) => void>([
  ['torch._utils._rebuild_tensor_v2', ([storage, offset, shape, stride]) => checkTensor(storage, offset, shape, stride)],
  ['torch._utils._rebuild_qtensor', ([storage, offset, shape, stride]) => checkTensor(storage, offset, shape, stride)],
  [
    'torch.jit._pickle.restore_type_tag',
    ([, type]) => {
      if (typeof type !== 'string') throw new FileError('the pickle is damaged: a type is no text')
      const found = tooDeep(type)
      if (found !== null) throw new FileError(`a value has a type with ${found.what}, more than any compiler writes`)
    },
  ],
])

const isSize = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

/** @throws FileError for a tensor with elements outside its storage, which libtorch would read. */
function checkTensor(storage: unknown, offset: unknown, shape: unknown, stride: unknown): void {
  if (!(storage instanceof Stored)) throw new FileError('the pickle is damaged: a tensor has no storage')
  const [sizes, strides] = [shape, stride].map((given) => (given instanceof PickledTuple ? given.items : []))
  const areSizes = [offset, ...sizes!, ...strides!].every(isSize)
  if (!areSizes || sizes!.length !== strides!.length || sizes!.length > MAX.dimensions)
    throw new FileError('the pickle is damaged: a tensor has an impossible shape, stride or offset')
  const last = (sizes as number[]).reduce((at, size, i) => at + (size - 1) * (strides![i] as number), offset as number)
  if (!sizes!.includes(0) && last >= storage.length)
    throw new FileError(`the file is damaged: a tensor has elements outside its storage of ${storage.length}`)
}

/** Checks a storage's id, `('storage', type, key, location, length)`, against its record. */
function storedOf(zip: ZipReader, record: string, id: unknown): Stored {
  const [kind, type, key, location, length] = id instanceof PickledTuple ? id.items : []
  const size =
    type instanceof PickleFunction && type.name.startsWith('torch.') ? storageSizes.get(type.name.slice('torch.'.length)) : undefined
  if (kind !== 'storage' || size === undefined || typeof key !== 'string' || typeof location !== 'string')
    throw new FileError('the pickle is damaged: it refers to something else than a storage')
  if (!isSize(length)) throw new FileError(`the pickle is damaged: a storage's length is ${shown(length)}`)
  // libtorch reads no record for an empty storage.
  if (length > 0) {
    const folder = `${record.slice(0, -'.pkl'.length)}/`
    const available = zip.sizeOf(folder + key)
    if (length * size > available)
      throw new FileError(
        `the file is damaged or truncated: the storage ${key} should have ${length * size} bytes, but ${available} are there`,
      )
  }
  return new Stored(length)
}

interface Extent {
  /** Levels of values below, with this one. */
  readonly height: number
  /** Values and objects below, each counted once for every path. */
  readonly values: number
  readonly paths: number
}

/** Measures values of a pickle: how deep they are, and how many they are with each counted once for every path to it. */
class Measure {
  private readonly made: object[] = []
  /** Null for a value that is being measured. */
  private readonly extents = new Map<object, Extent | null>()

  constructor(private readonly mostValues: number) {}

  add(value: unknown): void {
    if (typeof value === 'object' && value !== null) this.made.push(value)
  }

  finish(): void {
    for (const value of this.made) this.measured(value, 0)
  }

  private measured(value: object, depth: number): Extent {
    const found = this.extents.get(value)
    if (found === null) throw new FileError('a value of the program holds itself, which libtorch can neither copy nor write')
    if (found !== undefined) return found
    if (depth > MAX.depth) throw tooDeepValues()
    this.extents.set(value, null)
    const isPath = value instanceof PickledObject && value.className.startsWith('__torch__')
    let [height, values, paths] = [1, 1, isPath ? 1 : 0]
    for (const inner of innerValues(value)) {
      if (typeof inner !== 'object' || inner === null) values++
      else {
        const extent = this.measured(inner, depth + 1)
        height = Math.max(height, extent.height + 1)
        values += extent.values
        paths += extent.paths
      }
    }
    if (height > MAX.depth) throw tooDeepValues()
    if (paths > MAX.paths) throw new FileError(`the modules of the program have more than ${MAX.paths} paths`)
    if (values > this.mostValues)
      throw new FileError('the values of the program hold one another so often that they are far more than the file')
    const extent = { height, values, paths }
    this.extents.set(value, extent)
    return extent
  }
}

function tooDeepValues(): FileError {
  return new FileError(`the values of the program are nested more than ${MAX.depth} deep`)
}

function* innerValues(value: object): IterableIterator<unknown> {
  if (value instanceof PickledTuple) yield* value.items
  else if (Array.isArray(value)) yield* value as unknown[]
  else if (value instanceof Set) yield* value as Set<unknown>
  else if (value instanceof PickledDict) {
    for (const [key, held] of value.entries) {
      yield key
      yield held
    }
    if (value.attributes !== null) yield value.attributes
  } else if (value instanceof PickledObject) {
    yield* value.args
    yield* value.items
    for (const [key, held] of value.entries) {
      yield key
      yield held
    }
    yield value.state
  }
}
