import { JitError, TorchError, native } from '../../native'
import { nameOf } from '../archive/source'
import { isOptions } from '../call/bind'
import { declared, read } from '../call/declared'
import { misfit } from '../call/errors'
import type { Device } from '../tensor/dtype'
import { readExtraFiles, withTorchScriptFile, type ExtraFiles } from './files'
import { ScriptModule } from './script-module'

export { ScriptModule, Taps } from './script-module'
export { EnumMember, ScriptObject } from './script-values'
export { saveTorchScript } from './compile'
export type { ExtraFiles } from './files'

export interface JitLoadOptions {
  /** The device of all tensors; default: the CPU, wherever they were saved. */
  mapLocation?: Device | null | undefined
  /** Is filled with the archive's extra files under its keys, as bytes. */
  _extraFiles?: Record<string, string | Uint8Array> | null | undefined
}

export interface JitSaveOptions {
  /** Files to write beside the program, as text or bytes by their names. */
  _extraFiles?: ExtraFiles | null | undefined
}

const LOAD = declared<{ file: string | Uint8Array; mapLocation: Device; _extraFiles: Record<string, string | Uint8Array> | null }>(
  'jit.load',
  'file:y',
  'map_location:v="cpu"',
  '_extra_files:*=null',
)
const SAVE = declared<{ path: string; _extraFiles: ExtraFiles | null }>('jit.save', 'path:s', '_extra_files:*=null')

/**
 * Reads a TorchScript file, by its path or from its bytes. It is a program, and loading may run code of it: load only files that you trust.
 *
 * A damaged file is refused, and so is one made to end the process by its nesting or to give foreign memory for its tensors.
 *
 * @param file - A path, or the file's bytes.
 * @param mapLocation - The device of all its tensors. Default 'cpu', wherever they were saved.
 * @param _extraFiles - An object that is filled with the archive's extra files under its keys, as bytes.
 * @throws FileError for a missing, truncated or damaged file; JitError for one that holds no TorchScript or uses an operator that libtorch does not
 * have; ArgumentError for unknown options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.jit.load.html
 * @example
 * torch.save(new torch.nn.ReLU(), '/tmp/relu.pt')
 * torch.jit.load('/tmp/relu.pt').call(torch.tensor([-1, 2])).tolist() // [0, 2]
 */
export function load(file: string | Uint8Array, mapLocation?: Device | JitLoadOptions | null): ScriptModule
export function load(...given: unknown[]): ScriptModule {
  const { file, mapLocation, _extraFiles } = read(LOAD, given)
  const module = withTorchScriptFile(file, (pieces) => asJitError(file, () => new ScriptModule(native.jitLoad(pieces, mapLocation))))
  if (_extraFiles !== null) readExtraFiles(file, extraFilesOf('jit.load', _extraFiles))
  return module
}

/** Says which file holds a program that libtorch does not take; for an operator that it does not have, how to get it. */
function asJitError<T>(file: string | Uint8Array, load: () => T): T {
  try {
    return load()
  } catch (error) {
    // An attribute that is no value of its type.
    if (error instanceof TorchError) throw new JitError(`${nameOf(file)} holds a damaged program: ${error.message}`, { cause: error })
    const operator = error instanceof JitError ? /Unknown builtin op: ([\w:.]+?)\.?\s/.exec(error.message)?.[1] : undefined
    if (operator === undefined) throw error
    throw new JitError(
      `${nameOf(file)} uses the operator ${operator}, which libtorch does not have: load the library that brings it first, torch.ops.loadLibrary(path)`,
      { cause: error },
    )
  }
}

function extraFilesOf<T extends ExtraFiles>(call: string, files: T): T {
  if (isOptions(files)) return files
  throw misfit(call, '_extraFiles', 'an object of files by their names', files)
}

/**
 * Writes a TorchScript file for Python's `torch.jit.load`. The file is written atomically.
 *
 * @throws FileError if the file cannot be written.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.jit.save.html
 * @example
 * torch.save(new torch.nn.ReLU(), '/tmp/relu.pt')
 * torch.jit.save(torch.jit.load('/tmp/relu.pt'), '/tmp/copy.pt')
 */
export function save(module: ScriptModule, path: string, options?: JitSaveOptions): void
export function save(module: ScriptModule, ...given: unknown[]): void {
  const { path, _extraFiles } = read(SAVE, given)
  if (!(module instanceof ScriptModule))
    throw misfit('jit.save', 'module', 'a ScriptModule', module, ': torch.save(module, path) writes the layers of torch.nn as TorchScript')
  module.save(path, _extraFiles === null ? {} : extraFilesOf('jit.save', _extraFiles))
}
