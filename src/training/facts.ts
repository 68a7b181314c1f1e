import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { packageVersion, readStamp } from '../native/load'
import * as torch from '../torch'
import type { Prepared } from './prepare'

/** What a run ran on and with. */
export interface RunFacts {
  /** When it began. */
  readonly began: Date
  readonly versions: { readonly pixelcl: string; readonly libtorch: string; readonly node: string }
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    /** Threads that libtorch used. */
    readonly threads: number
    /** Bytes. */
    readonly memory: number
    /** The device of the training, with a GPU's name; `cpu` without one. */
    readonly device: string
  }
  readonly backbone: {
    readonly file: string
    /** The architecture of a state dict, or TorchScript. */
    readonly kind: string
    /** The layer that was measured. */
    readonly layer: string | number
    readonly parameters: number
  }
  readonly images: {
    readonly folder: string
    /** Images that are trained on, as far as they could be decoded. */
    readonly trained: number
    readonly heldOut: number
    /** Files that could not be decoded, and folders and links that could not be read. */
    readonly skipped: number
  }
  /** Passes over the images of the training. */
  readonly epochs: number
  /** Seconds of the whole run so far, measures included. */
  readonly seconds: number
}

/** The facts of a run that took `steps` steps. */
export function factsOf({ options, backbone, layer, folder, split }: Prepared, began: Date, steps: number): RunFacts {
  const { net, arch } = backbone
  const trained = split.train.filter((index) => !folder.skipped.has(folder.files[index]!)).length
  return {
    began,
    versions: { pixelcl: packageVersion(), libtorch: readStamp()?.libtorch.version ?? 'unknown', node: process.version },
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      threads: torch.getNumThreads(),
      memory: totalmem(),
      device: deviceName(options.run.device),
    },
    backbone: {
      file: options.backbone.file,
      kind: arch ?? 'TorchScript',
      layer,
      parameters: net.parameters().reduce((sum, parameter) => sum + parameter.numel(), 0),
    },
    images: { folder: options.data.folder, trained, heldOut: split.heldOut.length, skipped: folder.skipped.size },
    epochs: (steps * options.data.batchSize) / trained,
    seconds: (Date.now() - began.getTime()) / 1000,
  }
}

/** Where the driver of NVIDIA describes its devices, one folder each. */
const NVIDIA = '/proc/driver/nvidia/gpus'

/** A device with the names of the machine's GPUs, where the driver tells them: `cuda:0 (NVIDIA H200)`. */
function deviceName(device: string): string {
  if (!device.startsWith('cuda') || !existsSync(NVIDIA)) return device
  const models = readdirSync(NVIDIA).flatMap((name) => {
    const file = join(NVIDIA, name, 'information')
    return existsSync(file) ? (/^Model:\s*(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? []) : []
  })
  return models.length === 0 ? device : `${device} (${[...new Set(models)].join(', ')})`
}
