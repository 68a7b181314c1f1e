export { backward, grad } from '../generated/declared/autograd'
export { noGrad, enableGrad, inferenceMode, isGradEnabled, isInferenceModeEnabled, setGradEnabled } from './modes'
export type { BackwardOptions, GradOptions } from './engine'
