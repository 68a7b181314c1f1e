// What pretraining is worth on real input: a ResNet-20 with CIFAR-10 weights, pretrained on street images by the command line.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import * as torch from '../dist/torch/index.js'
import { record, root, table } from './harness.mjs'
import { findData, fingerprint, loadLabelled } from './real/data.mjs'
import { measure } from './real/measure.mjs'
import { pretrainedRow, untouchedRow } from './real/rows.mjs'

const SEEDS = (process.env.PIXELCL_BENCH_SEEDS ?? '0,1').split(',').map(Number)
const THREADS = Number(process.env.PIXELCL_BENCH_THREADS ?? 2)
/** The options of every run but its loss, its seed and its files. */
const RECIPE = process.env.PIXELCL_BENCH_RECIPE ?? join('bench', 'real', 'recipe.json')
const LOSSES = ['PixContrast', 'PixPro']
const MEASURES = ['knn', 'linear']
const RESOLUTIONS = ['atMaskPixels', 'atFeaturePixels']

/** The rows' measures, in the table's order; the images are decoded once, when the first row needs them. */
async function measureRows(data, settings) {
  let images
  const measured = async (file) => {
    const [train, heldOut] = await (images ??= Promise.all([
      loadLabelled(data.train, data.trainMasks),
      loadLabelled(data.heldOut, data.heldOutMasks),
    ]))
    return measure(file, train, heldOut)
  }
  const rows = [{ loss: 'none', ...(await untouchedRow(data, settings.data, measured)) }]
  for (const loss of LOSSES) {
    for (const control of [false, true]) {
      for (const seed of SEEDS)
        rows.push({ loss, control, seed, ...(await pretrainedRow({ loss, control, seed }, data, settings, measured)) })
    }
  }
  return rows
}

function cells({ loss, control, seed, seconds, ...measures }) {
  const name = loss === 'none' ? 'CIFAR-10 weights, untouched' : `${loss}${control ? ', coordinates shuffled' : ''}`
  const values = RESOLUTIONS.flatMap((resolution) => MEASURES.map((measure) => measures[measure][resolution].toFixed(3)))
  return [name, seed ?? '–', ...values, seconds === null ? '–' : seconds.toFixed(0)]
}

/** How far the lowest seed of a loss lies above the highest of its controls, by measure, against the masks' pixels. */
function margins(rows, loss) {
  const values = (measure, control) =>
    rows.filter((row) => row.loss === loss && row.control === control).map((row) => row[measure].atMaskPixels)
  return MEASURES.map((measure) => ({
    lowest: Math.min(...values(measure, false)),
    margin: Math.min(...values(measure, false)) - Math.max(...values(measure, true)),
  }))
}

function summary(rows, loss) {
  const [knn, linear] = margins(rows, loss).map(({ lowest, margin }) => ({ lowest: lowest.toFixed(3), margin: signed(margin) }))
  return `${loss}: the lowest seed ends at ${knn.lowest} (kNN) and ${linear.lowest} (linear), ${knn.margin} and ${linear.margin} from the highest control.`
}

const signed = (value) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`

export async function main() {
  const data = findData()
  torch.setNumThreads(THREADS)
  const recipe = JSON.parse(readFileSync(resolve(root, RECIPE), 'utf8'))
  const rows = await measureRows(data, { recipe, threads: THREADS, data: fingerprint(data) })
  record(
    'Real input',
    'npm run bench -- real',
    `${table(['start, loss', 'seed', 'kNN mIoU', 'linear mIoU', 'kNN, feature pixels', 'linear, feature pixels', 'seconds of training'], rows.map(cells))}

${LOSSES.map((loss) => summary(rows, loss)).join('\n')}

A ResNet-20 with published CIFAR-10 weights (TorchScript), pretrained by \`pixelcl pretrain --config ${RECIPE}\` on CamVid's train images: ${recipe.steps} steps of ${recipe.batchSize} images, views of ${recipe.viewSize.join(' × ')} pixels, ${THREADS} ${THREADS === 1 ? 'thread' : 'threads'}. Frozen features of layer3 on val's images at their own size, with batch-norm statistics taken anew from train for every row: 20 nearest of 20,000 feature pixels of train, and one 1×1 layer on standardised features. Scores are brought to the masks' size in a bilinear way; the other two columns count the class at each feature pixel's centre only.`,
  )
}
