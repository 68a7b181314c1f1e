import type { Command } from 'commander'
import { plural } from '../../common/text'
import { Style } from '../../common/terminal'
import { readAs, type Say } from '../../common/wording'
import { exportBackbone, exportOptions, formatOf, formats, type ExportResult } from '../../training'
import { resolveOptions } from '../config'
import { ExitCode, UsageError } from '../exit'
import { asFlag, flagsOf } from '../flags'
import { print } from '../output'
import { sayWarnings } from '../warnings'

export function defineExport(command: Command, end: (code: number) => void): void {
  command
    .argument('<file>', 'a TorchScript file, a state dict, a checkpoint around one, safetensors')
    .description('Turns a backbone into a state dict, safetensors or TorchScript, for Python.')
  for (const { options } of flagsOf(exportOptions, { out: 'file', arch: 'name', prefix: 'path', to: 'format' }))
    for (const option of options) command.addOption(option)
  command
    .option('--config <file>', 'a JSON file of options; flags win over it')
    .option('--json', 'print the result as JSON on standard output')
    .action(async (file: string, { config, json, ...typed }: Record<string, unknown>) => {
      const options = resolveOptions(exportOptions, typed, config as string | undefined)
      const to = options.to ?? formatOf(options.out)
      if (to === null) throw new UsageError(`${options.out} does not tell its format: name it with --to ${formats.join(', ')}`)
      const say: Say = (text) => void process.stderr.write(`${readAs(asFlag, text)}\n`)
      sayWarnings(say)
      const result = exportBackbone(file, { ...options, to }, say)
      await print(json === true ? `${JSON.stringify({ input: file, ...result }, null, 2)}\n` : summaryOf(result))
      end(ExitCode.done)
    })
}

const KINDS = { torchscript: 'TorchScript', safetensors: 'safetensors', 'state-dict': 'a state dict' } as const

/** What was written, and how Python loads it. */
export function summaryOf({ out, format, arch, tensors, bytes, python }: ExportResult): string {
  const { bold, cyan } = new Style()
  const what = `${KINDS[format]}${arch === null ? '' : ` of a ${arch}`}, ${plural(tensors, 'tensor')}, ${(bytes / 2 ** 20).toFixed(1)} MB`
  return `${bold('Written:')}\n  ${out}  ${what}\n\n${bold('In Python:')}\n${python.map((line) => `  ${cyan(line)}\n`).join('')}`
}
