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
/** Height and width that images are brought to before they are measured: their own (null), and a scale that the views were trained at. */
const SIZES = { own: null, small: [96, 128] }

/** For each size, what measures a backbone's file; the images are decoded once, when the first row needs them. */
function measuresBySize(data) {
  const measureAt = (size) => {
    let images
    return async (file) => {
      images ??= Promise.all([loadLabelled(data.train, data.trainMasks, size), loadLabelled(data.heldOut, data.heldOutMasks, size)])
      return measure(file, ...(await images))
    }
  }
  return Object.fromEntries(Object.entries(SIZES).map(([name, size]) => [name, measureAt(size)]))
}

async function measureRows(data, settings) {
  const measured = measuresBySize(data)
  const rows = [{ loss: 'none', ...(await untouchedRow(data, settings.data, measured)) }]
  for (const loss of LOSSES) {
    for (const control of [false, true]) {
      for (const seed of SEEDS)
        rows.push({ loss, control, seed, ...(await pretrainedRow({ loss, control, seed }, data, settings, measured)) })
    }
  }
  return rows
}

function cells({ loss, control, seed, seconds, measures }) {
  const name = loss === 'none' ? 'CIFAR-10 weights, untouched' : `${loss}${control ? ', coordinates shuffled' : ''}`
  const values = Object.keys(SIZES).flatMap((size) => MEASURES.map((measure) => measures[size][measure].toFixed(3)))
  return [name, seed ?? '–', ...values, seconds === null ? '–' : seconds.toFixed(0)]
}

/** The lowest seed of a loss, and how far it lies above the highest of its controls, by measure. */
function summary(rows, loss, size) {
  const parts = MEASURES.map((measure) => {
    const values = (control) => rows.filter((row) => row.loss === loss && row.control === control).map((row) => row.measures[size][measure])
    const lowest = Math.min(...values(false))
    return `${lowest.toFixed(3)} (${measure}, ${signed(lowest - Math.max(...values(true)))} from its highest control)`
  })
  return `${loss}, lowest seed, images at ${nameOf(size)}: ${parts.join(' and ')}.`
}

const nameOf = (size) => (SIZES[size] === null ? 'their own size' : SIZES[size].join(' × '))

const signed = (value) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`

export async function main() {
  const data = findData()
  torch.setNumThreads(THREADS)
  const recipe = JSON.parse(readFileSync(resolve(root, RECIPE), 'utf8'))
  const rows = await measureRows(data, { recipe, threads: THREADS, data: fingerprint(data) })
  record(
    'Real input',
    'npm run bench -- real',
    `${table(
      [
        'start, loss',
        'seed',
        ...Object.keys(SIZES).flatMap((size) => [`kNN mIoU, ${nameOf(size)}`, `linear mIoU, ${nameOf(size)}`]),
        'seconds of training',
      ],
      rows.map(cells),
    )}

${LOSSES.flatMap((loss) => Object.keys(SIZES).map((size) => summary(rows, loss, size))).join('\n')}

A ResNet-20 with published CIFAR-10 weights (TorchScript), pretrained by \`pixelcl pretrain --config ${RECIPE}\` on CamVid's train images: ${recipe.steps} steps of ${recipe.batchSize} images, views of ${(recipe.viewSize ?? recipe.inputSize).join(' × ')} pixels, ${THREADS} ${THREADS === 1 ? 'thread' : 'threads'}. Frozen features of layer3 on val's images, with batch-norm statistics taken anew from train for every row: 20 nearest of 20,000 feature pixels of train, and one 1×1 layer on standardised features; scores are brought to the masks' own size in a bilinear way.`,
  )
}
