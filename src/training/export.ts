import { existsSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { z } from 'zod'
import { describedBy } from '../common/options'
import { option, worded, type Say } from '../common/wording'
import { ArgumentError, FileError, jit, safetensors, save, type nn } from '../torch'
import { isTorchScriptFile } from '../torch/internal'
import { models } from '../vision'
import { hasClassifier } from '../vision/internal'
import { architectures, type Architecture } from '../vision/models'
import { architectureIn, readResNet } from './resnet-file'

export const formats = ['state-dict', 'safetensors', 'torchscript'] as const

/** The format of a file of weights. */
export type ExportFormat = (typeof formats)[number]

/** Where a backbone is written, and in which format. */
export const exportOptions = z.strictObject({
  out: z.string().min(1).describe('the file that is written'),
  to: describedBy(
    z.enum(formats).optional(),
    worded`the format; default: from the extension of ${option('out')}: .safetensors, .pth (a state dict)`,
  ),
  arch: z.enum(architectures).optional().describe('the ResNet of a state dict, for torchscript; default: inferred from its names'),
  prefix: z.string().min(1).optional().describe('the path to one of several ResNets in a checkpoint, such as module.encoder_k'),
  overwrite: z.boolean().default(false).describe('replaces the file that is there'),
})

export type ExportOptions = z.output<typeof exportOptions> & { readonly to: ExportFormat }

export interface ExportResult {
  readonly out: string
  readonly format: ExportFormat
  readonly arch: Architecture | null
  readonly tensors: number
  readonly bytes: number
  /** Python code that loads the file. */
  readonly python: readonly string[]
}

/**
 * Turns a backbone's file (TorchScript, a state dict, a trainer's checkpoint, safetensors) into a state dict, safetensors or TorchScript.
 *
 * From a trainer's checkpoint it takes the ResNet. A state dict becomes the TorchScript of a ResNet in eval mode.
 *
 * @throws ArgumentError if the architecture cannot be inferred; FileError for files that cannot be read or written.
 */
export function exportBackbone(input: string, options: ExportOptions, say: Say = () => undefined): ExportResult {
  const { out, overwrite, to: format } = options
  checkOut(out, overwrite)
  const written = format === 'torchscript' ? writeTorchScript(input, options, say) : writeState(input, format, options, say)
  return { out, format, bytes: statSync(out).size, python: pythonOf(format, out), ...written }
}

/** @throws FileError if the file is there and may not be replaced. */
export function checkOut(out: string, overwrite: boolean): void {
  if (!existsSync(out)) return
  if (!statSync(out).isFile()) throw new FileError(worded`${out} is no file: name one with ${option('out')}`)
  if (overwrite) return
  throw new FileError(worded`${out} is there already: name another file with ${option('out')}, or replace it with ${option('overwrite')}`)
}

function writeState(
  input: string,
  format: ExportFormat,
  { out, arch, prefix }: ExportOptions,
  say: Say,
): Pick<ExportResult, 'arch' | 'tensors'> {
  // The ResNet in a trainer's checkpoint, as `pretrain` takes it; the weights of another network as they are.
  const file = models.readResNet(input, { arch, prefix, say })
  const { arch: found, state } = file
  if (arch !== undefined && architectureIn(input, file, arch) !== found) throw noneSuch(input, arch)
  if (format === 'safetensors') safetensors.save(state, out)
  else save(state, out)
  return { arch: found, tensors: Object.keys(state).length }
}

function writeTorchScript(input: string, { out, arch: given, prefix }: ExportOptions, say: Say): Pick<ExportResult, 'arch' | 'tensors'> {
  if (isTorchScriptFile(input)) {
    const module = jit.load(input)
    const state = module.stateDict()
    const arch = models.architectureOf(state)
    if (given !== undefined && architectureIn(input, { arch, state }, given) !== arch) throw noneSuch(input, given)
    jit.save(module, out)
    return { arch, tensors: Object.keys(state).length }
  }
  const { net, arch, state } = readResNet(input, { arch: given, prefix, say })
  sayIfHeadless(input, state, say)
  save(net.eval(), out)
  return { arch, tensors: Object.keys(net.stateDict()).length }
}

/** A ResNet does not run as TorchScript without its classifier. */
export function sayIfHeadless(input: string, state: Readonly<nn.StateDict>, say: Say): void {
  if (!hasClassifier(state)) say(`${input} has no classifier 'fc': the network's is newly initialised, at random`)
}

function noneSuch(input: string, arch: Architecture): ArgumentError {
  return new ArgumentError(worded`${input} holds the weights of no ResNet that is known, so not of a ${arch}: leave ${option('arch')} out`)
}

/** The format implied by a file's extension; null for an ambiguous one such as .pt. */
export function formatOf(out: string): ExportFormat | null {
  const extension = extname(out).toLowerCase()
  return extension === '.safetensors' ? 'safetensors' : extension === '.pth' ? 'state-dict' : null
}

/** Lines of Python that load a file. */
export function pythonOf(format: ExportFormat, out: string): string[] {
  const file = JSON.stringify(out)
  switch (format) {
    case 'torchscript':
      return ['import torch', `model = torch.jit.load(${file})`]
    case 'safetensors':
      return ['from safetensors.torch import load_file', `model.load_state_dict(load_file(${file}))`]
    case 'state-dict':
      return ['import torch', `model.load_state_dict(torch.load(${file}))`]
  }
}
