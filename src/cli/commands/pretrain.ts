import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Option, type Command } from 'commander'
import { plural, printable } from '../../common/text'
import type { Evaluation } from '../../evaluation'
import { augmentationOptions } from '../../pixelcl'
import { renderReport } from '../../report'
import { Progress, RunFolder, pretrain, pretrainOptions, runOptions, trainerOptions, type PretrainResult } from '../../training'
import { conclude } from '../conclude'
import { eventsTo } from '../events'
import { resolveOptions } from '../config'
import { EXIT_CODES } from '../exit'
import { flagsOf, withFlagNames } from '../flags'
import { Style, columns } from '../style'
import { sayWarnings } from '../warnings'

const placeholders = {
  backbone: 'file',
  data: 'folder',
  out: 'folder',
  arch: 'name',
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
The run's folder gets improved-resnet.pt (TorchScript if the backbone was, else
a state dict), report.html, metrics.jsonl and config.json, which --config takes.
With --overwrite the old run is kept in previous-run until the new one is whole.
Ctrl-C finishes the step and saves; a second one quits at once.
${EXIT_CODES}`

const keys = Object.keys(pretrainOptions.shape)

/** A run through to its end in little time: all files are read and written, nothing is learned. */
const DRY_RUN = { steps: 2, warmupSteps: 0, batchSize: 2, imageSize: 64, inputSize: undefined, viewSize: undefined, heldOut: 2 }

export function definePretrain(command: Command, end: (code: number) => void): void {
  command
    .usage('--backbone <file> --data <folder> --out <folder>\n                        --steps <n> [options]')
    .addHelpOption(new Option('-h, --help', 'print this help').helpGroup('Other:'))
    .description('Pretrains a backbone on a folder of images, by PixelCL / PixPro, and hands it back to Python.')
    .addHelpText('after', EPILOGUE)
  for (const { key, options } of flagsOf(pretrainOptions, placeholders)) {
    for (const option of options) command.addOption(option.helpGroup(groupOf(key)))
  }
  command
    .optionsGroup('Other:')
    .option('--config <file>', 'a JSON file of options, such as {"batchSize": 32}; flags win over it')
    .option('--json', 'print the result as JSON on standard output')
    .action(async ({ config, json, ...typed }: Record<string, unknown>) =>
      end(await run(typed, config as string | undefined, json === true)),
    )
}

function groupOf(key: string): string {
  if (key in runOptions.shape) return 'Files:'
  if (key in trainerOptions.shape) return 'Training:'
  return key in augmentationOptions.shape ? 'Augmentations:' : 'PixelCL:'
}

async function run(typed: Record<string, unknown>, config: string | undefined, asJson: boolean): Promise<number> {
  const isDryRun = process.env['PIXELCL_DRY_RUN'] === '1'
  const asked = resolveOptions(pretrainOptions, typed, config)
  const options = isDryRun ? { ...asked, ...DRY_RUN, out: dryRunFolder(asked) } : asked
  const progress = new Progress({ steps: options.steps })
  const say = (line: string) => progress.note(withFlagNames(line, keys))
  sayWarnings(say)
  if (isDryRun) say(`PIXELCL_DRY_RUN=1: two steps with two images of 64 × 64 each, written to ${options.out}`)
  let result: PretrainResult
  try {
    result = await pretrain(options, { report: renderReport, events: eventsTo(progress, say), catchSignals: true, isDryRun })
  } catch (error) {
    if (error instanceof Error) error.message = withFlagNames(error.message, keys)
    throw error
  } finally {
    progress.end()
  }
  return conclude(result, asJson ? `${JSON.stringify(jsonOf(result), null, 2)}\n` : summaryOf(result))
}

/** A dry run replaces no run, whatever is asked for; what it writes, any run may replace. */
function dryRunFolder({ out, overwrite }: { out: string; overwrite: boolean }): string {
  return overwrite && !RunFolder.isFree(out) ? mkdtempSync(join(tmpdir(), 'pixelcl-dry-run-')) : out
}

function jsonOf({
  files,
  arch,
  steps,
  seconds,
  layer,
  before,
  after,
  heldOut,
  skipped,
  python,
  interrupted,
  options,
}: PretrainResult): object {
  const measures = ({ correspondence, meanIoU }: Evaluation) => ({ correspondence, meanIoU })
  const format = arch === null ? 'torchscript' : 'state-dict'
  return {
    files,
    format,
    arch,
    steps,
    seconds,
    layer,
    before: measures(before),
    after: measures(after),
    heldOut,
    skipped: Object.fromEntries(skipped),
    python,
    interrupted,
    options,
  }
}

/** How many damaged files are named. */
const NAMED = 5

function summaryOf({ files, arch, steps, options, before, after, heldOut, skipped, python, interrupted }: PretrainResult): string {
  const { bold, cyan } = new Style()
  const written = columns([
    [files.backbone, arch === null ? 'the backbone, TorchScript' : `the backbone, a state dict of ${arch}`],
    [files.report, 'curves, measures and pictures'],
    [files.metrics, 'a line for every step'],
    [files.config, 'the options, for --config'],
  ])
  const damaged = [...skipped].slice(0, NAMED).map(([file, reason]) => `  ${printable(file)}: ${printable(reason.split('\n')[0]!)}\n`)
  const more = skipped.size > NAMED ? `  … and ${skipped.size - NAMED} more\n` : ''
  const parts = [
    interrupted === null ? '' : `Stopped by ${interrupted} after step ${steps} of ${options.steps}.\n`,
    skipped.size === 0 ? '' : `Skipped ${plural(skipped.size, 'damaged file')}:\n${damaged.join('')}${more}`,
    `${bold('Written:')}\n${written}`,
    `${bold('View correspondence')} of frozen features${heldOut > 0 ? ' on held-out images' : ''}: ${before.correspondence.toFixed(3)} before, ${bold(after.correspondence.toFixed(3))} after\n`,
    `${bold('In Python:')}\n${python.map((line) => `  ${cyan(line)}\n`).join('')}`,
  ]
  return parts.filter((part) => part !== '').join('\n')
}
