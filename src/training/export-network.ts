import { existsSync, statSync } from 'node:fs'
import { z } from 'zod'
import { describedBy, positiveInt } from '../common/options'
import { option, worded, type Say } from '../common/wording'
import { ArgumentError, manualSeed, save } from '../torch'
import { models } from '../vision'
import { unknownWeights } from '../vision/internal'
import type { Architecture, ResNet } from '../vision/models'
import { checkOut, pythonOf, sayIfHeadless, type ExportResult } from './export'
import { readResNet } from './resnet-file'

/** The weights of a ResNet, and where it is written as TorchScript. */
export const exportNetworkOptions = z.strictObject({
  weights: z.string().min(1).optional().describe("a name of torchvision's (IMAGENET1K_V2, DEFAULT), a file, or the address of one"),
  random: describedBy(z.boolean().default(false), worded`new weights, which is the default without ${option('weights')}`),
  out: z.string().min(1).optional().describe('the file that is written; default: the name of the network with .pt'),
  numClasses: describedBy(positiveInt.optional(), worded`outputs of the classifier; default: those of ${option('weights')}, else 1000`),
  seed: describedBy(z.number().int().min(0).default(0), worded`for ${option('random')}`),
  prefix: z.string().min(1).optional().describe('the path to one of several ResNets in a checkpoint, such as module.encoder_k'),
  overwrite: z.boolean().default(false).describe('replaces the file that is there'),
})

export type ExportNetworkOptions = z.output<typeof exportNetworkOptions>

/**
 * Writes a ResNet as TorchScript in training mode, with random, published or given weights; published ones are downloaded where they are not cached.
 *
 * @throws ArgumentError for weights that do not fit; FileError for files that cannot be read or written; DownloadError if a download fails.
 */
export async function exportNetwork(arch: Architecture, options: ExportNetworkOptions, say: Say = () => undefined): Promise<ExportResult> {
  const { weights, random, out = `${arch}.pt`, overwrite } = options
  if (weights !== undefined && random) throw new ArgumentError(worded`${option('weights')} and ${option('random')}: give one of them`)
  checkOut(out, overwrite)
  const net = weights === undefined ? randomNetwork(arch, options, say) : await weightedNetwork(arch, weights, options, say)
  save(net, out)
  const tensors = Object.keys(net.stateDict()).length
  return { out, format: 'torchscript', arch, tensors, bytes: statSync(out).size, python: pythonOf('torchscript', out) }
}

function randomNetwork(arch: Architecture, { random, seed, numClasses = 1000 }: ExportNetworkOptions, say: Say): ResNet {
  if (!random) say(worded`${arch} gets random weights, from seed ${seed}; ${option('weights', 'DEFAULT')} gives it torchvision's`)
  manualSeed(seed)
  return models[arch]({ numClasses })
}

async function weightedNetwork(arch: Architecture, weights: string, options: ExportNetworkOptions, say: Say): Promise<ResNet> {
  const path = await fileOf(arch, weights)
  const { prefix, numClasses, seed } = options
  manualSeed(seed)
  const { net, state } = readResNet(path, { arch, prefix, numClasses, remedy: 'name that network', say })
  sayIfHeadless(path, state, say)
  return net
}

async function fileOf(arch: Architecture, weights: string): Promise<string> {
  if (existsSync(weights)) return weights
  if (/^https?:\/\//.test(weights)) return models.downloadFile(weights)
  if (!Object.hasOwn(models.weightsOf(arch), weights)) throw unknownWeights(arch, weights)
  return models.download(arch, weights)
}
