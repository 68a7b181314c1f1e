import { FileError, type TensorHandle } from '../../native'
import { elementSizes, type Device } from '../tensor/dtype'
import { PickleEnd, readPickle, type PickleHandlers } from '../archive/pickle-reader'
import { finish, shown } from '../archive/pickle-values'
import { chunksOf, type ByteSource } from '../archive/source'
import { bytesOf, fillStorage, storageId, storageKey, storedBytes, type StorageId } from './storages'

const MAGIC = 0x1950a86a20f9469cfc6cn
const PROTOCOL = 1001
/** Length of the pickled magic number: PROTO, LONG1 of ten bytes. */
const MAGIC_LENGTH = 14
/** Initial number of bytes to read for the object's pickle, which the storages follow. */
const FIRST_WINDOW = 1024 * 1024

export function isLegacy(source: ByteSource): boolean {
  if (source.size < MAGIC_LENGTH) return false
  const head = source.read(0, MAGIC_LENGTH)
  return head[0] === 0x80 && head[2] === 0x8a && head[3] === 10 && head.readBigUInt64LE(4) === BigInt.asUintN(64, MAGIC)
}

/** Whether the file has the format of PyTorch 0.1: a tar archive of storages, tensors and a pickle. */
export function isTar(source: ByteSource): boolean {
  return source.size > 512 && source.read(257, 5).toString('latin1') === 'ustar'
}

interface StoredRange {
  readonly id: StorageId
  readonly offset: number
  readonly bytes: number
}

/**
 * Reads a file from before PyTorch 1.6: a sequence of pickles (magic number, protocol, system, object, keys of storages), then length and bytes of
 * each storage.
 *
 * @returns The object's value; pass it to `finish`.
 */
export function readLegacy(source: ByteSource, findGlobal: PickleHandlers['findGlobal'], deviceFor: (location: Device) => Device): unknown {
  const pickles = new PickleRow(source)
  const [magic, protocol] = [pickles.plain(), pickles.plain()]
  if (magic !== MAGIC || protocol !== PROTOCOL)
    throw new FileError(`the file begins like an old PyTorch file of another version (${shown(protocol)})`)
  pickles.plain()

  // The storages follow the pickle that refers to them, so a first pass collects their ids and a second one builds the tensors.
  const wanted = new Map<string, StorageId>()
  const start = pickles.at
  pickles.next({
    findGlobal,
    persistentLoad(id) {
      const storage = storageId(id)
      wanted.set(storage.key, storage)
      return storedBytes(storage, null)
    },
  })
  const end = pickles.at
  const ranges = rangesOf(source, pickles, wanted)
  const bases = new Map<string, TensorHandle>()
  const base = (key: string): TensorHandle => {
    const { id, offset, bytes } = ranges.get(key)!
    const loaded = bases.get(key) ?? fillStorage(bytes, chunksOf(source, offset, bytes), null, deviceFor(id.location))
    bases.set(key, loaded)
    return loaded
  }
  const persistentLoad = (id: unknown) => {
    const storage = storageId(id)
    return storedBytes(storage, base(storage.key))
  }
  return readPickle(source.read(start, end - start), { findGlobal, persistentLoad }).value
}

/** The ranges of the storages' bytes: they follow in the order of the keys, each preceded by its length in elements. */
function rangesOf(source: ByteSource, pickles: PickleRow, wanted: ReadonlyMap<string, StorageId>): Map<string, StoredRange> {
  const keys = pickles.plain()
  if (!Array.isArray(keys)) throw new FileError('the file is damaged: the list of its storages is missing')
  const ranges = new Map<string, StoredRange>()
  let at = pickles.at
  for (const key of keys.map(storageKey)) {
    const id = wanted.get(key)
    if (id === undefined || ranges.has(key)) throw new FileError(`the file is damaged: nothing uses its storage ${key}, or it comes twice`)
    const length = Number(source.read(at, 8).readBigInt64LE(0))
    if (length !== id.length)
      throw new FileError(`the file is damaged: the storage ${key} should have ${id.length} elements but has ${length}`)
    const bytes = bytesOf(id, source.size - at - 8)
    ranges.set(key, { id, offset: at + 8, bytes })
    at += 8 + length * elementSizes[id.dtype]
  }
  for (const key of wanted.keys()) if (!ranges.has(key)) throw new FileError(`the file is damaged: its storage ${key} is missing`)
  return ranges
}

/** Reads the pickles at the beginning of a file one after another. */
class PickleRow {
  at = 0

  constructor(private readonly source: ByteSource) {}

  /** Reads the next pickle, which holds only plain values. */
  plain(): unknown {
    const value = this.next({
      findGlobal(module, name) {
        throw new FileError(`the file is damaged: its head names ${module}.${name}`)
      },
      persistentLoad() {
        throw new FileError('the file is damaged: its head refers to a storage')
      },
    })
    return finish(value, { wholeFloats: 'number', finishObject: (object) => object })
  }

  /** Reads the next pickle. Its length is unknown, so the window of bytes grows until the pickle ends inside it. */
  next(handlers: PickleHandlers): unknown {
    const left = this.source.size - this.at
    for (let window = Math.min(FIRST_WINDOW, left); ; window = Math.min(8 * window, left)) {
      try {
        const { value, end } = readPickle(this.source.read(this.at, window), handlers)
        this.at += end
        return value
      } catch (error) {
        if (window >= left || !(error instanceof PickleEnd)) throw error
      }
    }
  }
}
