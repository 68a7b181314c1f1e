import { duration, wrapped } from '../common/text'
import { LiveLine, Style, type Terminal } from '../common/terminal'
import type { StepMetrics } from '../training'

export interface ProgressOptions {
  /** Number of steps of the training; may be set later, before the first. */
  steps?: number
  terminal?: Terminal
  env?: Readonly<Record<string, string | undefined>>
  /** Minimum time between two lines in a pipe, in seconds; default 5. */
  interval?: number
}

const BAR_WIDTH = 24

/** Step, loss, positive pairs, images per second and time left, as a live line on a terminal and as plain lines in a pipe. */
export class Progress {
  private readonly line: LiveLine
  private readonly style: Style
  private lastLine = -Infinity
  /** When a line about measured images was printed, in seconds, or when the measuring began; null outside of it. */
  private lastMeasured: number | null = null
  private isMeasuring = false
  /** The last line about measured images in a pipe: slow batches of images leave the number as it was. */
  private lastText: string | null = null
  /** Number of steps of the training. */
  steps: number

  constructor(private readonly options: ProgressOptions = {}) {
    const { terminal = process.stderr, env = process.env, steps = 0 } = options
    this.steps = steps
    this.line = new LiveLine(terminal, env)
    this.style = new Style(terminal, env)
  }

  step(metrics: StepMetrics): void {
    const { interval = 5 } = this.options
    if (this.line.live) return this.line.show(this.fitted(metrics, this.line.width))
    const isLast = metrics.step === this.steps
    if (!isLast && metrics.step !== 1 && metrics.seconds - this.lastLine < interval) return
    this.lastLine = metrics.seconds
    this.line.print(this.parts(metrics).join(' · '))
  }

  /** How many images have been measured, in place of the live line; in a pipe only where it takes long. */
  measuring(when: string, done: number, images: number): void {
    const text = `measuring ${when}: ${done}/${images} images`
    if (this.line.live) {
      // The last step stays.
      if (!this.isMeasuring) this.line.end()
      this.isMeasuring = true
      return this.line.show(text.slice(0, this.line.width))
    }
    const now = performance.now() / 1000
    const waited = now - (this.lastMeasured ??= now)
    if (done === images) this.lastMeasured = this.lastText = null
    if (waited < (this.options.interval ?? 5) || done === images || text === this.lastText) return
    this.lastMeasured = now
    this.lastText = text
    this.line.print(text)
  }

  /** Removes the live line of measured images. */
  measured(): void {
    if (this.isMeasuring) this.line.clear()
    this.isMeasuring = false
  }

  /** Prints lines that stay, wrapped on a terminal; the live line continues below them. */
  note(text: string): void {
    this.line.print(this.line.live ? fitting(text, this.line.width) : text)
  }

  /** Keeps the live line and moves to the next. */
  end(): void {
    this.line.end()
  }

  private parts({ step, loss, positivePairs, imagesPerSecond, seconds }: StepMetrics): string[] {
    const { steps } = this
    const left = step === 0 ? 0 : (seconds / step) * (steps - step)
    return [
      `step ${String(step).padStart(String(steps).length)}/${steps}`,
      `loss ${loss.toFixed(4)}`,
      `positive pairs ${positivePairs.toLocaleString('en-US')}`,
      `${imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0)} images/s`,
      step === steps ? `took ${duration(seconds)}` : `ETA ${duration(left)}`,
    ]
  }

  /** The line without what does not fit the terminal's width: the bar goes first, then speed, pairs, time and loss. */
  private fitted(metrics: StepMetrics, width: number): string {
    const all = this.parts(metrics)
    if (lengthOf(all) + BAR_WIDTH + 1 <= width) return `${this.bar(metrics.step / this.steps)} ${this.highlighted(all)}`
    const parts = [3, 2, 4, 1].reduce((kept, i) => (lengthOf(kept) <= width ? kept : kept.filter((part) => part !== all[i])), all)
    return lengthOf(parts) <= width ? this.highlighted(parts) : parts.join(' · ').slice(0, Math.max(0, width))
  }

  private bar(share: number): string {
    const filled = Math.round(share * BAR_WIDTH)
    return `${this.style.cyan('━'.repeat(filled))}${this.style.dim('─'.repeat(BAR_WIDTH - filled))}`
  }

  private highlighted([step, ...rest]: string[]): string {
    const parts = rest.map((part) => (part.startsWith('loss ') ? this.style.bold(part) : part))
    return [step!, ...parts].join(this.style.dim(' · '))
  }
}

/** The lines of a text, those that are too long wrapped. */
function fitting(text: string, width: number): string {
  const fitted = (line: string) => (line.length <= width ? line : wrapped(line, width, /^ */.exec(line)![0].length + 2))
  return text.split('\n').map(fitted).join('\n')
}

function lengthOf(parts: readonly string[]): number {
  return parts.join(' · ').length
}
