// One run of the demo's recipe with arguments SEED and 'pairs' or 'shuffled'; prints its measures as one line of JSON.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pretrain } from '../../dist/training/index.js'
import { IMAGES, demoImages, labelledSet } from '../../dist/cli/demo/images.js'
import { RECIPE } from '../../dist/cli/demo/recipe.js'
import { withShuffledCoordinates } from '../control.mjs'

const [seed, kind, threads] = process.argv.slice(2)
const out = mkdtempSync(join(tmpdir(), 'pixelcl-bench-demo-'))
const { inputSize: size } = RECIPE.data
/** The environment shortens a run, as for the demo. */
const { PIXELCL_DEMO_STEPS: steps = RECIPE.schedule.steps, PIXELCL_DEMO_IMAGES: train = IMAGES.train } = process.env
const images = { train: Number(train), heldOut: Math.ceil(Number(train) / 5) }

async function run() {
  const textures = await demoImages(images)
  return pretrain(
    {
      ...RECIPE,
      data: { ...RECIPE.data, folder: textures.train },
      schedule: { ...RECIPE.schedule, steps: Number(steps) },
      run: { out, overwrite: true, seed: Number(seed), threads: Number(threads) },
    },
    { evaluationSet: ({ views }) => labelledSet(textures, size, views) },
  )
}

try {
  const { before, after, steps: taken, seconds } = await (kind === 'shuffled' ? withShuffledCoordinates(run) : run())
  const { user, system } = process.cpuUsage()
  const processorSeconds = (user + system) / 1e6
  process.stdout.write(`${JSON.stringify({ before: before.measures, after: after.measures, steps: taken, seconds, processorSeconds })}\n`)
} finally {
  rmSync(out, { recursive: true, force: true })
}
