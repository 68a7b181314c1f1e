import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { parseOptions } from '../../pixelcl/options'
import { pretrainOptions, type PretrainOptions } from '../../training/options'
import { pretrain, type PretrainResult } from '../../training/pretrain'
import { Progress } from '../../training/progress'
import { flagsOf } from '../flags'
import { ExitCode, UsageError } from '../program'

export function addPretrain(command: Command, end: (code: number) => void): void {
  command.description('pretrain a backbone on a folder of images')
  const flags = flagsOf(pretrainOptions)
  for (const { options } of flags) for (const option of options) command.addOption(option)
  command.option('--config <file>', 'a JSON file of options; flags win over it')
  command.option('--json', 'print the result as JSON')
  command.action(async (given: Record<string, unknown>) => {
    const { config, json, ...typed } = given
    const fromFile = typeof config === 'string' ? (JSON.parse(readFileSync(config, 'utf8')) as Record<string, unknown>) : {}
    let options: PretrainOptions
    try {
      options = parseOptions(pretrainOptions, { ...fromFile, ...typed, ...dryRun() }, 'pretrain')
    } catch (error) {
      throw new UsageError((error as Error).message)
    }
    const progress = new Progress({ steps: options.steps })
    const result = await pretrain(options, {
      say: (line) => progress.note(line),
      onStep: (step) => progress.step(step),
      catchSignals: true,
    })
    progress.end()
    if (json === true) process.stdout.write(`${JSON.stringify(summary(result), null, 2)}\n`)
    end(result.interrupted === null ? ExitCode.done : ExitCode.interrupted)
  })
}

/** With `PIXELCL_DRY_RUN=1` a run goes through to its end in moments, whatever else is asked: two steps with two images of 64 × 64. */
function dryRun(): Partial<PretrainOptions> {
  if (process.env['PIXELCL_DRY_RUN'] !== '1') return {}
  return { steps: 2, batchSize: 2, imageSize: 64, inputSize: [64, 64], heldOut: 2, saveEvery: 0 }
}

function summary({ files, format, arch, steps, seconds, before, after, skipped, interrupted }: PretrainResult): Record<string, unknown> {
  const measures = ({ correspondence, meanIoU }: PretrainResult['before']) => ({ correspondence, meanIoU })
  return {
    files,
    format,
    arch,
    steps,
    seconds,
    before: measures(before),
    after: measures(after),
    skipped: Object.fromEntries(skipped),
    interrupted,
  }
}
