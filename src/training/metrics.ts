import type { Wording } from '../common/wording'
import type { Evaluation } from '../evaluation'
import type { ResolvedPretrainOptions } from './options'
import type { Values } from './task'

/** The values that a step of pretraining measures besides the loss. */
export interface PixelValues extends Values {
  /** Number of positive pairs in the mask from view one to view two. */
  readonly positivePairs: number
}

/** The metrics of a completed step; a line of `metrics.jsonl`. */
export type StepMetrics<Measured extends Values = PixelValues> = {
  /** Counted from 1, across resumed runs. */
  readonly step: number
  readonly loss: number
  /** The learning rate that the step used. */
  readonly lr: number
  readonly imagesPerSecond: number
  /** Training time since the first step, without the time between saving and loading. */
  readonly seconds: number
} & Measured

/** Events of a loop. */
export type LoopEvent<Measured extends Values = PixelValues> =
  /** The loss is finite and the weights have not changed yet, so the current weights are safe to save. */
  | { readonly type: 'loss'; readonly step: number; readonly loss: number }
  /** A step is complete; `state()` may be called now. */
  | { readonly type: 'step'; readonly metrics: StepMetrics<Measured> }

/** Events of a run: those of its loop and those around it. */
export type RunEvent =
  | LoopEvent
  /** All inputs are read and checked, and nothing is written yet. */
  | { readonly type: 'start'; readonly options: ResolvedPretrainOptions }
  /** `done` of `images` have been measured. */
  | { readonly type: 'measuring'; readonly when: 'before' | 'after'; readonly done: number; readonly images: number }
  | { readonly type: 'evaluation'; readonly when: 'before' | 'after'; readonly evaluation: Evaluation }
  /** A message for the user, of one or more lines. */
  | { readonly type: 'note'; readonly text: string | Wording }
  /** The backbone was written, as it was after `step`. */
  | { readonly type: 'saved'; readonly step: number; readonly path: string }

export type Subscriber<Event> = (event: Event) => void

/** A receiver of events. */
export interface Sink<Event> {
  emit(event: Event): void
}

/**
 * Passes each event to all subscribers, in the order of subscription.
 *
 * If a subscriber throws, the others still receive the event; then `emit` throws the error.
 */
export class EventStream<Event> implements Sink<Event> {
  private readonly subscribers = new Set<Subscriber<Event>>()

  /** @returns A function that ends the subscription. */
  subscribe(subscriber: Subscriber<Event>): () => void {
    this.subscribers.add(subscriber)
    return () => void this.subscribers.delete(subscriber)
  }

  /** @throws The first error of a subscriber, once all have received the event. */
  emit(event: Event): void {
    const errors: unknown[] = []
    for (const subscriber of [...this.subscribers]) {
      try {
        subscriber(event)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
}
