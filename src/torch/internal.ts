/**
 * @internal Names that other rooms import from torch besides the public ones; they import no other inner file.
 */
export { isTorchScriptFile } from './jit/files'
export { LibraryModule } from './nn/library'
export { pipeline } from './nn/pipeline'
