// The gain of pretraining on real images: a ResNet-20 with CIFAR-10 weights, pretrained on street images by the command line.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import * as torch from '../dist/torch/index.js'
import { record, root, table } from './harness.mjs'
import { findData, fingerprint, loadLabelled } from './real/data.mjs'
import { measure } from './real/measure.mjs'
import { BUILD, pretrainedRow, untouchedRow } from './real/rows.mjs'

const SEEDS = (process.env.PIXELCL_BENCH_SEEDS ?? '0,1').split(',').map(Number)
const THREADS = Number(process.env.PIXELCL_BENCH_THREADS ?? 1)
/** The options of all runs except loss, seed and files. */
const RECIPE = process.env.PIXELCL_BENCH_RECIPE ?? join('bench', 'real', 'recipe.json')
/** Options specific to each loss. PixPro, included for comparison, needs a lower rate and fewer steps. */
const LOSSES = { PixContrast: () => ({}), PixPro: ({ steps }) => ({ lr: 0.001, steps: Math.min(steps, 200) }) }
const MEASURES = ['knn', 'linear']

/** Returns the function that measures a backbone's file; the images are decoded once, when first needed. */
function measures(data) {
  let images
  return async (file) => {
    images ??= Promise.all([loadLabelled(data.train, data.trainMasks), loadLabelled(data.heldOut, data.heldOutMasks)])
    return measure(file, ...(await images))
  }
}

async function measureRows(data, { recipe, ...settings }) {
  const measured = measures(data)
  const rows = [{ loss: 'none', ...(await untouchedRow(data, settings.data, measured)) }]
  for (const [loss, own] of Object.entries(LOSSES)) {
    for (const control of [false, true]) {
      for (const seed of SEEDS) {
        const row = await pretrainedRow({ loss, control, seed }, data, { ...settings, recipe: { ...recipe, ...own(recipe) } }, measured)
        rows.push({ loss, control, seed, ...row })
      }
    }
  }
  return rows
}

const minutes = (seconds) => (seconds === undefined ? '–' : (seconds / 60).toFixed(1))

function cells({ loss, control, seed, measures, steps, seconds, processorSeconds }) {
  const name = loss === 'none' ? 'CIFAR-10 weights, untouched' : `${loss}${control ? ', coordinates shuffled' : ''}`
  return [
    name,
    seed ?? '–',
    ...MEASURES.map((measure) => measures[measure].toFixed(3)),
    steps ?? '–',
    minutes(seconds),
    minutes(processorSeconds),
  ]
}

/** A note about rows made by an earlier build of the package; empty if there are none. */
function ageOf(rows) {
  const old = rows.filter(({ measures }) => measures.build !== BUILD).length
  if (old === 0) return ''
  return ` ${old === rows.length ? 'The rows were' : `${old} of ${rows.length} rows were`} made by an earlier build, and kept in runs/bench-real: remove it to make them anew.`
}

/** For each measure the lowest result of a loss over the seeds, and its distance from the highest control. */
function summary(rows, loss) {
  const parts = MEASURES.map((measure) => {
    const values = (control) => rows.filter((row) => row.loss === loss && row.control === control).map((row) => row.measures[measure])
    const lowest = Math.min(...values(false))
    return `${lowest.toFixed(3)} (${measure}, ${signed(lowest - Math.max(...values(true)))} from its highest control)`
  })
  return `${loss}, lowest seed: ${parts.join(' and ')}.`
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
    `${table(['start, loss', 'seed', 'kNN mIoU', 'linear mIoU', 'steps', 'minutes of training', 'core minutes'], rows.map(cells))}

${Object.keys(LOSSES)
  .map((loss) => summary(rows, loss))
  .join('\n')}

A ResNet-20 with published CIFAR-10 weights (TorchScript), pretrained by \`pixelcl pretrain --config ${RECIPE}\` on CamVid's train images (core minutes are all that the command took of the processor; where they are few beside the minutes, the machine was busy): steps of ${recipe.batchSize} images, views of ${recipe.viewSize.join(' × ')} pixels, ${THREADS} ${THREADS === 1 ? 'thread' : 'threads'}. Frozen features of layer3 on val's images at their own size, with batch-norm statistics taken anew from train for every row: 20 nearest of 20,000 feature pixels of train, and one 1×1 layer on standardised features; scores are brought to the masks' size in a bilinear way. The recipe was chosen, among ten, by what PixContrast's seed 0 reached here.${ageOf(rows)}`,
  )
}
