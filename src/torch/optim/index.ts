export { Optimizer, type OptimizerState, type ParamGroup, type ParamState } from './optimizer'
export { SGD, type SGDOptions } from './sgd'
export { Adam, AdamW, type AdamOptions } from './adam'
