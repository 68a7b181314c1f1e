import type { Wording } from '../common/wording'
import type { Evaluation } from '../evaluation'
import type { Values } from './task'

/** What a step of pretraining measures beside its loss. */
export interface PixelValues extends Values {
  /** Pixels of the first view that have a partner in the second, counted in one mask. */
  readonly positivePairs: number
}

/** What is known of a step once it has moved the weights; a line of `metrics.jsonl`. */
export type StepMetrics<Measured extends Values = PixelValues> = {
  /** Counted from 1, across resumed runs. */
  readonly step: number
  readonly loss: number
  /** The learning rate that the step used. */
  readonly lr: number
  readonly imagesPerSecond: number
  /** Since the first step began, time between a save and its load not counted. */
  readonly seconds: number
} & Measured

/** What a loop tells. */
export type LoopEvent<Measured extends Values = PixelValues> =
  /** A finite loss, before its step moves the weights: the weights that earlier steps left are worth keeping. */
  | { readonly type: 'loss'; readonly step: number; readonly loss: number }
  /** A step is complete; here the loop's state can be taken. */
  | { readonly type: 'step'; readonly metrics: StepMetrics<Measured> }

/** What a run tells: its loop's events, and what happens around the loop. */
export type RunEvent =
  | LoopEvent
  | { readonly type: 'evaluation'; readonly when: 'before' | 'after'; readonly evaluation: Evaluation }
  /** A line, or several, that a person should know. */
  | { readonly type: 'note'; readonly text: string | Wording }
  /** The backbone of a step was written. */
  | { readonly type: 'saved'; readonly step: number; readonly path: string }

export type Subscriber<Event> = (event: Event) => void

/** Where events of some kinds go. */
export interface Sink<Event> {
  emit(event: Event): void
}

/**
 * Hands each event to all subscribers, in the order in which they subscribed.
 *
 * A subscriber that throws keeps none of the others from the event; its error then reaches whoever emitted it.
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
