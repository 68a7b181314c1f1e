import { ArgumentError, native } from '../../native'
import { type Given, named } from '../call/named'
import type { Device } from '../tensor/dtype'
import { checkTorchScriptFile } from './files'
import { ScriptModule } from './script-module'

export { ScriptModule, Taps } from './script-module'
export { saveTorchScript } from './compile'

export interface JitLoadOptions {
  /** The device of all tensors; default: the CPU, wherever they were saved. */
  mapLocation?: Device
}

const MAP_LOCATION = ['mapLocation'] as const

/**
 * Reads a TorchScript file, by its path or from its bytes. It is a program: load only files that you trust.
 *
 * @throws FileError for a missing, truncated or damaged file; JitError for one that holds no TorchScript; ArgumentError for unknown options.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.jit.load.html
 * @example
 * torch.save(new torch.nn.ReLU(), '/tmp/relu.pt')
 * torch.jit.load('/tmp/relu.pt').call(torch.tensor([-1, 2])).tolist() // [0, 2]
 */
export function load(file: string | Uint8Array, ...given: Given<JitLoadOptions, typeof MAP_LOCATION>): ScriptModule {
  const { mapLocation = 'cpu' } = named<JitLoadOptions>('jit.load', MAP_LOCATION, given)
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
export function save(module: ScriptModule, path: string, ...given: unknown[]): void {
  named('jit.save', [], given)
  if (!(module instanceof ScriptModule))
    throw new ArgumentError('torch.jit.save takes a ScriptModule: torch.save(module, path) writes the layers of torch.nn as TorchScript')
  module.save(path)
}
