export { adviceFor, type AdviceFacts } from './advice'
export { exportBackbone, exportOptions, formatOf, formats, type ExportFormat, type ExportOptions, type ExportResult } from './export'
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
export { EventStream, type LoopEvent, type PixelValues, type RunEvent, type StepMetrics, type Subscriber } from './metrics'
export { PixelTask } from './pixel-task'
export { pretrainingLoop } from './pretraining-loop'
export { RECIPES, RECIPE_NAMES, type Recipe, type RecipeName, type SomeOptions } from './recipes'
export { FactorSchedule } from './schedule'
export type { StepResult, Task, Values } from './task'
export { pretrain, type Configured, type FinishedRun, type Judgement, type PretrainHooks, type PretrainResult } from './pretrain'
export { RunFolder, RUN_FILES } from './run/folder'
