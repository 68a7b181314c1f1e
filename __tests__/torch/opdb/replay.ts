import { closeSync, openSync, readSync } from 'node:fs'
import { isClose } from '../../support/close'
import * as torch from '../../../src/torch'
import { native, type TensorHandle } from '../../../src/native'
import { wrap } from '../../../src/torch/tensor/base'
import { camelCase } from '../../../src/common/text'

/** What samples.py wrote about one entry of the operator database. */
export interface Entry {
  readonly name: string
  readonly variant: string
  readonly tolerance: readonly [rtol: number, atol: number]
  readonly samples: readonly Sample[]
  /** Why further samples could not be written down. */
  readonly unwritable: readonly string[]
}

interface Sample {
  readonly steps: readonly Step[]
  readonly leaves: readonly { readonly path: readonly number[]; readonly tensor: WrittenTensor }[]
  readonly value?: unknown
}

interface Step {
  readonly call: string
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>
  /** The seed that Python set before this call. */
  readonly seed?: number
}

type WrittenTensor =
  | { $: 'tensor'; dtype: string; shape: number[]; stride: number[]; offset: number; start: number; bytes: number }
  | { $: 'sparse'; indices: WrittenTensor; values: WrittenTensor; shape: number[] }
  | { $: 'csr'; rows: WrittenTensor; columns: WrittenTensor; values: WrittenTensor; shape: number[] }

type Callable = (...args: unknown[]) => unknown
type Namespace = Readonly<Record<string, unknown>>

const SEED = 7

/** Python's operators with the tensor at the right, as JavaScript spells them. */
const reflected: Readonly<Record<string, Callable>> = {
  __rsub__: (x, y) => torch.rsub(x as torch.Tensor, y as number),
  __rmod__: (x, y) => torch.remainder(y as number, x as torch.Tensor),
  __rpow__: (x, y) => torch.pow(y as number, x as torch.Tensor),
  __rtruediv__: (x, y) => (x as torch.Tensor).reciprocal().mul(y as number),
  __rmatmul__: (x, y) => torch.matmul(y as torch.Tensor, x as torch.Tensor),
  __getitem__: (x, parts) => (x as torch.Tensor).index(parts as torch.Index[]),
}

/** Replays entries on the typed surface and says where its answers differ from Python's. */
export class Replay {
  private readonly file: number

  constructor(path: string) {
    this.file = openSync(path, 'r')
  }

  close(): void {
    closeSync(this.file)
  }

  /** Why the entry's samples disagree, one line each; empty when all agree. */
  run(entry: Entry): string[] {
    const reasons = new Set<string>(entry.unwritable.map((reason) => `not replayed: ${reason}`))
    for (const sample of entry.samples) {
      const reason = torch.scope(() => {
        try {
          this.replay(sample, entry.tolerance)
          return null
        } catch (error) {
          return error instanceof Error ? error.message.split('\n')[0]! : String(error)
        }
      })
      if (reason !== null) reasons.add(`${sample.steps.at(-1)!.call}: ${reason}`)
    }
    return [...reasons]
  }

  private replay(sample: Sample, [rtol, atol]: readonly [number, number]): void {
    const results: unknown[] = []
    const storages = new Map<string, TensorHandle>()
    // Arguments of all steps are made first: making them must not draw random numbers between seed and call.
    const calls = sample.steps.map((step) => ({
      ...step,
      args: step.args.map((value) => this.value(value, storages)),
      kwargs: Object.fromEntries(Object.entries(step.kwargs).map(([key, value]) => [camelCase(key), this.value(value, storages)])),
    }))
    torch.manualSeed(SEED)
    for (const { call, args, kwargs, seed } of calls) {
      if (seed !== undefined) torch.manualSeed(seed)
      results.push(invoke(call, resolveAll(args, results), resolveAll(kwargs, results)))
    }
    if (sample.leaves.length === 0) {
      compareValue(results.at(-1), sample.value, rtol, atol)
      return
    }
    for (const { path, tensor } of sample.leaves) compareTensor(at(results, path), this.tensor(tensor, new Map()), rtol, atol)
  }

  private value(value: unknown, storages: Map<string, TensorHandle>): unknown {
    if (Array.isArray(value)) return value.map((item) => this.value(item, storages))
    if (typeof value !== 'object' || value === null) return value
    const tagged = value as { $: string; value?: unknown }
    switch (tagged.$) {
      case 'tensor':
      case 'sparse':
      case 'csr':
        return this.tensor(value as WrittenTensor, storages)
      case 'float':
        return torch.float(pythonFloat(tagged.value as string))
      case 'bigint':
        return BigInt(tagged.value as string)
      case 'complex': {
        const [real, imag] = tagged.value as [number, number]
        return { real, imag }
      }
      case 'slice': {
        const [start, stop, step] = tagged.value as [number | null, number | null, number | null]
        return torch.slice(start, stop, step ?? 1)
      }
      default:
        return value
    }
  }

  private tensor(written: WrittenTensor, storages: Map<string, TensorHandle>): torch.Tensor {
    if (written.$ === 'sparse') {
      return torch.sparseCooTensor(this.tensor(written.indices, storages), this.tensor(written.values, storages), written.shape)
    }
    if (written.$ === 'csr') {
      const [rows, columns, values] = [written.rows, written.columns, written.values].map((part) => this.tensor(part, storages))
      return torch.sparseCsrTensor(rows!, columns!, values!, written.shape)
    }
    const key = `${written.start}:${written.bytes}`
    let storage = storages.get(key)
    if (storage === undefined) {
      const bytes = new Uint8Array(written.bytes)
      readSync(this.file, bytes, 0, written.bytes, written.start)
      storage = native.storageFromBytes(bytes)
      storages.set(key, storage)
    }
    return wrap(native.viewOfStorage(storage, written.dtype, written.offset, written.shape, written.stride))
  }
}

function pythonFloat(text: string): number {
  return text === 'inf' ? Infinity : text === '-inf' ? -Infinity : Number(text)
}

function resolveAll<T>(value: T, results: readonly unknown[]): T {
  if (Array.isArray(value)) return value.map((item: unknown) => resolveAll(item, results)) as T
  if (typeof value !== 'object' || value === null || torch.isTensor(value)) return value
  if ('$' in value && value.$ === 'result') return at(results, (value as unknown as { path: number[] }).path) as T
  if (Object.getPrototypeOf(value) !== Object.prototype || 'float' in value || 'real' in value) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveAll(item as unknown, results)])) as T
}

function at(results: unknown, path: readonly number[]): unknown {
  return path.reduce<unknown>((value, i) => {
    if (!Array.isArray(value))
      throw new Error(`expected several results but there is ${torch.isTensor(value) ? 'one tensor' : typeof value}`)
    return value[i]
  }, results)
}

/** Arguments that PyTorch keeps for old callers only, and those of its own machinery: never given in the samples. */
const obsolete = ['sizeAverage', 'reduce', '_stacklevel', 'out', 'options']

function invoke(call: string, args: unknown[], named: Record<string, unknown>): unknown {
  const kwargs = Object.fromEntries(Object.entries(named).filter(([key, value]) => value !== null || !obsolete.includes(key)))
  delete kwargs['_stacklevel']
  if ('_randomSamples' in kwargs) {
    kwargs['randomSamples'] = kwargs['_randomSamples']
    delete kwargs['_randomSamples']
  }
  const given = Object.keys(kwargs).length > 0 ? [...args, kwargs] : args
  const parts = call.split('.')
  const name = parts.at(-1)!
  if (parts[0] === 'aten') {
    const packet = torch.ops['aten']![parts[1]!]!
    return (parts[2] === undefined ? packet : packet[parts[2]]!)(...given)
  }
  if (parts[1] === 'Tensor') {
    const [receiver, ...rest] = given
    if (name === '__get__') return (receiver as Namespace)[camelCase(parts[2]!)]
    if (reflected[name] !== undefined) return reflected[name](...given)
    return callMember(receiver as Namespace, name, rest, 'Tensor')
  }
  if (name.startsWith('_') && parts[1] === '_VariableFunctionsClass') return (torch.ops['aten']![name]! as Callable)(...given)
  // What torch.sparse binds under Python's own names for it.
  if (parts[2] === '_sparse') return callMember(torch.sparse, name.replace(/^_?sparse_/, ''), given, 'torch.sparse')
  // Python splits a pooling by `return_indices` into two functions; here one takes it as an option.
  if (parts[2] === 'functional' && name.endsWith('_with_indices'))
    return invoke(call.replace('_with_indices', ''), args, { ...kwargs, returnIndices: true })
  const path = parts
    .slice(1, -1)
    .filter((part) => part !== 'functional' || parts[1] === 'nn')
    .filter((part) => part !== '_VariableFunctionsClass')
  const namespace = path.reduce((at, part) => (at[part] ?? {}) as Namespace, torch as unknown as Namespace)
  return callMember(namespace, name, given, ['torch', ...path].join('.'))
}

function callMember(owner: Namespace, name: string, args: unknown[], shown: string): unknown {
  const member = owner[camelCase(name)]
  if (typeof member !== 'function') throw new Error(`${shown}.${camelCase(name)} does not exist`)
  return (member as Callable).apply(owner, args)
}

function compareValue(actual: unknown, expected: unknown, rtol: number, atol: number): void {
  const wanted =
    typeof expected === 'object' && expected !== null && '$' in expected
      ? pythonFloat(String((expected as { value?: unknown }).value))
      : expected
  if (Array.isArray(actual) && Array.isArray(wanted) && actual.length === wanted.length) {
    actual.forEach((item, i) => compareValue(item, wanted[i], rtol, atol))
    return
  }
  const agrees = typeof actual === 'number' && typeof wanted === 'number' ? near(actual, wanted, rtol, atol) : actual === wanted
  if (!agrees) throw new Error(`expected ${JSON.stringify(wanted)} but received ${String(actual)}`)
}

function near(actual: number, expected: number, rtol: number, atol: number): boolean {
  if (Object.is(actual, expected) || actual === expected) return true
  if (Number.isNaN(actual) || Number.isNaN(expected)) return Number.isNaN(actual) && Number.isNaN(expected)
  return Math.abs(actual - expected) <= atol + rtol * Math.abs(expected) && Number.isFinite(actual)
}

function compareTensor(actual: unknown, expected: torch.Tensor, rtol: number, atol: number): void {
  if (!torch.isTensor(actual)) throw new Error(`expected a tensor but received ${typeof actual}`)
  if (actual.dtype !== expected.dtype) throw new Error(`expected dtype ${expected.dtype} but received ${actual.dtype}`)
  if (actual.shape.join() !== expected.shape.join())
    throw new Error(`expected shape [${expected.shape.join(', ')}] but received [${actual.shape.join(', ')}]`)
  if (isClose(resolved(actual), resolved(expected), rtol, atol)) return
  const [a, b] = [resolved(actual), resolved(expected)].map((tensor) => tensor.toTypedArray() as ArrayLike<number | bigint>) as [
    ArrayLike<number | bigint>,
    ArrayLike<number | bigint>,
  ]
  const exact = !torch.isFloatingPoint(expected) && !torch.isComplex(expected)
  for (let i = 0; i < b.length; i++) {
    const agrees = exact ? a[i] === b[i] : near(a[i] as number, b[i] as number, rtol, atol)
    if (!agrees) throw new Error(`element ${i} of ${b.length} is ${a[i]}, expected ${b[i]}`)
  }
}

function resolved(tensor: torch.Tensor): torch.Tensor {
  const dense = tensor.layout === 'strided' ? tensor : tensor.toDense()
  return (torch.isComplex(dense) ? dense.resolveConj() : dense).resolveNeg().contiguous()
}
