import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PixelCL, type PixelCLOptions, type View } from '../../src/pixelcl'
import * as torch from '../../src/torch'
import type { DType, Tensor } from '../../src/torch'

const folder = join(__dirname, '..', 'fixtures', 'parity')

/** One reference case: what the Python package computed on fixed inputs, in float64. */
export interface Case {
  readonly name: string
  readonly steps: readonly { readonly loss: number; readonly positive_pairs: number }[]
  readonly optimizer: { readonly lr: number }
  readonly options: Readonly<Record<string, unknown>>
  readonly views: readonly [RawView, RawView][]
  readonly tensors: ReadonlyMap<string, Tensor>
}

interface RawView {
  readonly y0: number
  readonly y1: number
  readonly x0: number
  readonly x1: number
  readonly hflip: boolean
}

const dtypes: Readonly<Record<string, DType>> = { F32: 'float32', F64: 'float64', I64: 'int64' }

/** Reads safetensors by itself: the fixtures must not depend on the reader under test. */
function readTensors(path: string): Map<string, Tensor> {
  const bytes = readFileSync(path)
  const length = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>
  const tensors = new Map<string, Tensor>()
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const [start, end] = entry.data_offsets
    const raw = bytes.buffer.slice(bytes.byteOffset + 8 + length + start, bytes.byteOffset + 8 + length + end)
    const data = entry.dtype === 'F32' ? new Float32Array(raw) : entry.dtype === 'F64' ? new Float64Array(raw) : new BigInt64Array(raw)
    tensors.set(name, torch.tensor(data, { dtype: dtypes[entry.dtype]! }).reshape(entry.shape))
  }
  return tensors
}

export function readCase(name: string): Case {
  const json = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Omit<Case, 'tensors'>
  return { ...json, tensors: readTensors(join(folder, `${name}.safetensors`)) }
}

/** The tensors under a prefix, without it. */
export function under(reference: Case, prefix: string): Record<string, Tensor> {
  return Object.fromEntries([...reference.tensors].filter(([name]) => name.startsWith(prefix)).map(([name, value]) => [name.slice(prefix.length), value]))
}

export function viewsOf(reference: Case, step: number): [View, View] {
  const view = ({ hflip, ...box }: RawView): View => ({ box, hflip })
  const [one, two] = reference.views[step]!
  return [view(one), view(two)]
}

/** The learner as it stands before step 1, with its augmentations switched off. */
export function learnerOf(reference: Case, dtype: DType): PixelCL {
  const net = torch.jit.load(join(folder, `${reference.name}.backbone.pt`)).to(dtype)
  const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  const options = Object.fromEntries(Object.entries(reference.options).map(([key, value]) => [camel(key), value]))
  const images = reference.tensors.get('images')!
  const imageSize = Math.max(...images.shape.slice(-2))
  const learner = new PixelCL(net as unknown as torch.nn.AnyModule, { imageSize, augmentFn: (all: Tensor) => all, ...options } as PixelCLOptions)
  learner.loadStateDict(under(reference, 'initial.'), { strict: false })
  learner.resetMovingAverage()
  return learner.train()
}
