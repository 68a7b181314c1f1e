import { duration, plural } from '../common/text'
import type { FinishedRun, HandOff, RunFacts } from '../training'
import { html, type Markup } from './html'

/** When a run began: `2026-03-01 14:05 UTC`. */
export function beginning({ began }: RunFacts): string {
  return `${began.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** How far the training came: `354 steps`, or `198 of 354 steps, stopped by SIGTERM`. */
export function stepsOf({ metrics, planned, interrupted }: Pick<FinishedRun, 'metrics' | 'planned' | 'interrupted'>): string {
  return interrupted === null
    ? plural(metrics.length, 'step')
    : `${whole(metrics.length)} of ${plural(planned, 'step')}, stopped by ${interrupted}`
}

/** What a run ran on and with, as a list of names and values. */
export function runFacts(run: FinishedRun): Markup {
  const { versions, machine, backbone, images, epochs, seconds } = run.facts
  const rows: readonly (readonly [string, string])[] = [
    ['Backbone', `${backbone.file}: ${backbone.kind}, ${(backbone.parameters / 1e6).toFixed(1)} M parameters`],
    ['Layer', typeof backbone.layer === 'string' ? backbone.layer : `number ${backbone.layer}`],
    [
      'Images',
      `${images.folder}: ${whole(images.trained)} trained on, ${whole(images.heldOut)} held out${images.skipped === 0 ? '' : `, ${plural(images.skipped, 'file')} skipped`}`,
    ],
    ['Training', `${stepsOf(run)}, ${plural(Number(epochs.toPrecision(2)), 'epoch')}`],
    ['Time', `${duration(seconds)} in all`],
    ['Device', machine.device],
    ['Processor', `${machine.cpu}, ${plural(machine.cores, 'core')}, ${plural(machine.threads, 'thread')} of libtorch`],
    ['Memory', `${(machine.memory / 2 ** 30).toFixed(0)} GiB`],
    ['Versions', `pixelcl ${versions.pixelcl}, libtorch ${versions.libtorch}, Node ${versions.node.replace(/^v/, '')}`],
  ]
  return html`<dl class="facts">
    ${rows.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div> `,
    )}
  </dl>`
}

function whole(value: number): string {
  return value.toLocaleString('en-US')
}

const OPEN = html`open=""`

/** How each library takes the backbone's file; the first is shown, the others are opened. */
export function nextInPython(handOffs: readonly HandOff[]): Markup {
  return html`${handOffs.map(
    ({ title, kind, lines }, i) =>
      html`<details class="code" ${i === 0 ? OPEN : null}>
        <summary>${title} <small>${kind}</small></summary>
        <pre><code>${lines.join('\n')}</code></pre>
      </details> `,
  )}`
}
