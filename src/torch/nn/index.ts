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
export type { ModuleTarget, ModuleToOptions } from '../tensor/convert'
export { Parameter } from './parameter'
export { ModuleDict, ModuleList, Sequential } from './containers'
export { ParameterDict, ParameterList, type Entries } from './parameter-containers'
export * from './layers'
export type {
  AvgPool2dOptions,
  BatchNormLayerOptions,
  Conv2dOptions,
  DropoutOptions,
  FactoryOptions,
  FlattenOptions,
  InplaceOptions,
  LinearOptions,
  MaxPool2dOptions,
  OutputSize,
  Pair,
} from './layers/options'
export { Layer } from './layers/layer'
export { forwardSource } from './torch-script'
export * as functional from './functional'
export * as init from './init'
export * as utils from './utils'
