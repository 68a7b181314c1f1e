import { duration } from '../common/text'
import type { StepMetrics } from './metrics'

/** Where progress goes: standard error, or what a test gives. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface ProgressOptions {
  steps: number
  terminal?: Terminal
  env?: Readonly<Record<string, string | undefined>>
  /** Least time between two lines in a pipe, in seconds; default 5. */
  interval?: number
}

const BAR_WIDTH = 24

/** A live line on a terminal, plain lines in a pipe: step, loss, positive pairs, images a second, time left. */
export class Progress {
  private readonly terminal: Terminal
  private readonly live: boolean
  private readonly coloured: boolean
  private lastLine = -Infinity
  private shown = false

  constructor(private readonly options: ProgressOptions) {
    const env = options.env ?? process.env
    this.terminal = options.terminal ?? process.stderr
    this.live = this.terminal.isTTY === true && env['TERM'] !== 'dumb'
    this.coloured = this.live && (env['NO_COLOR'] ?? '') === ''
  }

  step(metrics: StepMetrics): void {
    const { steps, interval = 5 } = this.options
    if (this.live) {
      // A terminal of no known width has 0 columns.
      const width = (this.terminal.columns || 100) - 1
      this.write(`\r\x1b[2K${this.fitted(metrics, width)}`)
      this.shown = true
      return
    }
    const isLast = metrics.step === steps
    if (!isLast && metrics.step !== 1 && metrics.seconds - this.lastLine < interval) return
    this.lastLine = metrics.seconds
    this.write(`${this.parts(metrics).join(' · ')}\n`)
  }

  /** Writes a line of its own, the live one staying below. */
  note(text: string): void {
    this.end()
    this.write(`${text}\n`)
  }

  /** Leaves the live line as it is and goes on below it. */
  end(): void {
    if (this.shown) this.write('\n')
    this.shown = false
  }

  /** Training matters more than a line about it, on a disk that is full. */
  private write(text: string): void {
    try {
      this.terminal.write(text)
    } catch {
      this.shown = false
    }
  }

  private parts({ step, loss, positivePairs, imagesPerSecond, seconds }: StepMetrics): string[] {
    const { steps } = this.options
    const left = step === 0 ? 0 : (seconds / step) * (steps - step)
    return [
      `step ${String(step).padStart(String(steps).length)}/${steps}`,
      `loss ${loss.toFixed(4)}`,
      `positive pairs ${positivePairs.toLocaleString('en-US')}`,
      `${imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0)} images/s`,
      step === steps ? `took ${duration(seconds)}` : `ETA ${duration(left)}`,
    ]
  }

  /** As much as the terminal's width holds: the bar goes first. */
  private fitted(metrics: StepMetrics, width: number): string {
    const parts = this.parts(metrics)
    const text = parts.join(' · ')
    if (text.length + BAR_WIDTH + 1 <= width) return `${this.bar(metrics.step / this.options.steps)} ${this.highlighted(parts)}`
    return text.length <= width ? this.highlighted(parts) : text.slice(0, Math.max(0, width))
  }

  private bar(share: number): string {
    const filled = Math.round(share * BAR_WIDTH)
    return `${this.colour('36', '━'.repeat(filled))}${this.colour('2', '─'.repeat(BAR_WIDTH - filled))}`
  }

  private highlighted([step, loss, ...rest]: string[]): string {
    return [step!, this.colour('1', loss!), ...rest].join(this.colour('2', ' · '))
  }

  private colour(code: string, text: string): string {
    return this.coloured ? `\x1b[${code}m${text}\x1b[0m` : text
  }
}
