export {
  Module,
  savedName,
  type AnyModule,
  type ChildModule,
  type Forward,
  type ForwardArguments,
  type ForwardHook,
  type ForwardPreHook,
  type HookOptions,
  type LoadOptions,
  type LoadResult,
  type MembersOptions,
  type ShapeMismatch,
  type StateComparison,
  type StateDict,
  type StateDictOptions,
} from './module'
export type { ModuleTarget, ModuleToOptions } from '../convert'
export { Parameter } from './parameter'
export { Sequential, ModuleList } from './containers'
export { Conv2d, type Conv2dOptions } from './layers/conv'
export type { FactoryOptions, Pair } from './layers/options'
export { Identity, Linear } from './layers/linear'
export { BatchNorm1d, BatchNorm2d, type BatchNormLayerOptions } from './layers/batch-norm'
export { MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, type AvgPool2dOptions, type MaxPool2dOptions, type OutputSize } from './layers/pooling'
export { ReLU } from './layers/activation'
export { Dropout } from './layers/dropout'
export { Flatten } from './layers/shape'
export { Layer } from './layers/layer'
export { forwardSource } from './torch-script'
export * as functional from './functional'
export * as init from './init'
