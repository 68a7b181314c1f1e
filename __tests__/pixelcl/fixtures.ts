import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { native } from '../../src/native'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
import { wrap } from '../../src/torch/tensor/base'
import { PixelCL, type PixelCLOptions } from '../../src/pixelcl'

const folder = join(__dirname, '..', 'fixtures', 'parity')

const dtypes: Readonly<Record<string, string>> = { F64: 'float64', F32: 'float32', I64: 'int64' }

/** Tensors of a safetensors file by name. */
export function readTensors(name: string): Record<string, Tensor> {
  const file = readFileSync(join(folder, `${name}.safetensors`))
  const length = Number(file.readBigUInt64LE(0))
  const header = JSON.parse(file.subarray(8, 8 + length).toString()) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >
  const entries = Object.entries(header).filter(([key]) => key !== '__metadata__')
  return Object.fromEntries(
    entries.map(
      ([
        key,
        {
          dtype,
          shape,
          data_offsets: [start, end],
        },
      ]) => {
        const data = new Uint8Array(file.subarray(8 + length + start, 8 + length + end))
        return [key, wrap(native.fromBytes(data, shape, dtypes[dtype]!))]
      },
    ),
  )
}

interface BoxAndFlip {
  readonly y0: number
  readonly y1: number
  readonly x0: number
  readonly x1: number
  readonly hflip: boolean
}

/** What a case's JSON holds. */
export interface Case {
  readonly options: Readonly<Record<string, unknown>>
  readonly views: readonly (readonly [BoxAndFlip, BoxAndFlip])[]
  readonly optimizer: { readonly lr: number }
  readonly steps: readonly { readonly loss: number; readonly positive_pairs: number }[]
}

export function readCase<T = Case>(name: string): T {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as T
}

export function backbonePath(name: string): string {
  return join(folder, `${name}.backbone.pt`)
}

const camelCase = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** The options of a case by this package's names. */
export function optionsOf(read: Case): Partial<PixelCLOptions> {
  return Object.fromEntries(Object.entries(read.options).map(([name, value]) => [camelCase(name), value]))
}

/** The tensors under a prefix, without it. */
export function under(tensors: Readonly<Record<string, Tensor>>, prefix: string): Record<string, Tensor> {
  const entries = Object.entries(tensors).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(entries.map(([name, tensor]) => [name.slice(prefix.length), tensor]))
}

/** The learner of a case before its first step. */
export function learnerOf(name: string, dtype: 'float32' | 'float64'): { learner: PixelCL; tensors: Record<string, Tensor>; read: Case } {
  const read = readCase(name)
  const tensors = readTensors(name)
  const [height, width] = tensors['images']!.shape.slice(-2) as [number, number]
  const net = torch.jit.load(backbonePath(name)).to(dtype)
  const learner = new PixelCL(net, { imageSize: Math.max(height, width), augmentFn: (images) => images, ...optionsOf(read) })
  learner.loadStateDict(under(tensors, 'initial.'), { strict: false })
  learner.resetMovingAverage()
  learner.train()
  return { learner, tensors, read }
}

export interface StepResult {
  readonly loss: number
  readonly positivePairs: number
}

/** Runs a case's steps; `afterBackward` sees the gradients of each. */
export function runCase(
  name: string,
  dtype: 'float32' | 'float64',
  afterBackward: (step: number, learner: PixelCL) => void = () => {},
): { learner: PixelCL; results: StepResult[] } {
  const { learner, tensors, read } = learnerOf(name, dtype)
  const optimizer = new torch.optim.Adam(learner.parameters(), { lr: read.optimizer.lr })
  const results = read.views.map(([one, two], step) => {
    const images = tensors['images']!.select(0, step).to(dtype)
    const view = ({ hflip, ...box }: BoxAndFlip) => ({ box, hflip })
    const [loss, positivePairs] = learner.forward(images, { returnPositivePairs: true, views: [view(one), view(two)] })
    optimizer.zeroGrad()
    loss.backward()
    afterBackward(step, learner)
    optimizer.step()
    learner.updateMovingAverage()
    return { loss: loss.item(), positivePairs }
  })
  return { learner, results }
}

/** Biases that a following batch norm cancels: their true gradient is zero, what is stored is rounding noise. */
export function isCancelled(name: string, twoLayers: boolean): boolean {
  if (/(_projector|online_predictor)\.net\.0\.bias$/.test(name) || /instance_projector\.net\.3\.bias$/.test(name)) return true
  return twoLayers && /transform_net\.0\.bias$/.test(name)
}

/** The running mean of the batch norm that follows such a bias. */
export function followsCancelled(name: string, twoLayers: boolean): boolean {
  if (/(_projector|online_predictor)\.net\.1\.running_mean$/.test(name)) return true
  return twoLayers && /transform_net\.1\.running_mean$/.test(name)
}
