import type { Evaluation } from './measure'
import { overlapByClass } from './overlap'

/** The intersection over union of one class before and after; null where the class neither occurs nor is predicted. */
export interface ClassChange {
  readonly name: string
  readonly knn: { readonly before: number | null; readonly after: number | null }
  readonly linear: { readonly before: number | null; readonly after: number | null }
}

/** Both segmentations by class; none without masks. */
export function classChanges(
  before: Pick<Evaluation, 'samples'>,
  after: Pick<Evaluation, 'samples'>,
  names: readonly string[],
): ClassChange[] {
  const values = (['knn', 'linear'] as const).map((name) => [before, after].map(({ samples }) => overlapByClass(samples[name] ?? [])))
  const [knn, linear] = values.map(([one, two]) => (i: number) => ({ before: one![i] ?? null, after: two![i] ?? null }))
  return before.samples.knn === null ? [] : names.map((name, i) => ({ name, knn: knn!(i), linear: linear!(i) }))
}
