import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { camelCase } from '../../../src/common/text'

type Tensors = Readonly<Record<string, Tensor | null>>

interface Call {
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>
}

/** What samples.py computed of one sample. */
export interface Computed {
  readonly constructor: Call
  readonly forward: Call
  readonly training: boolean
  readonly printed: string
  readonly initial: Tensors
  readonly outputs: readonly Tensor[]
  readonly inputGradients: readonly (Tensor | null)[]
  readonly parameterGradients: Tensors
  readonly state: Tensors
}

/** What Python computed with a saved layer. */
export interface SavedResult {
  readonly outputs: readonly Tensor[]
  readonly inputGradients: readonly (Tensor | null)[]
  readonly gradients: Tensors
  /** Parameters and buffers after the call. */
  readonly state: Tensors
  /** Parameters that a step of training did not change as it should. */
  readonly untrained: readonly string[]
  readonly error?: string
}

export interface SavedFile {
  readonly path: string
  readonly args: readonly unknown[]
  readonly training: boolean
  readonly title: string
  readonly sample: { compareSaved(result: SavedResult): string[] }
}

type Dtype = 'float32' | 'float64'
type Layer = torch.nn.Module<unknown[], unknown>

const SEED = 11
/** Those of torch.testing.assert_close. */
const TOLERANCES = { float32: { rtol: 1.3e-6, atol: 1e-5 }, float64: { rtol: 1e-7, atol: 1e-7 } } as const

function spoken(name: string): string {
  return ({ _random_samples: 'randomSamples', var: 'variance' } as Record<string, string>)[name] ?? camelCase(name)
}

function givenOf({ args, kwargs }: Call): unknown[] {
  const named = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [spoken(key), value]))
  return Object.keys(named).length > 0 ? [...args, named] : [...args]
}

function build(name: string, dtype: Dtype | null, { constructor: call, training }: Computed): Layer {
  const create = (torch.nn as unknown as Record<string, new (...given: unknown[]) => Layer>)[name]!
  torch.manualSeed(SEED)
  const layer = new create(...givenOf(call))
  layer.train(training)
  return dtype === null ? layer : layer.to(dtype)
}

const isInput = (value: unknown): value is Tensor => torch.isTensor(value)

/** Inputs of its own, for gradients gather in them. */
function inputsOf({ forward }: Computed): unknown[] {
  return [...forward.args, ...Object.values(forward.kwargs)].map((value) =>
    isInput(value) ? value.detach().clone().requiresGrad_(value.requiresGrad) : value,
  )
}

function weightsFor(tensor: Tensor): Tensor {
  const count = tensor.numel()
  return torch.linspace(0.5, 1.5, Math.max(count, 1), { dtype: 'float64' }).narrow(0, 0, count).reshape(tensor.shape).to(tensor.dtype)
}

function backward(outputs: readonly Tensor[]): void {
  const sums = outputs.filter((output) => output.requiresGrad).map((output) => weightsFor(output).mul(output).sum())
  if (sums.length > 0) sums.reduce((total, sum) => total.add(sum)).backward()
}

/** Where a layer here differs from what Python computed. */
export function replay(name: string, dtype: Dtype, sample: Computed): string[] {
  const reasons: string[] = []
  const compare = (what: string, actual: Tensor | null | undefined, expected: Tensor | null | undefined, exact = false): void => {
    const reason = difference(actual ?? null, expected ?? null, exact ? { rtol: 0, atol: 0 } : TOLERANCES[dtype])
    if (reason !== null) reasons.push(`${what}: ${reason}`)
  }
  try {
    torch.manualSeed(SEED)
    const fresh = build(name, null, sample)
    if (fresh.toString() !== sample.printed) reasons.push(`printed as ${fresh.toString()}`)
    const state = fresh.stateDict()
    if (Object.keys(state).join() !== Object.keys(sample.initial).join())
      reasons.push(`state ${Object.keys(state).join()}, not ${Object.keys(sample.initial).join()}`)
    for (const [key, value] of Object.entries(sample.initial)) compare(`initial ${key}`, state[key], value, true)
    const layer = build(name, dtype, sample)
    const inputs = inputsOf(sample)
    torch.manualSeed(SEED)
    const outputs = [layer.call(...inputs)].flat() as Tensor[]
    if (outputs.length !== sample.outputs.length) reasons.push(`${outputs.length} outputs, not ${sample.outputs.length}`)
    for (const [i, expected] of sample.outputs.entries()) compare(`output ${i}`, outputs[i], expected)
    backward(outputs)
    for (const [i, input] of inputs.filter(isInput).entries()) compare(`gradient of input ${i}`, input.grad, sample.inputGradients[i])
    const parameters = Object.fromEntries(layer.namedParameters())
    for (const [key, expected] of Object.entries(sample.parameterGradients)) compare(`gradient of ${key}`, parameters[key]?.grad, expected)
    const after = layer.stateDict()
    for (const [key, expected] of Object.entries(sample.state)) compare(`state ${key}`, after[key], expected)
  } catch (error) {
    reasons.push(error instanceof Error || (error as Error).message ? (error as Error).message.split('\n')[0]! : String(error))
  }
  return reasons
}

/** Saves a layer, in the other mode, for Python to switch and run; the reason where it cannot be saved. */
export function saveForPython(name: string, dtype: Dtype, sample: Computed, path: string): Omit<SavedFile, 'title'> | string {
  try {
    torch.save(build(name, dtype, sample).train(!sample.training) as never, path)
  } catch (error) {
    return (error as Error).message.trim().split('\n')[0]!
  }
  const compareSaved = ({ outputs, inputGradients, gradients, state, untrained, error }: SavedResult): string[] => {
    if (error !== undefined) return [`Python: ${error}`]
    const reasons: string[] = []
    const compare = (what: string, actual: Tensor | null | undefined, expected: Tensor | null): void => {
      const reason = difference(actual ?? null, expected, TOLERANCES[dtype])
      if (reason !== null) reasons.push(`${what}: ${reason}`)
    }
    for (const [i, expected] of sample.outputs.entries()) compare(`output ${i}`, outputs[i], expected)
    for (const [i, expected] of sample.inputGradients.entries()) compare(`gradient of input ${i}`, inputGradients[i], expected)
    for (const [key, expected] of Object.entries(sample.parameterGradients)) compare(`gradient of ${key}`, gradients[key], expected)
    for (const [key, expected] of Object.entries(sample.state)) compare(`state ${key}`, state[key], expected)
    if (untrained.length > 0) reasons.push(`a step of training leaves ${untrained.join(', ')} as they are`)
    return reasons
  }
  // In TorchScript a list of lengths is a tensor.
  const args = inputsOf(sample).map((value) => (Array.isArray(value) ? torch.tensor(value.map(BigInt)) : value))
  return { path, args, training: sample.training, sample: { compareSaved } }
}

function difference(actual: Tensor | null, expected: Tensor | null, tolerance: { rtol: number; atol: number }): string | null {
  if (actual === null || expected === null)
    return actual === expected ? null : `expected ${String(expected?.shape)} but received ${String(actual?.shape)}`
  const [a, b] = [actual, expected].map((tensor) => (tensor.layout === 'strided' ? tensor.detach() : tensor.detach().toDense())) as [
    Tensor,
    Tensor,
  ]
  if (a.dtype !== b.dtype) return `dtype ${a.dtype}, not ${b.dtype}`
  if (a.shape.join() !== b.shape.join()) return `shape [${a.shape.join(', ')}], not [${b.shape.join(', ')}]`
  if (torch.allclose(a, b, { ...tolerance, equalNan: true })) return null
  const worst = a.numel() === 0 ? 0 : a.to('float64').sub(b.to('float64')).abs().max().item()
  return `differs by ${String(worst)}`
}
