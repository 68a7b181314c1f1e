import { FileError, JitError, native, type ModuleHandle } from '../../native'
import { writeAll, writeAtomically } from '../../common/atomic'
import { nameOf, withSource, type Piece } from '../archive/source'
import { isZip, ZipReader } from '../archive/zip-reader'
import { rewritten } from '../archive/zip-writer'
import { checkCrashes } from './crashes'
import { checkChains, checkNesting } from './nesting'
import { checkProgramPickle } from './program-pickle'

/** Whether a file has the records of a TorchScript program. */
export function isTorchScriptFile(file: string | Uint8Array): boolean {
  return withSource(file, (source) => isZip(source) && hasCode(new ZipReader(source)))
}

function hasCode(zip: ZipReader): boolean {
  return [...zip.entries.keys()].some((name) => name.startsWith(`${zip.prefix}code/`))
}

/**
 * Checks a TorchScript file and passes the pieces of its archive to `read`, written anew so that libtorch reads the records that were checked.
 *
 * @throws FileError for a missing, truncated or damaged file; JitError for an archive without code, saying what it contains.
 */
export function withTorchScriptFile<T>(file: string | Uint8Array, read: (pieces: Piece[]) => T): T {
  const name = nameOf(file)
  return withSource(file, (source) => {
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
    checkRecords(zip)
    return read(rewritten(zip))
  })
}

/** Checks what libtorch does not: checksums, because a damaged weight would go unnoticed, and what would end the process or give foreign memory. */
function checkRecords(zip: ZipReader): void {
  const pickles = ['constants.pkl', 'data.pkl'].map((record) => zip.prefix + record)
  const folder = `${zip.prefix}code/`
  const codes = new Map<string, string>()
  for (const record of zip.entries.keys()) {
    // libtorch finds records whatever their case.
    const [lower, ofLibtorch] = [record.toLowerCase(), zip.prefix.toLowerCase()]
    if (lower === `${ofLibtorch}model.json`)
      throw new FileError(
        'it has the format of PyTorch 1.0, which is not supported: load it in Python with torch.jit.load and save it anew',
      )
    if (lower.startsWith(`${ofLibtorch}code/`) && lower.endsWith('.py')) {
      if (!record.startsWith(folder) || !record.endsWith('.py'))
        throw new FileError(`the code record '${record}' is not written as 'code/….py'`)
      const code = codeOf(zip, record)
      checkNesting(code, record)
      checkCrashes(code, record)
      codes.set(record.slice(folder.length, -'.py'.length).replaceAll('/', '.'), code)
    } else if (!pickles.includes(record)) for (const _ of zip.chunks(record));
  }
  checkChains(codes)
  for (const record of pickles) checkProgramPickle(zip, record)
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
