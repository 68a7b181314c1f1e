import { native } from '../native'

const NOTICE = '\nStopping after this step, then saving. Once more quits at once.\n'
const SAVED = '\nThe backbone is saved already, and is being measured. Once more quits at once, without measures and report.\n'

/**
 * Records the first Ctrl-C, SIGTERM or SIGHUP (a closed terminal) as a request to stop; a second one ends the process immediately, even within a step.
 *
 * Native code catches the signals, because JavaScript listeners run only between steps.
 */
export class Interrupts implements Disposable {
  constructor(notice = NOTICE) {
    native.watchSignals(notice)
  }

  /** The first signal received, or null. */
  get received(): NodeJS.Signals | null {
    return native.receivedSignal()
  }

  /** Changes the notice of a first signal that is still to come: the backbone is saved, and no step is left to finish. */
  saved(): void {
    if (this.received === null) native.watchSignals(SAVED)
  }

  /** Restores the previous signal handlers. */
  dispose(): void {
    native.unwatchSignals()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}
