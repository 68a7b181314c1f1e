import { aten } from '../call/aten'
import { native, type TensorHandle } from '../../native'
import { writeAtomically } from '../../common/atomic'
import { ZipWriter } from '../archive/zip-writer'
import { declared, read } from '../call/declared'
import { saveTorchScript } from '../jit'
import { Module } from '../nn/module'
import { pickleValue, type SavedStorage } from './value-writer'

const SAVE = declared<{ path: string }>('save', 'path:s')

const CHUNK = 8 * 1024 * 1024

/**
 * Writes tensors and plain values so that Python's `torch.load` reads them with `weights_only=True`; a module becomes a TorchScript file.
 *
 * Plain objects and Maps become dicts, arrays lists, frozen arrays tuples, null None, bytes (Uint8Array) bytes, Sets sets. Whole numbers become ints,
 * any other floats; `torch.float(1)` is 1.0. Tensors that share memory share it after loading, too. The file is written atomically.
 * A layer of `torch.nn`, a model of `pixelcl/vision`, a ScriptModule or a composition of them is written as a program that Python runs.
 *
 * @throws ArgumentError for a value without an equivalent in Python, and for a module with a forward written in TypeScript: save its stateDict(); FileError if the file cannot be written.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.save.html
 * @example
 * torch.save({ weight: torch.ones([2, 2]), epoch: 1 }, '/tmp/weights.pt')
 * // In Python: torch.jit.load('program.pt')
 * torch.save(new torch.nn.Linear(2, 2), '/tmp/program.pt')
 */
export function save(value: unknown, path: string): void
export function save(value: unknown, ...given: unknown[]): void {
  const { path } = read(SAVE, given)
  if (value instanceof Module) return saveTorchScript(value, path)
  const { pickle, storages } = pickleValue(value)
  writeAtomically(path, (descriptor) => {
    const zip = new ZipWriter(descriptor)
    zip.add('archive/data.pkl', pickle)
    zip.add('archive/byteorder', Buffer.from('little'))
    for (const storage of storages) zip.addChunks(`archive/data/${storage.key}`, storage.bytes, storageChunks(storage))
    zip.add('archive/version', Buffer.from('3\n'))
    zip.finish()
  })
}

/** @internal A storage's bytes in chunks, copied to the CPU first. */
export function* storageChunks({ tensor, bytes }: Pick<SavedStorage, 'tensor' | 'bytes'>): IterableIterator<Uint8Array> {
  let handle = tensor._h
  if (tensor.device !== 'cpu') {
    const whole = native.viewOfStorage(handle, 'uint8', 0, [bytes], [1])
    handle = aten('_to_copy')(whole, null, null, 'cpu') as TensorHandle
  }
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK, bytes))
  for (let done = 0; done < bytes; done += CHUNK) {
    const piece = buffer.subarray(0, Math.min(CHUNK, bytes - done))
    native.readStorage(handle, done, piece)
    yield piece
  }
}
