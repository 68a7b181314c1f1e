/**
 * @internal Names that other rooms import from torch besides the public ones; they import no other inner file.
 */
export { isTorchScriptFile } from './jit/files'
export { LibraryModule } from './nn/library'
export { pipeline } from './nn/pipeline'
export { holdersIn, stateIn, type Holder } from './serialization/checkpoint'
export { readContent } from './serialization/state-dict'
