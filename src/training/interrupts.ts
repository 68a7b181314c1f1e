import { native } from '../native'

const NOTICE = '\nStopping after this step, then saving. Once more quits at once.\n'

/**
 * Turns the first Ctrl-C, SIGTERM or SIGHUP (a terminal that was closed) into a wish to stop; the second ends the process at once, in the middle of a step too.
 *
 * The process's signals are caught by native code, for no listener of JavaScript runs before a step has ended.
 */
export class Interrupts implements Disposable {
  constructor(notice = NOTICE) {
    native.watchSignals(notice)
  }

  /** The signal that came, or null. */
  get received(): NodeJS.Signals | null {
    return native.receivedSignal()
  }

  /** Gives the signals back. */
  dispose(): void {
    native.unwatchSignals()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}
