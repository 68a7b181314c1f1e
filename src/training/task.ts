import type { Tensor } from '../torch'

/** What a task measures in a step besides the loss, by name. */
export type Values = Readonly<Record<string, number>>

export interface StepResult<Measured extends Values> {
  /** A scalar that backward can be called on. */
  readonly loss: Tensor
  /** How many examples the batch had. */
  readonly examples: number
  readonly values: Measured
}

/** What is optimised, independent of optimizer, schedule and data. */
export interface Task<Batch, Measured extends Values> {
  /** The parameters, in the order by which the optimizer's state refers to them. */
  parameters(): Tensor[]
  /** One forward pass. */
  step(batch: Batch): StepResult<Measured>
  /** Called after the first backward; throws a TrainingError if no gradient reached what should learn. */
  checkGradients?(values: Measured): void
  /** Runs after the optimizer's step, for instance to update a moving average; `step` counts from 0. */
  afterStep?(step: number): void
  /** Everything that the next step depends on, except generators. */
  stateDict(): Record<string, unknown>
  loadStateDict(state: Record<string, unknown>): void
}
