import { FileError, type TensorHandle } from '../../native'
import { declared, read as readArguments } from '../call/declared'
import type { Device } from '../tensor/dtype'
import { findGlobal, type GlobalOptions } from './globals'
import { isLegacy, isTar, readLegacy } from './legacy'
import { readPickle } from '../archive/pickle-reader'
import { finish, type FinishOptions } from '../archive/pickle-values'
import { StoredBytes, tensorOfStorage } from './rebuild'
import { checkMapLocation, checkRecord, deviceFor, fillStorage, storageId, storedBytes, type MapLocation } from './storages'
import { withSource, type ByteSource } from '../archive/source'
import { isZip, ZipReader } from '../archive/zip-reader'

export interface LoadOptions extends Partial<GlobalOptions> {
  /** The device of the tensors; default: the CPU, wherever they were saved. */
  mapLocation?: MapLocation | null | undefined
  /** Whether a float without a fraction becomes a number (the default) or `torch.float(1)`, which is saved as 1.0 again. */
  wholeFloats?: FinishOptions['wholeFloats']
}

interface LoadArguments {
  readonly file: string | Uint8Array
  readonly mapLocation: MapLocation | null
  readonly wholeFloats: 'number' | 'float'
  readonly unknownObjects: GlobalOptions['unknownObjects']
}

const LOAD = declared<LoadArguments>(
  'load',
  'file:y',
  'map_location:*=null',
  '*',
  'whole_floats:(number|float)="number"',
  'unknown_objects:(refuse|keep)="refuse"',
)

/**
 * Reads a file of Python's or this package's `torch.save` without running code from it.
 *
 * A dict with string keys becomes a plain object, any other dict a Map, a list an array, a tuple a frozen array, None null, bytes a Uint8Array, a
 * numpy array a Tensor. Files from before PyTorch 1.6 are read as well. A TorchScript file is a program and refused, as Python does by default:
 * `torch.loadStateDictFile` reads its weights and runs nothing, `torch.jit.load` loads a program that you trust.
 *
 * @param file - A path, or the file's bytes.
 * @param mapLocation - Where the tensors go. Default null: the CPU, wherever they were saved.
 * @throws FileError for a file that is damaged, truncated, a program or of another format, or that holds objects of unknown classes, which are named;
 * ArgumentError for unknown options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.load.html
 * @example
 * torch.save({ epoch: 3, weight: torch.ones([2]) }, '/tmp/checkpoint.pt')
 * torch.load<{ epoch: number }>('/tmp/checkpoint.pt').epoch // 3
 */
export function load<T = unknown>(file: string | Uint8Array, mapLocation?: MapLocation | null, options?: LoadOptions): T
export function load<T = unknown>(file: string | Uint8Array, options: LoadOptions): T
export function load<T = unknown>(...given: unknown[]): T {
  const options = readArguments(LOAD, given)
  checkMapLocation('load', options.mapLocation)
  return withSource(options.file, (source) => read(source, options)) as T
}

function read(source: ByteSource, options: LoadArguments): unknown {
  const find = (module: string, name: string) => findGlobal(module, name, options)
  const device = (location: Device) => deviceFor(location, options.mapLocation)
  if (isZip(source)) {
    const zip = new ZipReader(source)
    if (isProgram(zip)) {
      throw new FileError(
        'it is a TorchScript program, which torch.load never runs: torch.loadStateDictFile(path) reads its weights, torch.jit.load(path) loads a program that you trust',
      )
    }
    return finished(readZip(zip, find, device), options)
  }
  if (isLegacy(source)) return finished(readLegacy(source, find, device), options)
  throw new FileError(whyUnreadable(source))
}

/** @internal Whether an archive holds a TorchScript program, by the record that Python looks for. */
export function isProgram(zip: ZipReader): boolean {
  return zip.has(`${zip.prefix}constants.pkl`)
}

/** @internal The value of an archive's data.pkl; pass it to `finish`. */
export function readZip(zip: ZipReader, find: (module: string, name: string) => unknown, device: (location: Device) => Device): unknown {
  const { prefix } = zip
  if (!zip.has(`${prefix}data.pkl`)) throw new FileError('it is a zip archive, but none of PyTorch: it has no data.pkl')
  checkVersion(zip)
  const isBigEndian = byteOrderOf(zip) === 'big'
  const bases = new Map<string, TensorHandle>()
  return readPickle(zip.read(`${prefix}data.pkl`), {
    findGlobal: find,
    persistentLoad(pid) {
      const id = storageId(pid)
      const name = `${prefix}data/${id.key}`
      let base = bases.get(id.key)
      const available = zip.sizeOf(name)
      checkRecord(id, available)
      if (base === undefined) {
        base = fillStorage(available, zip.chunks(name), isBigEndian ? id.dtype : null, device(id.location))
        bases.set(id.key, base)
      }
      return storedBytes(id, base)
    },
  }).value
}

function finished(value: unknown, options: LoadArguments): unknown {
  return finish(value, {
    wholeFloats: options.wholeFloats,
    finishObject: (object) => (object instanceof StoredBytes ? tensorOfStorage(object) : object),
  })
}

/** The versions of archives that libtorch 2.13 reads. */
const VERSIONS = { from: 1, to: 10 }

/** @throws FileError for an archive without a version, or with one that PyTorch does not read. */
function checkVersion(zip: ZipReader): void {
  const name = ['.data/version', 'version'].map((record) => zip.prefix + record).find((record) => zip.has(record))
  if (name === undefined) throw new FileError('it is a zip archive, but none of PyTorch: it has no version')
  const text = zip.read(name).toString('latin1', 0, 32).trim()
  const version = /^\+?\d+/.test(text) ? parseInt(text, 10) : NaN
  if (!(version >= VERSIONS.from && version <= VERSIONS.to))
    throw new FileError(`the archive has the version ${JSON.stringify(text)}: expected ${VERSIONS.from} to ${VERSIONS.to}`)
}

function byteOrderOf(zip: ZipReader): string {
  const name = `${zip.prefix}byteorder`
  const order = zip.has(name) ? zip.read(name).toString('latin1', 0, 32) : 'little'
  if (order !== 'little' && order !== 'big')
    throw new FileError(`the archive has the byte order ${JSON.stringify(order)}: expected little or big`)
  return order
}

function whyUnreadable(source: ByteSource): string {
  if (source.size === 0) return 'it is empty'
  if (isTar(source))
    return 'it is in the tar format of PyTorch 0.1: load it in Python with weights_only=False and save it anew with torch.save'
  const head = source.read(0, Math.min(source.size, 16))
  if (head[0] === 0x89 && head.toString('latin1', 1, 4) === 'HDF') return 'it is an HDF5 file, perhaps of Keras, not of PyTorch'
  if (head[0] === 0x1f && head[1] === 0x8b) return 'it is compressed by gzip: unpack it first'
  if (head.toString('latin1').startsWith('version https://')) return 'it is a Git LFS pointer, not the file itself: run `git lfs pull`'
  if (head.toString('latin1').trimStart().startsWith('<')) return 'it is a web page, not a PyTorch file: perhaps the download failed'
  if (source.size > 9 && head[8] === 0x7b) return 'it looks like a safetensors file: read it with torch.safetensors.load(path)'
  if (head[0] === 0x80) return 'it is a plain Python pickle, not written by torch.save'
  return 'it is no PyTorch file, or its beginning is damaged'
}
