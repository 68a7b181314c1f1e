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
          <th scope="col">kNN before</th>
          <th scope="col">after</th>
          <th scope="col">change</th>
          <th scope="col">Linear before</th>
          <th scope="col">after</th>
          <th scope="col">change</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ name, knn, linear }, i) =>
            html`<tr>
              <th scope="row"><span style="background:${classColour(i)}"></span>${name}</th>
              ${cells('knn', knn)}${cells('linear', linear)}
            </tr> `,
        )}
      </tbody>
    </table>
  </details>`
}

function cells(name: 'knn' | 'linear', { before, after }: ClassChange['knn']): Markup {
  const change = before === null || after === null ? '–' : formatChange(name, shownChange(name, before, after))
  return html`<td>${formatMeasure(name, before)}</td>
    <td>${formatMeasure(name, after)}</td>
    <td>${change}</td>`
}
