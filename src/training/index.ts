export { exportBackbone, exportOptions, formatOf, formats, type ExportFormat, type ExportOptions, type ExportResult } from './export'
export { telling } from './failures'
export {
  pretrainOptions,
  runOptions,
  trainerOptions,
  type PretrainOptions,
  type ResolvedPretrainOptions,
  type ResolvedTrainerOptions,
  type TrainerOptions,
} from './options'
export { pretrain, type FinishedRun, type PretrainHooks, type PretrainResult } from './pretrain'
export { Progress, type ProgressOptions } from './progress'
export { RunFolder, RUN_FILES, type StepMetrics } from './run-folder'
export { TrainingError } from './trainer'
