import type { Tensor } from '../torch'

/** The values that a task measures in a step besides the loss, by name. */
export type Values = Readonly<Record<string, number>>

export interface StepResult<Measured extends Values> {
  /** A scalar with a graph, for backward. */
  readonly loss: Tensor
  /** Number of examples in the batch. */
  readonly examples: number
  readonly values: Measured
}

/** What is optimised, independently of optimizer, schedule and data. */
export interface Task<Batch, Measured extends Values> {
  /** The parameters, in the order that the optimizer's state uses. */
  parameters(): Tensor[]
  /** One forward pass. */
  step(batch: Batch): StepResult<Measured>
  /** Called after the first backward; throws a TrainingError if no gradient reached what should learn. */
  checkGradients?(values: Measured): void
  /** Runs after the optimizer's step, for instance to update a moving average; `step` counts from 0. */
  afterStep?(step: number): void
  /** The state that the next step depends on, except generators. */
  stateDict(): Record<string, unknown>
  loadStateDict(state: Record<string, unknown>): void
}
