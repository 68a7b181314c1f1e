import * as torch from '../torch'
import type { Tensor } from '../torch'
import type { ResolvedOptions, View } from '../pixelcl'
import { seeded, type EvaluationSet } from '../evaluation'
import { binsInPixels, cutView, drawViews, positiveMask } from '../pixelcl/internal'
import { applyTransform, statisticsFor, withChannels } from '../vision/transforms'
import { html, type Markup } from './html'
import { imageUri } from './pictures'

/** Maximum number of drawn pairs; more would hide the picture. */
const DRAWN = 96
/** Number of attempts to find two views with enough positive pairs. */
const TRIES = 40

interface Pair {
  readonly one: View
  readonly two: View
  /** Each pair: the index of a bin of view one and of one of view two. */
  readonly pairs: readonly (readonly [number, number])[]
}

/** One image, two of its views as the learner sees them, and lines between their positive pairs; `map` is the feature map's size for the whole image. */
export async function viewPair(set: EvaluationSet, map: readonly [number, number], learner: ResolvedOptions): Promise<Markup> {
  const image = set.images.narrow(0, 0, 1)
  const [height, width] = image.shape.slice(2) as [number, number]
  const size = learner.viewSize ?? ([height, width] as const)
  const grid = [Math.ceil((map[0] * size[0]) / height), Math.ceil((map[1] * size[1]) / width)] as const
  const { pair, views } = seeded(set.views.seed ?? 1, () => {
    const drawn = draw([height, width], grid, learner)
    return { pair: drawn, views: [drawn.one, drawn.two].map((view) => augmented(image, view, set, learner)) }
  })
  const [original, one, two] = await Promise.all([image, ...views].map((picture) => imageUri(withChannels(picture, 3).squeeze(0))))
  return html`<div class="views">
    <figure>
      ${boxes(original!, [height, width], pair)}
      <figcaption>The image, and the boxes of both views.</figcaption>
    </figure>
    <figure>
      ${lines([one!, two!], size, grid, pair)}
      <figcaption>Both views as the learner sees them, each flipped or not, and ${caption(pair)}.</figcaption>
    </figure>
  </div>`
}

function caption({ pairs }: Pair): string {
  const count = pairs.length.toLocaleString('en-US')
  if (pairs.length === 0) return 'no positive pair'
  return pairs.length > DRAWN ? `${DRAWN} of their ${count} positive pairs` : `their ${count} positive pairs`
}

function draw(image: readonly [number, number], map: readonly [number, number], learner: ResolvedOptions): Pair {
  let best: Pair | null = null
  for (let i = 0; i < TRIES; i++) {
    const [one, two] = drawViews(1, ...image, { ...learner, cropPer: 'batch' }) as [View, View]
    const found = positiveMask(one, two, { image, map }, learner, 'cpu').nonzero().tolist() as [number, number][]
    best ??= { one, two, pairs: found }
    // Take the first views with enough pairs and clearly different boxes.
    if (found.length >= map[0] && overlap(one, two) < 0.7) return { one, two, pairs: found }
    if (found.length > best.pairs.length) best = { one, two, pairs: found }
  }
  return best!
}

/** Intersection over union of both boxes. */
function overlap({ box: a }: View, { box: b }: View): number {
  const along = (low: 'y0' | 'x0', high: 'y1' | 'x1') => Math.max(0, Math.min(a[high], b[high]) - Math.max(a[low], b[low]))
  const area = (box: View['box']) => (box.y1 - box.y0) * (box.x1 - box.x0)
  const both = along('y0', 'y1') * along('x0', 'x1')
  return both / (area(a) + area(b) - both)
}

/** The augmented view in 0…1, with normalisation undone. */
function augmented(image: Tensor, view: View, { views }: EvaluationSet, learner: ResolvedOptions): Tensor {
  const size = learner.viewSize ?? (image.shape.slice(2) as [number, number])
  const cut = cutView(image, view, size, learner.cutoutInterpolateMode)
  const seen = applyTransform(views.augment, cut)
  const [low, high] = seen.aminmax()
  if (low.item<number>() >= 0 && high.item<number>() <= 1) return seen
  const { mean, std } = statisticsFor(seen.shape[1]!)
  const along = (values: readonly number[]) => torch.tensor([...values], { dtype: seen.dtype }).view([1, -1, 1, 1])
  return seen.mul(along(std)).add(along(mean)).clamp(0, 1)
}

function boxes(uri: string, [height, width]: readonly [number, number], { one, two }: Pair): Markup {
  const rectangle = ({ box }: View, kind: string) =>
    html`<rect
      class="${kind}"
      x="${box.x0}"
      y="${box.y0}"
      width="${box.x1 - box.x0}"
      height="${box.y1 - box.y0}"
      vector-effect="non-scaling-stroke"
    />`
  return html`<svg viewBox="-1 -1 ${width + 2} ${height + 2}" role="img" aria-label="An image with the boxes of two views drawn into it">
    <image class="pixels" href="${uri}" width="${width}" height="${height}" />
    ${rectangle(one, 'box one')}${rectangle(two, 'box two')}
  </svg>`
}

/** Two views side by side, 100 units high, and a line between the bins of every drawn pair. */
function lines(
  uris: readonly [string, string],
  [height, width]: readonly [number, number],
  grid: readonly [number, number],
  pair: Pair,
): Markup {
  const wide = (100 * width) / height
  const gap = wide / 3
  const whole: View = { box: { y0: 0, y1: 100, x0: 0, x1: wide }, hflip: false }
  const centres = binsInPixels(whole, grid).centres.tolist() as [number, number][]
  const step = Math.max(1, pair.pairs.length / DRAWN)
  const drawn = Array.from({ length: Math.min(DRAWN, pair.pairs.length) }, (_, i) => pair.pairs[Math.floor(i * step)]!)
  const line = ([from, to]: readonly [number, number]) => {
    const [y1, x1] = centres[from]!
    const [y2, x2] = centres[to]!
    const hue = Math.round((360 * from) / centres.length)
    const [a, b] = [
      { x: x1.toFixed(1), y: y1.toFixed(1) },
      { x: (x2 + wide + gap).toFixed(1), y: y2.toFixed(1) },
    ]
    return html`<g style="--hue:${hue}"
      ><line x1="${a.x}" y1="${a.y}" x2="${b.x}" y2="${b.y}" /><circle cx="${a.x}" cy="${a.y}" r="1" /><circle
        cx="${b.x}"
        cy="${b.y}"
        r="1"
    /></g>`
  }
  const label = `Two views of that image side by side; lines join the bins of ${drawn.length} of their ${pair.pairs.length} positive pairs`
  return html`<svg viewBox="-1 -1 ${(2 * wide + gap + 2).toFixed(1)} 102" role="img" aria-label="${label}">
    <image class="pixels" href="${uris[0]}" width="${wide.toFixed(2)}" height="100" preserveAspectRatio="none" />
    <image
      class="pixels"
      href="${uris[1]}"
      x="${(wide + gap).toFixed(2)}"
      width="${wide.toFixed(2)}"
      height="100"
      preserveAspectRatio="none"
    />
    <rect class="box one" width="${wide.toFixed(2)}" height="100" vector-effect="non-scaling-stroke" />
    <rect class="box two" x="${(wide + gap).toFixed(2)}" width="${wide.toFixed(2)}" height="100" vector-effect="non-scaling-stroke" />
    <g class="pairs">${drawn.map(line)}</g>
  </svg>`
}
