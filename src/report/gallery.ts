import { sized } from '../common/text'
import type { Evaluation, EvaluationSet, Labels } from '../evaluation'
import type { Tensor } from '../torch'
import { componentColours } from './components'
import { html, type Markup } from './html'
import { UNLABELLED, classColour, classesUri, coloursUri, imageUri } from './pictures'

interface Picture {
  readonly head: string
  readonly alt: string
  readonly uri: string
  readonly note?: string
}

/** One row per shown image: the image, its mask, its features and its segmentation before and after, all of the image's shape. */
export async function gallery(set: EvaluationSet, before: Evaluation, after: Evaluation): Promise<Markup> {
  const [featuresBefore, featuresAfter] = componentColours(before.pictures.features, after.pictures.features)
  const count = featuresBefore.shape[0]!
  const rows = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const pictures: Promise<Picture>[] = [
        named('Image', `${set.trainedOn === true ? 'Training' : 'Held-out'} image ${i + 1}`, imageUri(set.images.select(0, i))),
        named(
          'Features before',
          `Principal components of the features of image ${i + 1} before pretraining`,
          coloursUri(featuresBefore.select(0, i)),
        ),
        named(
          'Features after',
          `Principal components of the features of image ${i + 1} after pretraining`,
          coloursUri(featuresAfter.select(0, i)),
        ),
      ]
      return Promise.all([...pictures, ...segmented(set, before, after, i)])
    }),
  )
  const [height, width] = set.images.shape.slice(2) as [number, number]
  const grid = featuresBefore.shape.slice(1, 3)
  return html`<p>
      Colours of the features are their first three principal components, of ${grid.join(' × ')} feature pixels for an image of
      ${sized([height, width])}: like colours are like features.
      ${
        set.labels === undefined
          ? null
          : 'A segmentation names every feature pixel by its nearest neighbours among labelled images; below it stands the share of pixels that are right.'
      }
    </p>
    ${set.labels === undefined ? null : legend(set.labels)}
    <div class="pictures" style="--columns:${rows[0]?.length ?? 1};--shape:${width} / ${height}">
      <div class="row heads" aria-hidden="true">${rows[0]?.map(({ head }) => html`<div>${head}</div>`) ?? null}</div>
      ${rows.map(row)}
    </div>`
}

async function named(head: string, alt: string, uri: Promise<string>, note?: string): Promise<Picture> {
  return { head, alt, uri: await uri, ...(note === undefined ? {} : { note }) }
}

function segmented({ labels }: EvaluationSet, before: Evaluation, after: Evaluation, i: number): Promise<Picture>[] {
  const states = [before.pictures.segmentation, after.pictures.segmentation] as const
  if (labels === undefined || states[0] === null || states[1] === null) return []
  const count = labels.classes.length
  const truth = labels.masks.select(0, i)
  const segmentation = (when: string, predicted: Tensor) =>
    named(
      `Segments ${when}`,
      `Nearest-neighbour segmentation of image ${i + 1} ${when} pretraining`,
      classesUri(predicted, count),
      `${(100 * shareRight(predicted, truth, count)).toFixed(0)} % right`,
    )
  return [
    named('Mask', `Mask of image ${i + 1}: the classes as they are`, classesUri(truth, count)),
    segmentation('before', states[0].select(0, i)),
    segmentation('after', states[1].select(0, i)),
  ]
}

function shareRight(predicted: Tensor, truth: Tensor, classes: number): number {
  const known = truth.lt(classes)
  return predicted.eq(truth).logicalAnd(known).sum().item<number>() / Math.max(1, known.sum().item<number>())
}

function row(pictures: readonly Picture[]): Markup {
  return html`<div class="row">
    ${pictures.map(
      ({ head, alt, uri, note }) =>
        html`<figure>
          <img class="pixels" src="${uri}" alt="${alt}" />
          <figcaption><span class="narrow">${head}${note === undefined ? null : ': '}</span>${note ?? null}</figcaption>
        </figure> `,
    )}
  </div>`
}

function legend({ classes, masks }: Labels): Markup {
  const item = (name: string, colour: string) => html`<li><span style="background:${colour}"></span>${name}</li>`
  const isPartial = masks.ge(classes.length).any().item<boolean>()
  return html`<ul class="legend">
    ${classes.map((name, i) => item(name, classColour(i)))}${isPartial ? item('not counted', UNLABELLED) : null}
  </ul>`
}
