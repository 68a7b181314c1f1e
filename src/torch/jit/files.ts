import { renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FileError, JitError, native, type ModuleHandle } from '../../native'
import { ZipReader, fileSource, isZip, type ByteSource } from '../serialization/zip-reader'

/** True for an archive that holds a TorchScript program; false for any other file. */
export function isTorchScriptArchive(source: ByteSource): boolean {
  if (!isZip(source)) return false
  const zip = new ZipReader(source)
  return [...zip.entries.keys()].some((name) => name.startsWith(`${zip.prefix}code/`))
}

/**
 * Refuses, before libtorch reads it, what is no TorchScript archive.
 *
 * @throws FileError for a missing, truncated or damaged file; JitError for an archive without code, saying what it is.
 */
export function checkTorchScriptFile(path: string): void {
  const source = fileSource(path)
  try {
    if (!isZip(source)) throw new JitError(`${path} is no TorchScript file: it is no zip archive. Export the model in Python with torch.jit.script(model).save(path)`)
    const zip = new ZipReader(source)
    const has = (name: string) => zip.has(zip.prefix + name)
    if (![...zip.entries.keys()].some((name) => name.startsWith(`${zip.prefix}code/`)) || !has('constants.pkl')) {
      const hint = has('data.pkl') ? ' It holds saved values, perhaps a state dict: read it with torch.load(path)' : ''
      throw new JitError(`${path} is a zip archive without TorchScript code.${hint}`)
    }
    for (const name of zip.entries.keys()) if (/\/(data|constants)\.pkl$/.test(name) || name.includes('/code/')) zip.read(name)
  } finally {
    source.close()
  }
}

/** @internal Writes beside the target and then takes its place. */
export function writeTorchScriptFile(module: ModuleHandle, path: string): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
  try {
    native.jitSave(module, temporary)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw new FileError(`cannot write ${path}: ${(error as Error).message}`, { cause: error })
  }
}
