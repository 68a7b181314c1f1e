export { Optimizer, type Accepted, type ParamGroup, type Params } from './optimizer'
export type { OptimizerState, ParamState } from './state'
export { SGD, type SGDOptions } from './sgd'
export { Adam, AdamW, type AdamOptions } from './adam'
