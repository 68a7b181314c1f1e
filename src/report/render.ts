import { duration, kebabCase, plural } from '../common/text'
import { readAs, type Naming } from '../common/wording'
import {
  MEASURES,
  MEASURE_WORDS,
  formatChange,
  formatMeasure,
  gapWords,
  gapsOf,
  markOf,
  type Change,
  type MeasureName,
} from '../evaluation'
import type { FinishedRun } from '../training'
import { chart } from './chart'
import { byClass } from './classes'
import { beginning, nextInPython, runFacts, stepsOf } from './facts'
import { gallery } from './gallery'
import { html, type Markup } from './html'
import { STYLES } from './styles'
import { viewPair } from './view-pair'

/**
 * A self-contained HTML report of a run: no script, no network, light and dark, for wide and narrow screens.
 *
 * It shows the measures before and after, the curves of loss and positive pairs, the held-out images with their features and segmentations,
 * and a pair of views with its positive pairs. Without masks it leaves out what needs them.
 *
 * @returns The file's text; every name and message in it is escaped.
 */
export async function renderReport(data: FinishedRun): Promise<string> {
  const { title, set, before, after, learner, facts } = data
  const grid = before.pictures.features.shape.slice(2) as [number, number]
  const [pictures, views] = await Promise.all([gallery(set, before, after), viewPair(set, grid, learner)])
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'" />
        <title>${title} · PixelCL</title>
        <style>
          ${STYLES}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p class="date">${beginning(facts)}</p>
          ${data.config['dryRun'] === true ? html`<p><strong>This was a dry run, and nothing of it is a result.</strong></p>` : null}
          ${data.interrupted === null ? null : html`<p><strong>The training was ended early: ${stepsOf(data)}.</strong></p>`}
          ${verdictPart(data)}
          <p class="lead">${summary(data)}</p>
          ${measures(data)}
          <h2>${set.trainedOn === true ? 'Images of the training' : 'Held-out images'}</h2>
          ${pictures} ${byClass(set, before, after)}
          <h2>Training</h2>
          ${curves(data)}
          <h2>What the learner compares</h2>
          <p>
            Two views are cut from an image and changed in brightness and colour. Wherever they show the same place, the learner asks for
            like features.
          </p>
          ${views}
          <h2>Next, in Python</h2>
          <p>
            The backbone takes images in RGB from 0 to 1, less ImageNet's mean and over its deviation. Paths are those of the run: from its
            working folder.
          </p>
          ${nextInPython(data.handOffs)}
          <h2>The run</h2>
          ${runFacts(data)} ${skippedFiles(data.skipped)} ${options(data.config)}
        </main>
      </body>
    </html> `.text
}

function summary({ learner, set }: FinishedRun): string {
  const loss = learner.usePixpro ? 'PixPro' : 'PixContrast'
  const count = set.images.shape[0]!
  const images = plural(count, set.trainedOn === true ? 'training image' : 'held-out image')
  return `A backbone before and after pretraining with ${loss}, measured on ${images}: features frozen, batch-norm statistics taken anew both times.`
}

/** The outcome in a few words, the figures that decide, and what to try next. */
function verdictPart({ verdict, next }: FinishedRun): Markup {
  return html`<section class="verdict ${verdict.outcome}">
    <h2>${verdict.title}</h2>
    <p>${verdict.reason}</p>
    ${
      next.length === 0
        ? null
        : html`<p>To try next:</p>
            <ul>
              ${next.map((wording) => html`<li>${readAs(NAMES, wording)}</li> `)}
            </ul>`
    }
  </section>`
}

/** Options as flags, since most runs are the command line's. */
const NAMES: Naming = ({ name, value }) => {
  const flag = `--${kebabCase(name.slice(name.lastIndexOf('.') + 1))}`
  return value === undefined ? flag : `${flag} ${value}`
}

function measures({ changes, verdict, before, after }: FinishedRun): Markup {
  const isKnown = (name: MeasureName) => changes[name].before !== null || changes[name].after !== null
  const shown = MEASURES.filter(isKnown)
  const gaps = gapsOf(before, after).map(gapWords)
  return html`<table class="measures">
      <thead>
        <tr>
          <th scope="col">Measure</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
          <th scope="col">Change</th>
        </tr>
      </thead>
      <tbody>
        ${shown.map(
          (name) =>
            html`<tr>
              <th scope="row">${MEASURE_WORDS[name].title}</th>
              <td>${formatMeasure(name, changes[name].before)}</td>
              <td>${formatMeasure(name, changes[name].after)}</td>
              ${changeCell(name, changes[name], markOf(name, changes, verdict))}
            </tr> `,
        )}
      </tbody>
    </table>
    <dl class="notes">
      ${shown.map((name) => note(MEASURE_WORDS[name].title, MEASURE_WORDS[name].about))}
      ${gaps.map(({ titles, reason }) => note(titles, `${reason[0]!.toUpperCase()}${reason.slice(1)}.`))}
    </dl>`
}

function note(title: string, about: string): Markup {
  return html`<div>
    <dt>${title}</dt>
    <dd>${about}</dd>
  </div> `
}

function changeCell(name: MeasureName, { change, noise }: Change, mark: 'better' | 'worse' | null): Markup {
  if (change === null) return html`<td>–</td>`
  const range = noise === null ? null : html`<small>${formatChange(name, noise.low)} to ${formatChange(name, noise.high)}</small>`
  const text = html`${formatChange(name, change)} ${range}`
  return mark === null ? html`<td>${text}</td>` : html`<td class="${mark}">${text}</td>`
}

function curves(run: FinishedRun): Markup {
  const { metrics } = run
  const last = metrics.at(-1)
  if (last === undefined) return html`<p>No step was taken.</p>`
  const whole = (value: number) => Math.round(value).toLocaleString('en-US')
  return html`<p>${duration(last.seconds)} for ${stepsOf(run)}.</p>
    <div class="charts">
      ${chart({ title: 'Loss', values: metrics.map(({ loss }) => loss), format: (value) => String(Number(value.toPrecision(4))) })}
      ${chart({ title: 'Learning rate', values: metrics.map(({ lr }) => lr), format: (value) => String(Number(value.toPrecision(4))), fromZero: true, isExact: true })}
      ${chart({ title: 'Positive pairs in a step', values: metrics.map(({ positivePairs }) => positivePairs), format: whole, fromZero: true })}
    </div>`
}

function skippedFiles(skipped: FinishedRun['skipped']): Markup | null {
  if (skipped === undefined || skipped.size === 0) return null
  return html`<details>
    <summary>${plural(skipped.size, 'file')} skipped</summary>
    <table>
      <thead>
        <tr>
          <th scope="col">File</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        ${[...skipped].map(
          ([file, reason]) =>
            html`<tr>
              <td><code>${file}</code></td>
              <td>${reason}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </details>`
}

function options(config: FinishedRun['config']): Markup {
  const rows = Object.entries(config).filter(([, value]) => value !== undefined)
  return html`<details>
    <summary>Options of this run</summary>
    <table>
      <tbody>
        ${rows.map(
          ([name, value]) =>
            html`<tr>
              <th scope="row"><code>${name}</code></th>
              <td><code>${typeof value === 'string' ? value : JSON.stringify(value)}</code></td>
            </tr>`,
        )}
      </tbody>
    </table>
  </details>`
}
