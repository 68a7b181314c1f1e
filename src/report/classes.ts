import {
  classChanges,
  formatChange,
  formatMeasure,
  shownChange,
  type ClassChange,
  type Evaluation,
  type EvaluationSet,
} from '../evaluation'
import { html, type Markup } from './html'
import { classColour } from './pictures'

/** Both segmentations by class, in a table that is opened; null without masks. */
export function byClass({ labels }: EvaluationSet, before: Evaluation, after: Evaluation): Markup | null {
  if (labels === undefined) return null
  const rows = classChanges(before, after, labels.classes)
  if (rows.length === 0) return null
  return html`<details>
    <summary>Intersection over union by class</summary>
    <table class="classes">
      <thead>
        <tr>
          <th scope="col">Class</th>
          <th scope="col">kNN, before → after</th>
          <th scope="col">Linear, before → after</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ name, knn, linear }, i) =>
            html`<tr>
              <th scope="row"><span style="background:${classColour(i)}"></span>${name}</th>
              ${cell('knn', knn)}${cell('linear', linear)}
            </tr> `,
        )}
      </tbody>
    </table>
  </details>`
}

function cell(name: 'knn' | 'linear', { before, after }: ClassChange['knn']): Markup {
  const change = before === null || after === null ? null : html`<small>${formatChange(name, shownChange(name, before, after))}</small>`
  return html`<td>${formatMeasure(name, before)} → ${formatMeasure(name, after)} ${change}</td>`
}
