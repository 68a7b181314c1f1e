import { aten } from '../call/aten'
import { FileError, native, type TensorHandle } from '../../native'
import { misfit } from '../call/errors'
import { isOptions } from '../call/bind'
import { elementSizes, type Device, type DType } from '../tensor/dtype'
import { swapped } from './numpy'
import { PickledTuple, shown } from '../archive/pickle-values'
import { size, StorageType, StoredBytes } from './rebuild'

/** The device of storages: one for all, one for each device named in the file, or a function of that name. Default: the CPU. */
export type MapLocation = Device | Readonly<Record<string, Device>> | ((location: Device) => Device)

/** The id of a storage in a pickle. */
export interface StorageId {
  readonly dtype: DType
  readonly key: string
  readonly location: Device
  readonly length: number
  /** In old files, the part of another storage that this one covers. */
  readonly view: { readonly offset: number; readonly length: number } | null
}

/** Reads `('storage', type, key, location, length)`, followed by a view in old files. */
export function storageId(id: unknown): StorageId {
  const [kind, type, key, location, length, view = null] = id instanceof PickledTuple ? id.items : []
  if (kind !== 'storage')
    throw new FileError(`the pickle is damaged: it refers to ${shown(kind)} outside of it, where only storages may be`)
  if (!(type instanceof StorageType)) throw new FileError('the pickle is damaged: a storage has no type')
  if (typeof location !== 'string') throw new FileError('the pickle is damaged: a storage has no location')
  if (location === 'meta') throw new FileError('the file holds a tensor on the device meta, which has no data: give it some in Python')
  return {
    dtype: type.dtype,
    key: storageKey(key),
    location: location as Device,
    length: size(length, "a storage's length"),
    view: viewOf(view),
  }
}

/** @throws FileError for anything but a string or an integer. */
export function storageKey(key: unknown): string {
  if (typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint') return String(key)
  throw new FileError('the pickle is damaged: a storage has no key')
}

function viewOf(view: unknown): StorageId['view'] {
  if (view === null) return null
  if (!(view instanceof PickledTuple)) throw new FileError('the pickle is damaged: a view of a storage is no tuple')
  return { offset: size(view.items[1], 'an offset'), length: size(view.items[2], "a storage's length") }
}

/** The storage of an id, given the tensor that owns its bytes. */
export function storedBytes(id: StorageId, base: TensorHandle | null): StoredBytes {
  return new StoredBytes(base, id.dtype, id.view?.offset ?? 0, id.view?.length ?? id.length)
}

/** @throws ArgumentError for anything but a device, a map of devices or a function. */
export function checkMapLocation(call: string, map: unknown): void {
  if (map === null || typeof map === 'string' || typeof map === 'function' || isOptions(map)) return
  throw misfit(call, 'mapLocation', "a device, such as 'cpu', an object or a function from devices to devices", map)
}

/** The device for a storage that was saved on `location`. */
export function deviceFor(location: Device, map: MapLocation | null): Device {
  if (map === null) return 'cpu'
  if (typeof map === 'function') return map(location)
  return typeof map === 'string' ? map : (map[location] ?? 'cpu')
}

/** Fills a new storage chunk by chunk, so that its bytes are in memory only once, and moves it to its device. */
export function fillStorage(bytes: number, chunks: Iterable<Uint8Array>, swapAs: DType | null, device: Device): TensorHandle {
  const base = native.emptyStorage(bytes)
  let at = 0
  for (const chunk of chunks) {
    native.writeStorage(base, at, swapAs === null ? chunk : swapped(chunk, swapAs))
    at += chunk.length
  }
  if (device === 'cpu') return base
  return aten('_to_copy')(base, null, null, device) as TensorHandle
}

/** @throws FileError if a storage claims more elements than the file has bytes. */
export function bytesOf({ dtype, length, key }: StorageId, available: number): number {
  const bytes = length * elementSizes[dtype]
  if (bytes > available)
    throw new FileError(`the file is damaged or truncated: the storage ${key} should have ${bytes} bytes, but ${available} are there`)
  return bytes
}

/** @throws FileError unless a storage has exactly the bytes of its record, as Python demands. */
export function checkRecord(id: StorageId, available: number): void {
  const bytes = bytesOf(id, available)
  if (bytes < available)
    throw new FileError(`the file is damaged: the storage ${id.key} should have ${bytes} bytes, but its record has ${available}`)
}
