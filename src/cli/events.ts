import type { Say } from '../common/wording'
import { EventStream, type RunEvent } from '../training'
import { measuresLine } from './measures'
import type { Progress } from './progress'

/** A stream of run events that prints steps as progress and other events as lines. */
export function eventsTo(progress: Progress, say: Say): EventStream<RunEvent> {
  const events = new EventStream<RunEvent>()
  events.subscribe((event) => {
    switch (event.type) {
      case 'start':
        progress.steps = event.options.schedule.steps
        return
      case 'note':
        return say(event.text)
      case 'step':
        return progress.step(event.metrics)
      case 'measuring':
        return progress.measuring(event.when, event.done, event.images)
      case 'evaluation':
        progress.measured()
        return say(`${event.when}: ${measuresLine(event.evaluation)}`)
      case 'loss':
      case 'saved':
    }
  })
  return events
}
