import { FileError, JitError, native, type ModuleHandle } from '../../native'
import { writeAll, writeAtomically } from '../../common/atomic'
import { checkPickle } from '../archive/pickle-check'
import { nameOf, withSource } from '../archive/source'
import { isZip, ZipReader } from '../archive/zip-reader'
import { checkNesting } from './nesting'

/** Whether a file has the records of a TorchScript program. */
export function isTorchScriptFile(file: string | Uint8Array): boolean {
  return withSource(file, (source) => isZip(source) && hasCode(new ZipReader(source)))
}

function hasCode(zip: ZipReader): boolean {
  return [...zip.entries.keys()].some((name) => name.startsWith(`${zip.prefix}code/`))
}

/**
 * Rejects a file that is not a TorchScript archive or has a record with a wrong checksum, before libtorch reads it.
 *
 * @throws FileError for a missing, truncated or damaged file; JitError for an archive without code, saying what it contains.
 */
export function checkTorchScriptFile(file: string | Uint8Array): void {
  const name = nameOf(file)
  withSource(file, (source) => {
    if (!isZip(source))
      throw new JitError(
        `${name} is no TorchScript file: it is no zip archive. Export the model in Python with torch.jit.script(model).save(path)`,
      )
    const zip = new ZipReader(source)
    const has = (record: string) => zip.has(zip.prefix + record)
    if (!hasCode(zip) || !has('constants.pkl') || !has('data.pkl')) {
      const hint = has('data.pkl') ? ' It holds saved values, perhaps a state dict: read it with torch.load(path)' : ''
      throw new JitError(`${name} is a zip archive without TorchScript code.${hint}`)
    }
    for (const record of zip.entries.keys()) checkRecord(zip, record)
  })
}

/** Checks what libtorch does not: checksums, because a damaged weight would go unnoticed, and nesting, because a stack overflow ends the process. */
function checkRecord(zip: ZipReader, name: string): void {
  if (name.endsWith('.pkl')) checkPickle(zip.read(name))
  else if (name.endsWith('.py')) checkNesting(codeOf(zip, name), name)
  else for (const _ of zip.chunks(name));
}

function codeOf(zip: ZipReader, name: string): string {
  return Buffer.concat([...zip.chunks(name)]).toString('latin1')
}

/** Files beside the program in its archive, as text or bytes by their names. */
export type ExtraFiles = Readonly<Record<string, string | Uint8Array>>

/** Fills an object with the extra files of an archive under its keys, as bytes. */
export function readExtraFiles(file: string | Uint8Array, into: Record<string, string | Uint8Array>): void {
  withSource(file, (source) => {
    const zip = new ZipReader(source)
    for (const name of Object.keys(into)) {
      const record = `${zip.prefix}extra/${name}`
      if (!zip.has(record)) throw new FileError(`it has no extra file '${name}'`)
      into[name] = new Uint8Array(Buffer.concat([...zip.chunks(record)]))
    }
  })
}

/**
 * Writes a program atomically.
 *
 * @throws FileError if the file cannot be written; JitError for a program that cannot be saved.
 */
export function writeTorchScriptFile(module: ModuleHandle, path: string, extraFiles: ExtraFiles = {}): void {
  const extra = Object.entries(extraFiles).map(([name, content]) => [name, new Uint8Array(Buffer.from(content as Uint8Array))] as const)
  writeAtomically(path, (descriptor) => native.jitSave(module, (bytes) => writeAll(descriptor, bytes), extra))
}
