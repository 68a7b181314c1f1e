// The gain of pretraining on real images: a ResNet-20 with CIFAR-10 weights, pretrained on street images by the command line.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import * as torch from '../dist/torch/index.js'
import { RECIPES } from '../dist/training/index.js'
import { record, root, table } from './harness.mjs'
import { findData, fingerprint, loadLabelled } from './real/data.mjs'
import { measure } from './real/measure.mjs'
import { BUILD, pretrainedRow, untouchedRow } from './real/rows.mjs'

const SEEDS = (process.env.PIXELCL_BENCH_SEEDS ?? '0,1').split(',').map(Number)
const THREADS = Number(process.env.PIXELCL_BENCH_THREADS ?? 1)
/** For each kind of run, the flags besides backbone, data and folder, and whether it has controls. */
const KINDS = {
  dense: { flags: [], controls: true },
  'dense, short': { flags: ['--steps', '220'], controls: false },
  // PixPro, for comparison, needs a lower rate and fewer steps.
  PixPro: { flags: ['--use-pixpro', '--lr', '0.001', '--steps', '200'], controls: true },
}
const CHOSEN = (process.env.PIXELCL_BENCH_KINDS ?? Object.keys(KINDS).join(';')).split(';')
/** A file for --config, and a number of steps for all runs: the tests make runs small by them. */
const { PIXELCL_BENCH_CONFIG: CONFIG, PIXELCL_BENCH_STEPS: STEPS } = process.env
const MEASURES = ['knn', 'linear']

/** Returns the function that measures a backbone's file; the images are decoded once, when first needed. */
function measures(data) {
  let images
  return async (file) => {
    images ??= Promise.all([loadLabelled(data.train, data.trainMasks), loadLabelled(data.heldOut, data.heldOutMasks)])
    return measure(file, ...(await images))
  }
}

async function measureRows(data, settings) {
  const measured = measures(data)
  const rows = [{ kind: 'none', ...(await untouchedRow(data, settings.data, measured)) }]
  for (const kind of CHOSEN) {
    const { flags: own, controls } = KINDS[kind]
    const flags = STEPS === undefined ? own : [...own, '--steps', STEPS]
    for (const control of controls ? [false, true] : [false]) {
      for (const seed of SEEDS) {
        const row = await pretrainedRow({ kind, control, seed }, data, { ...settings, flags }, measured)
        rows.push({ kind, control, seed, ...row })
      }
    }
  }
  return rows
}

const minutes = (seconds) => (seconds === undefined ? '–' : (seconds / 60).toFixed(1))

function cells({ kind, control, seed, measures, steps, seconds, processorSeconds }) {
  const name = kind === 'none' ? 'CIFAR-10 weights, untouched' : `${kind}${control ? ', coordinates shuffled' : ''}`
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

/** For each measure the lowest result of a kind over the seeds, and how far each lies above the control of its seed at least. */
function summary(rows, kind) {
  const parts = MEASURES.map((measure) => {
    const values = (control) => rows.filter((row) => row.kind === kind && row.control === control).map((row) => row.measures[measure])
    const [own, controls] = [values(false), values(true)]
    const lowest = Math.min(...own)
    if (!KINDS[kind].controls) return `${lowest.toFixed(3)} (${measure})`
    const above = Math.min(...own.map((value, i) => value - controls[i]))
    return `${lowest.toFixed(3)} (${measure}; ${signed(above)} from the control of the same seed, ${signed(lowest - Math.max(...controls))} from the highest control)`
  })
  return `${kind}, lowest seed: ${parts.join(' and ')}.`
}

const signed = (value) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`

export async function main() {
  const data = findData()
  torch.setNumThreads(THREADS)
  const config = CONFIG === undefined ? {} : JSON.parse(readFileSync(resolve(root, CONFIG), 'utf8'))
  const rows = await measureRows(data, { config, recipe: RECIPES.dense, threads: THREADS, data: fingerprint(data) })
  const flags = CHOSEN.filter((kind) => KINDS[kind].flags.length > 0).map((kind) => `${kind}: \`${KINDS[kind].flags.join(' ')}\``)
  record(
    'Real input',
    'npm run bench -- real',
    `${table(['start, recipe', 'seed', 'kNN mIoU', 'linear mIoU', 'steps', 'minutes of training', 'core minutes'], rows.map(cells))}

${CHOSEN.map((kind) => summary(rows, kind)).join('\n')}

A ResNet-20 with published CIFAR-10 weights (TorchScript), pretrained by \`pixelcl pretrain --backbone … --data … --out …\` on CamVid's train images, without further options save the seed${flags.length > 0 ? ` (${flags.join(', ')})` : ''}; core minutes are all that the command took of the processor; where they are few beside the minutes, the machine was busy. ${THREADS} ${THREADS === 1 ? 'thread' : 'threads'}. Frozen features of layer3 on val's images at their own size, with batch-norm statistics taken anew from train for every row: 20 nearest of 20,000 feature pixels of train, and one 1×1 layer on standardised features; scores are brought to the masks' size in a bilinear way.${ageOf(rows)}`,
  )
}
