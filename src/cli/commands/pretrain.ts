import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Option, type Command } from 'commander'
import { Style } from '../../common/terminal'
import { columns } from '../../common/text'
import { readAs, type Say } from '../../common/wording'
import { renderReport } from '../../report'
import { RunFolder, pretrain, pretrainOptions, resultJson, type PretrainOptions, type PretrainResult } from '../../training'
import { conclude } from '../conclude'
import { eventsTo } from '../events'
import { mergeOptions } from '../config'
import { EXIT_CODES } from '../exit'
import { asFlag, flagsOf, type Flag } from '../flags'
import { measuresTable, verdictText, widthOf } from '../measures'
import { skippedText } from '../skipped'
import { Progress } from '../progress'
import { pythonText } from '../python-text'
import { defaultsOf } from '../recipes'
import { flattened } from '../sections'
import { sayWarnings } from '../warnings'

const placeholders = {
  backbone: 'file',
  data: 'folder',
  out: 'folder',
  arch: 'name',
  masks: 'folder',
  maskClasses: 'file',
  maskIgnore: 'class',
  prefix: 'path',
  hiddenLayerPixel: 'layer',
  hiddenLayerInstance: 'layer',
  inputSize: 'h,w',
  viewSize: 'h,w',
  cutoutRatioRange: 'low,high',
  colorJitter: 'b,c,s,h',
  cutoutInterpolateMode: 'mode',
  coordCutoutInterpolateMode: 'mode',
  device: 'name',
}

const EPILOGUE = `
The run's folder gets improved-resnet.pt (TorchScript if the
backbone was, else a state dict), report.html, result.json,
metrics.jsonl, and config.json, which --config takes. With
--overwrite the old run is kept in previous-run until the
new one is whole. Ctrl-C finishes the step and saves; a
second one quits.
${EXIT_CODES}`

/** Side of the images of a dry run. */
const DRY_RUN_SIZE = 64

/** Shrinks a run so that every stage runs within seconds and all files are read and written. A size that is asked for stays: some networks take no other. */
function dryRunOf(options: PretrainOptions): PretrainOptions {
  const imageSize = options.learner?.imageSize
  return {
    ...options,
    data: { ...options.data, batchSize: 2, inputSize: undefined },
    schedule: { ...options.schedule, steps: 2, epochs: undefined, warmupSteps: 0 },
    evaluation: { ...options.evaluation, heldOut: 2 },
    learner: {
      ...options.learner,
      imageSize: imageSize ?? DRY_RUN_SIZE,
      viewSize: imageSize === undefined ? undefined : options.learner?.viewSize,
    },
    run: { ...options.run, out: dryRunFolder(options.run) },
  }
}

/** The headings of the help, in order. */
const GROUPS = ['Files:', 'Training:', 'PixelCL:', 'Augmentations:'] as const
/** Options that name files and folders. */
const FILES = ['backbone', 'arch', 'prefix', 'data', 'masks', 'maskClasses', 'maskIgnore', 'out', 'overwrite']

export function definePretrain(command: Command, end: (code: number) => void): void {
  command
    .usage('--backbone <file> --data <folder>\n                        --out <folder> [options]')
    .addHelpOption(new Option('-h, --help', 'print this help').helpGroup('Other:'))
    .description(
      'Pretrains a backbone on a folder of images, by PixContrast or PixPro, and hands it back to Python. Defaults in brackets are those of the recipe dense.',
    )
    .addHelpText('after', EPILOGUE)
  const flags = flagsOf(pretrainOptions, placeholders, defaultsOf('dense'))
  for (const group of GROUPS)
    for (const { options } of flags.filter((flag) => groupOf(flag) === group))
      for (const option of options) command.addOption(option.helpGroup(group))
  command
    .optionsGroup('Other:')
    .option('--config <file>', 'a JSON file of options, such as {"batchSize": 32}; flags win over it')
    .option('--json', 'print the result as JSON on standard output')
    .action(async ({ config, json, ...typed }: Record<string, unknown>) =>
      end(await run(typed, config as string | undefined, json === true)),
    )
}

function groupOf({ key, section }: Flag): (typeof GROUPS)[number] {
  if (FILES.includes(key)) return 'Files:'
  return section === 'learner' ? 'PixelCL:' : section === 'augmentation' ? 'Augmentations:' : 'Training:'
}

async function run(typed: Record<string, unknown>, config: string | undefined, asJson: boolean): Promise<number> {
  const isDryRun = process.env['PIXELCL_DRY_RUN'] === '1'
  const { given } = mergeOptions(pretrainOptions, typed, config)
  const options = isDryRun ? dryRunOf(given) : given
  const progress = new Progress()
  const say: Say = (text) => progress.note(readAs(asFlag, text))
  sayWarnings(say)
  const side = options.learner?.imageSize
  if (isDryRun)
    say(`PIXELCL_DRY_RUN=1: a dry run, two steps with two images of ${side} × ${side} each\n${whereOf(given.run.out, options.run.out)}`)
  let result: PretrainResult
  try {
    result = await pretrain(options, {
      config: (sections) => flattened(pretrainOptions, sections),
      naming: asFlag,
      report: renderReport,
      events: eventsTo(progress, say),
      catchSignals: true,
      isDryRun,
    })
  } finally {
    progress.end()
  }
  const dryRun = isDryRun ? `This was a dry run, and nothing of it is a result; ${whereOf(given.run.out, options.run.out)}.\n\n` : ''
  return conclude(result, asJson ? `${JSON.stringify(jsonOf(result), null, 2)}\n` : `${dryRun}${summaryOf(result)}`)
}

/** Tells where a dry run writes, and whether a later run will replace it. */
function whereOf(asked: string, out: string): string {
  return out === asked ? `any later run replaces what it writes to ${out}` : `it writes to ${out}, and the run in ${asked} stays`
}

/** The folder of a dry run; a temporary one if the run would replace a real one. */
function dryRunFolder({ out, overwrite }: PretrainOptions['run']): string {
  return overwrite === true && !RunFolder.isFree(out) ? mkdtempSync(join(tmpdir(), 'pixelcl-dry-run-')) : out
}

function jsonOf(result: PretrainResult): object {
  return { ...resultJson(result, asFlag), options: flattened(pretrainOptions, result.options) }
}

function summaryOf(result: PretrainResult): string {
  const { files, arch, steps, options, heldOut, interrupted } = result
  const { bold } = new Style()
  const written = columns(
    [
      [files.backbone, arch === null ? 'the backbone, TorchScript' : `the backbone, a state dict of ${arch}`],
      [files.report, 'curves, measures and pictures'],
      [files.result, 'measures and verdict, as --json prints them'],
      [files.metrics, 'a line for every step'],
      [files.config, 'the options, for --config'],
    ],
    widthOf(),
  )
  const parts = [
    interrupted === null ? '' : `Stopped by ${interrupted} after step ${steps} of ${options.schedule.steps}.\n`,
    skippedText(result),
    `${bold('Written:')}\n${written}`,
    pythonText(result),
    measuresTable(result, heldOut > 0 ? 'On held-out images' : 'On training images'),
    verdictText(result),
  ]
  return parts.filter((part) => part !== '').join('\n')
}
