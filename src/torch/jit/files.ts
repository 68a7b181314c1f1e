import { JitError, native, type ModuleHandle } from '../../native'
import { writeAll, writeAtomically } from '../../common/atomic'
import { checkPickle } from '../archive/pickle-check'
import { nameOf, withSource } from '../archive/source'
import { isZip, ZipReader } from '../archive/zip-reader'
import { checkNesting } from './code'

/** True for a file that holds a TorchScript program, by its records; false for any other. */
export function isTorchScriptFile(file: string | Uint8Array): boolean {
  return withSource(file, (source) => isZip(source) && hasCode(new ZipReader(source)))
}

function hasCode(zip: ZipReader): boolean {
  return [...zip.entries.keys()].some((name) => name.startsWith(`${zip.prefix}code/`))
}

/**
 * Refuses, before libtorch reads it, what is no TorchScript archive or has a record that does not match its checksum.
 *
 * @throws FileError for a missing, truncated or damaged file; JitError for an archive without code, saying what it is.
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

/** libtorch compares no checksums and trusts pickles and code: a damaged weight would go unseen, and a stack overflow end the process. */
function checkRecord(zip: ZipReader, name: string): void {
  if (name.endsWith('.pkl')) checkPickle(zip.read(name))
  else if (name.endsWith('.py')) checkNesting(codeOf(zip, name), name)
  else for (const _ of zip.chunks(name));
}

function codeOf(zip: ZipReader, name: string): string {
  return Buffer.concat([...zip.chunks(name)]).toString('latin1')
}

/** True where the code of a program runs while it is loaded, as `__setstate__` does. */
export function runsWhenLoaded(zip: ZipReader): boolean {
  return [...zip.entries.keys()].some((name) => name.endsWith('.py') && codeOf(zip, name).includes('__setstate__'))
}

/**
 * Writes a program; the file appears whole or not at all.
 *
 * @throws FileError where the disk refuses; JitError for a program that has no form in a file.
 */
export function writeTorchScriptFile(module: ModuleHandle, path: string): void {
  writeAtomically(path, (descriptor) => native.jitSave(module, (bytes) => writeAll(descriptor, bytes)))
}
