const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Turns the first Ctrl-C or SIGTERM into a wish to stop; a second one ends the process at once. */
export class Interrupts {
  /** The signal that came, or null. */
  received: NodeJS.Signals | null = null
  private readonly listener = (signal: NodeJS.Signals) => {
    this.received = signal
    // Without a listener the system's own way is back: the next signal kills even in the middle of a step, when no JavaScript runs.
    this.dispose()
    this.onFirst(signal)
  }

  constructor(private readonly onFirst: (signal: NodeJS.Signals) => void) {
    for (const signal of SIGNALS) process.on(signal, this.listener)
  }

  dispose(): void {
    for (const signal of SIGNALS) process.off(signal, this.listener)
  }
}
