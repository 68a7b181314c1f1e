/**
 * @internal What other rooms of this package use of torch besides its public names; they import no other inner file.
 */
export { isTorchScriptFile } from './jit/files'
export { LibraryModule } from './nn/library'
export { pipeline } from './nn/pipeline'
