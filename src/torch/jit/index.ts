import { native } from '../../native'
import { declared, read } from '../call/declared'
import { misfit } from '../call/errors'
import type { Device } from '../tensor/dtype'
import { checkTorchScriptFile } from './files'
import { ScriptModule } from './script-module'

export { ScriptModule, Taps } from './script-module'
export { saveTorchScript } from './compile'

export interface JitLoadOptions {
  /** The device of all tensors; default: the CPU, wherever they were saved. */
  mapLocation?: Device | null | undefined
}

const LOAD = declared<{ file: string | Uint8Array; mapLocation: Device }>('jit.load', 'file:y', 'map_location:v="cpu"')
const SAVE = declared<{ path: string }>('jit.save', 'path:s')

/**
 * Reads a TorchScript file, by its path or from its bytes. It is a program: load only files that you trust.
 *
 * @param file - A path, or the file's bytes.
 * @param mapLocation - The device of all its tensors. Default 'cpu', wherever they were saved.
 * @throws FileError for a missing, truncated or damaged file; JitError for one that holds no TorchScript; ArgumentError for unknown options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.jit.load.html
 * @example
 * torch.save(new torch.nn.ReLU(), '/tmp/relu.pt')
 * torch.jit.load('/tmp/relu.pt').call(torch.tensor([-1, 2])).tolist() // [0, 2]
 */
export function load(file: string | Uint8Array, mapLocation?: Device | JitLoadOptions | null): ScriptModule
export function load(...given: unknown[]): ScriptModule {
  const { file, mapLocation } = read(LOAD, given)
  checkTorchScriptFile(file)
  return new ScriptModule(native.jitLoad(file, mapLocation))
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
export function save(module: ScriptModule, path: string): void
export function save(module: ScriptModule, ...given: unknown[]): void {
  const { path } = read(SAVE, given)
  if (!(module instanceof ScriptModule))
    throw misfit('jit.save', 'module', 'a ScriptModule', module, ': torch.save(module, path) writes the layers of torch.nn as TorchScript')
  module.save(path)
}
