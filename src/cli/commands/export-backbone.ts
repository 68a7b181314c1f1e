import type { Command } from 'commander'
import { nearestName } from '../../common/suggestions'
import { readAs, type Say } from '../../common/wording'
import { exportNetwork, exportNetworkOptions } from '../../training'
import { architectures, type Architecture } from '../../vision/models'
import { resolveOptions } from '../config'
import { ExitCode, UsageError } from '../exit'
import { asFlag, flagsOf } from '../flags'
import { print } from '../output'
import { sayWarnings } from '../warnings'
import { summaryOf } from './export'

export function defineExportBackbone(command: Command, end: (code: number) => void): void {
  command
    .argument('<name>', `a network: ${architectures.join(', ')}`)
    .description('Writes a ResNet as TorchScript, for `pixelcl pretrain` and for Python.')
  for (const { options } of flagsOf(exportNetworkOptions, { weights: 'name|file', out: 'file', prefix: 'path' }))
    for (const option of options) command.addOption(option)
  command
    .option('--config <file>', 'a JSON file of options; flags win over it')
    .option('--json', 'print the result as JSON on standard output')
    .action(async (name: string, { config, json, ...typed }: Record<string, unknown>) => {
      const options = resolveOptions(exportNetworkOptions, typed, config as string | undefined)
      const say: Say = (text) => void process.stderr.write(`${readAs(asFlag, text)}\n`)
      sayWarnings(say)
      const result = await exportNetwork(architectureCalled(name), options, say)
      await print(json === true ? `${JSON.stringify(result, null, 2)}\n` : summaryOf(result))
      end(ExitCode.done)
    })
}

function architectureCalled(name: string): Architecture {
  const known = architectures.find((arch) => arch === name)
  if (known !== undefined) return known
  const near = nearestName(name, architectures)
  throw new UsageError(
    `unknown network '${name}'${near === null ? '' : ` (did you mean '${near}'?)`}: expected one of ${architectures.join(', ')}`,
  )
}
