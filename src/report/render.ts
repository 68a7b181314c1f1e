import { duration, plural } from '../common/text'
import type { Evaluation } from '../evaluation'
import type { FinishedRun, StepMetrics } from '../training'
import { chart } from './chart'
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
  const { title, metrics, set, before, after, learner } = data
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
          <p class="lead">${summary(data)}</p>
          ${measures(measuresOf(before, after))}
          <h2>${set.trainedOn === true ? 'Images of the training' : 'Held-out images'}</h2>
          ${pictures}
          <h2>Training</h2>
          ${curves(metrics)}
          <h2>What the learner compares</h2>
          <p>
            Two views are cut from an image and changed in brightness and colour. Wherever they show the same place, the learner asks for
            like features.
          </p>
          ${views} ${skippedFiles(data.skipped)} ${options(data.config)}
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

interface Measure {
  readonly name: string
  readonly about: string
  readonly before: number
  readonly after: number
}

function measuresOf(before: Evaluation, after: Evaluation): Measure[] {
  const correspondence: Measure = {
    name: 'View correspondence',
    about:
      'Of the feature pixels of one augmented view that the other view shows too, the share whose nearest neighbour there, by cosine, lies within 1.5 bin diagonals of the same place.',
    before: before.correspondence,
    after: after.correspondence,
  }
  if (before.meanIoU === null || after.meanIoU === null) return [correspondence]
  const segmentation: Measure = {
    name: 'Segmentation mIoU',
    about:
      'Mean intersection over union with the masks, when every feature pixel takes the class of its nearest neighbours among labelled images.',
    before: before.meanIoU,
    after: after.meanIoU,
  }
  return [correspondence, segmentation]
}

function measures(rows: readonly Measure[]): Markup {
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
        ${rows.map(
          ({ name, before, after }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td>${before.toFixed(3)}</td>
              <td>${after.toFixed(3)}</td>
              ${change(after - before)}
            </tr> `,
        )}
      </tbody>
    </table>
    <dl class="notes">
      ${rows.map(
        ({ name, about }) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${about}</dd>
          </div> `,
      )}
    </dl>`
}

function change(value: number): Markup {
  const text = Math.abs(value).toFixed(3)
  if (Number(text) === 0) return html`<td>0.000</td>`
  return value > 0 ? html`<td class="better">+${text}</td>` : html`<td class="worse">−${text}</td>`
}

function curves(metrics: readonly StepMetrics[]): Markup {
  const last = metrics.at(-1)
  if (last === undefined) return html`<p>No step was taken.</p>`
  const whole = (value: number) => Math.round(value).toLocaleString('en-US')
  const steps = last.step === 1 ? 'One step' : `${whole(last.step)} steps`
  return html`<p>${steps} in ${duration(last.seconds)}.</p>
    <div class="charts">
      ${chart({ title: 'Loss', values: metrics.map(({ loss }) => loss), format: (value) => String(Number(value.toPrecision(4))) })}
      ${chart({ title: 'Positive pairs in a step', values: metrics.map(({ positivePairs }) => positivePairs), format: whole, fromZero: true })}
    </div>`
}

function skippedFiles(skipped: FinishedRun['skipped']): Markup | null {
  if (skipped === undefined || skipped.size === 0) return null
  return html`<details>
    <summary>${plural(skipped.size, 'damaged file')} left out</summary>
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
