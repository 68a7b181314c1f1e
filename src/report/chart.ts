import { html, type Markup } from './html'

export interface Series {
  readonly title: string
  /** One value per step, from step 1. */
  readonly values: readonly number[]
  /** Formats a value of the axis. */
  readonly format: (value: number) => string
  /** Starts the axis at 0. */
  readonly fromZero?: boolean
  /** Draws the values alone, which have no noise. */
  readonly isExact?: boolean
}

interface Point {
  readonly step: number
  readonly value: number
}

const WIDTH = 420
const HEIGHT = 220
const LEFT = 52
const RIGHT = 10
const TOP = 10
const BOTTOM = 30
/** Maximum number of drawn points; more could not be distinguished. */
const POINTS = 600

/** A curve over the steps: the values faint, their running mean strong; or the values strong if they are exact. */
export function chart({ title, values, format, fromZero = false, isExact = false }: Series): Markup {
  const ticks = niceTicks(fromZero ? 0 : Math.min(...values), Math.max(...values), 4)
  const [low, high] = [ticks[0]!, ticks.at(-1)!]
  const last = Math.max(2, values.length)
  const x = (step: number) => (LEFT + ((step - 1) / (last - 1)) * (WIDTH - LEFT - RIGHT)).toFixed(1)
  const y = (value: number) => HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM)
  const line = (points: readonly number[]) =>
    thinned(points)
      .map(({ step, value }, i) => `${i === 0 ? 'M' : 'L'}${x(step)} ${y(value).toFixed(1)}`)
      .join('')
  const mean = isExact ? values : runningMean(values, Math.round(values.length / 20))
  const steps = niceTicks(1, last, 4).filter((step) => Number.isInteger(step) && step >= 1 && step <= last)
  const described = `${title}: from ${format(mean[0]!)} at the first step to ${format(mean.at(-1)!)} at step ${values.length}`
  return html`<figure class="chart">
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${described}">
      ${ticks.map(
        (tick) =>
          html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}" />
            <text class="tick" text-anchor="end" x="${LEFT - 8}" y="${(y(tick) + 4).toFixed(1)}">${format(tick)}</text> `,
      )}
      <text class="tick" text-anchor="end" x="${LEFT - 8}" y="${HEIGHT - BOTTOM + 20}">step</text>
      ${steps.map((step) => html`<text class="tick" text-anchor="middle" x="${x(step)}" y="${HEIGHT - BOTTOM + 20}">${step}</text>`)}
      ${isExact ? null : html`<path class="raw" d="${line(values)}" />`}
      <path class="mean" d="${line(mean)}" />
      ${values.length === 1 ? html`<circle class="dot" cx="${x(1)}" cy="${y(values[0]!).toFixed(1)}" r="3" />` : null}
    </svg>
  </figure>`
}

/** At most `POINTS` points; of longer series each point is the mean of a segment. */
function thinned(values: readonly number[]): Point[] {
  const stretch = Math.ceil(values.length / POINTS)
  return Array.from({ length: Math.ceil(values.length / stretch) }, (_, i) => {
    const part = values.slice(i * stretch, (i + 1) * stretch)
    return { step: i * stretch + (part.length + 1) / 2, value: part.reduce((sum, value) => sum + value, 0) / part.length }
  })
}

/** Round numbers that enclose `low` and `high`, about `count` steps apart. */
export function niceTicks(low: number, high: number, count: number): number[] {
  const span = high > low ? high - low : Math.max(Math.abs(high), 1) * 0.1
  const least = span / count
  const power = 10 ** Math.floor(Math.log10(least))
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= least * 0.999)!
  const first = Math.floor(low / step + 1e-9)
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9))
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/** The mean of each value and its neighbours up to `reach` places away. */
export function runningMean(values: readonly number[], reach: number): number[] {
  const sums = [0]
  for (const value of values) sums.push(sums.at(-1)! + value)
  return values.map((_, i) => {
    const [from, to] = [Math.max(0, i - reach), Math.min(values.length, i + reach + 1)]
    return (sums[to]! - sums[from]!) / (to - from)
  })
}
