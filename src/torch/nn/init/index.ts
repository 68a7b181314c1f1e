export * from '../../generated/declared/nn-init'
export { calculateFanIn } from './fans'
export type { KaimingOptions, Nonlinearity, NormalOptions, RandomOptions, UniformOptions, XavierOptions } from './options'
