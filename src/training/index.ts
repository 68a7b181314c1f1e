export { adviceFor, type AdviceFacts } from './advice'
export { exportBackbone, exportOptions, formatOf, formats, type ExportFormat, type ExportOptions, type ExportResult } from './export'
export { exportNetwork, exportNetworkOptions, type ExportNetworkOptions } from './export-network'
export type { RunFacts } from './facts'
export { withLine } from './failures'
export {
  pretrainOptions,
  loopOptions,
  type PretrainOptions,
  type LoopOptions,
  type ResolvedPretrainOptions,
  type ResolvedLoopOptions,
} from './options'
export { TrainingError } from './errors'
export { ImageLoader, type LoaderOptions } from './loader'
export { Loop, type Loader, type LoopOptimizer, type LoopParts, type LoopState, type Scheduler } from './loop'
export type { MaskSummary } from './measuring'
export { EventStream, type LoopEvent, type PixelValues, type RunEvent, type StepMetrics, type Subscriber } from './metrics'
export { PixelTask } from './pixel-task'
export type { HandOff } from './python-lines'
export { pretrainingLoop } from './pretraining-loop'
export { RECIPES, RECIPE_NAMES, type Recipe, type RecipeName, type SomeOptions } from './recipes'
export { resultJson, type FinishedRun, type Judgement, type PretrainResult } from './result'
export { FactorSchedule } from './schedule'
export { firstSkipped } from './skipped'
export type { StepResult, Task, Values } from './task'
export { pretrain, type Configured, type PretrainHooks } from './pretrain'
export { RunFolder, RUN_FILES } from './run/folder'
