/**
 * `npm start`: pretrains the small backbone in models/ on synthetic images of textured fields, which are made once and cached; writes runs/demo.
 *
 * `npm start -- --steps 300` and the other training flags of `pixelcl pretrain` change the recipe. Three environment variables shorten the demo:
 * `PIXELCL_DEMO_STEPS` sets the number of steps, `PIXELCL_DEMO_IMAGES` the number of training images (a fifth as many are held out), and
 * `PIXELCL_DRY_RUN=1` takes two steps on a few small images and writes runs/demo-dry-run instead of runs/demo.
 */
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import type { z } from 'zod'
import { Style } from '../common/terminal'
import { columns } from '../common/text'
import { readAs, type Say } from '../common/wording'
import { renderReport } from '../report'
import { pretrain, pretrainOptions, type PretrainResult } from '../training'
import { conclude } from './conclude'
import { mergeOptions } from './config'
import { IMAGES, demoImages, imagesFolder, labelledSet, type ImageCounts } from './demo/images'
import { RECIPE } from './demo/recipe'
import { ended } from './ended'
import { eventsTo } from './events'
import { ExitCode, UsageError } from './exit'
import { tell } from './failure'
import { asFlag, flagsOf } from './flags'
import { configureHelp } from './help'
import { measuresTable, verdictText, widthOf } from './measures'
import { guardOutput } from './output'
import { pythonText } from './python-text'
import { Progress } from './progress'
import { defaultsOf } from './recipes'
import { flattened } from './sections'
import { usageOf } from './usage'
import { sayWarnings } from './warnings'

type Environment = Readonly<Record<string, string | undefined>>

/** The options of pretraining without the image folder, which the demo creates. */
const demoOptions = pretrainOptions.omit({ recipe: true }).extend({ data: pretrainOptions.shape.data.omit({ folder: true }).prefault({}) })
type DemoOptions = z.input<typeof demoOptions>

/** The demo's values by the names of flags. */
const VALUES = flattened(demoOptions, RECIPE)

/** Options without a flag here, because the demo sets them. */
const FIXED = ['backbone', 'arch', 'prefix', 'heldOut', 'masks', 'maskClasses', 'maskIgnore']

/** Runs the demo and returns its exit code. */
export async function demo(args: readonly string[], env: Environment = process.env): Promise<number> {
  const command = commandOf()
  try {
    const typed = command.parse(args, { from: 'user' }).opts<Record<string, unknown>>()
    const cut = cutDown(env)
    // Without --overwrite the demo replaces only its default folder.
    const overwrite = cut.isDryRun || typed['out'] === undefined
    const recipe = { ...VALUES, ...cut.options }
    // An `--epochs` takes the place of the recipe's steps.
    const { steps: _, ...others } = recipe
    const given = { out: join('runs', 'demo'), ...(typed['epochs'] === undefined ? recipe : others), overwrite, ...typed }
    const shortened = cut.isDryRun ? { ...given, ...DRY_RUN, epochs: undefined, out: DRY_RUN_FOLDER } : given
    return await run(mergeOptions(demoOptions, shortened, undefined).given, cut)
  } catch (error) {
    if (!(error instanceof CommanderError)) return tell(error)
    const known = command.options.map((option) => option.long ?? '')
    return error.exitCode === 0 ? ExitCode.done : tell(error, usageOf(error, args, { command, help: 'npm start -- --help', known }))
  }
}

function commandOf(): Command {
  const command = configureHelp(new Command('npm start --'))
    .usage('[options]')
    .description('Pretrains a small backbone on images of textured fields that it paints itself, and writes runs/demo.')
    .exitOverride()
  for (const { key, options } of flagsOf(demoOptions, { out: 'folder' }, { ...defaultsOf('dense'), ...VALUES }))
    if (!FIXED.includes(key)) for (const option of options) command.addOption(option)
  return command
}

interface CutDown {
  readonly images: ImageCounts
  /** By their flat names. */
  readonly options: Readonly<Record<string, unknown>>
  readonly isDryRun: boolean
}

const DRY_RUN = { steps: 2, batchSize: 2, imageSize: 64, warmupSteps: 0 }
/** A dry run always writes here, so that it never replaces another run. */
const DRY_RUN_FOLDER = join('runs', 'demo-dry-run')

/** Reads the environment variables that shorten the demo. */
function cutDown(env: Environment): CutDown {
  if (env['PIXELCL_DRY_RUN'] === '1') return { images: { train: 10, heldOut: 2 }, options: {}, isDryRun: true }
  const steps = wholeNumber(env, 'PIXELCL_DEMO_STEPS')
  const train = wholeNumber(env, 'PIXELCL_DEMO_IMAGES')
  const images = train === undefined ? IMAGES : { train, heldOut: Math.ceil(train / 5) }
  return { images, options: steps === undefined ? {} : { steps }, isDryRun: false }
}

function wholeNumber(env: Environment, name: string): number | undefined {
  const text = env[name] ?? ''
  if (text === '') return undefined
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new UsageError(`${name}: expected a whole number of at least 1 but received '${text}'`)
}

async function run(options: DemoOptions, { images, isDryRun }: CutDown): Promise<number> {
  const progress = new Progress()
  const say: Say = (text) => progress.note(readAs(asFlag, text))
  sayWarnings(say)
  const imageSize = options.learner?.imageSize ?? RECIPE.learner.imageSize
  const size = options.data?.inputSize ?? ([imageSize, imageSize] as const)
  if (isDryRun) say(`PIXELCL_DRY_RUN=1: two steps, written to ${options.run.out}`)
  say(`images: ${images.train} to train on and ${images.heldOut} held out, in ${imagesFolder(images)}`)
  const textures = await demoImages(images)
  let result: PretrainResult
  try {
    result = await pretrain(
      { ...options, data: { ...options.data, folder: textures.train } },
      {
        config: (sections) => flattened(pretrainOptions, sections),
        naming: asFlag,
        report: renderReport,
        events: eventsTo(progress, say),
        evaluationSet: ({ views }) => labelledSet(textures, size, views),
        catchSignals: true,
        isDryRun,
      },
    )
  } finally {
    progress.end()
  }
  return conclude(result, summaryOf(result))
}

function summaryOf(result: PretrainResult): string {
  const { files, steps, options, interrupted } = result
  const { bold } = new Style()
  const parts = [
    interrupted === null ? '' : `Stopped by ${interrupted} after step ${steps} of ${options.schedule.steps}.\n`,
    `${bold('Written:')}\n` +
      columns(
        [
          [files.report, 'curves, measures and pictures: open it in a browser'],
          [files.backbone, 'the backbone, TorchScript'],
          [files.result, 'measures and verdict'],
          [files.metrics, 'a line for every step'],
          [files.config, 'the options'],
        ],
        widthOf(),
      ),
    pythonText(result),
    measuresTable(result, 'On held-out images'),
    verdictText(result),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

if (require.main === module) {
  guardOutput()
  void demo(process.argv.slice(2)).then(ended)
}
