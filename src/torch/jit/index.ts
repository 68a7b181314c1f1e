import { native } from '../../native'
import type { Device } from '../dtype'
import { checkTorchScriptFile } from './files'
import { ScriptModule } from './script-module'

export { ScriptModule, Taps } from './script-module'
export { saveTorchScript } from './compile'

/**
 * Reads a TorchScript file, by its path or from its bytes. It is a program: load only files that you trust.
 *
 * @throws FileError for a missing, truncated or damaged file; JitError for one that holds no TorchScript.
 * @see https://docs.pytorch.org/docs/stable/generated/torch.jit.load.html
 */
export function load(file: string | Uint8Array, options: { mapLocation?: Device } = {}): ScriptModule {
  checkTorchScriptFile(file)
  return new ScriptModule(native.jitLoad(file, options.mapLocation ?? 'cpu'))
}

/** Writes a TorchScript file, whole or not at all. */
export function save(module: ScriptModule, path: string): void {
  module.save(path)
}
