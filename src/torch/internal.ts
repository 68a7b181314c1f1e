/**
 * @internal What the other rooms of this package use of torch beside its public names; they import nothing else of what lies inside it.
 */
export { isTorchScriptFile } from './jit/files'
export { declarePassing, pipeline } from './nn/pipeline'
