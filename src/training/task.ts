import type { Tensor } from '../torch'

/** What a task measures in a step beside the loss, by name. */
export type Values = Readonly<Record<string, number>>

export interface StepResult<Measured extends Values> {
  /** A scalar that backward can be called on. */
  readonly loss: Tensor
  /** How many examples the batch had. */
  readonly examples: number
  readonly values: Measured
}

/** What is optimised, whatever the optimizer, the schedule and the data are. */
export interface Task<Batch, Measured extends Values> {
  /** The parameters, in the order by which the optimizer's state refers to them. */
  parameters(): Tensor[]
  /** One forward pass. */
  step(batch: Batch): StepResult<Measured>
  /** Throws a TrainingError where the first backward has reached nothing of what should learn. */
  checkGradients?(values: Measured): void
  /** What follows the optimizer's step, such as a moving average; `step` counts from 0. */
  afterStep?(step: number): void
  /** Everything that the task's next step depends on, but for the generators. */
  stateDict(): Record<string, unknown>
  loadStateDict(state: Record<string, unknown>): void
}
