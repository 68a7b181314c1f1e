import { beforeAll, describe, expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { temporary } from '../../support/files'
import { skipIf } from '../../support/skip'

const saved = () => temporary('saved.pt')
const program = () => temporary('program.pt')
const tensors = () => temporary('tensors.safetensors')
const hasCuda = torch.cuda.isAvailable()

beforeAll(() => {
  torch.save({ weight: torch.ones([2]) }, saved())
  torch.save(new torch.nn.Linear(2, 1), program())
  torch.safetensors.save({ weight: torch.ones([2]) }, tensors())
})

describe('where tensors go', () => {
  // On the meta device a tensor tells that it came there without a GPU.
  test('is taken by position, by name and as a function', () => {
    const device = (load: () => unknown) => (load() as { weight: Tensor }).weight.device
    expect(device(() => torch.load(saved()))).toBe('cpu')
    expect(device(() => torch.load(saved(), 'meta'))).toBe('meta')
    expect(device(() => torch.load(saved(), { mapLocation: 'meta' }))).toBe('meta')
    expect(device(() => torch.load(saved(), () => 'meta'))).toBe('meta')
    expect(device(() => torch.load(saved(), { mapLocation: { cpu: 'meta' } }))).toBe('meta')
    expect(device(() => torch.load(saved(), null, { wholeFloats: 'float' }))).toBe('cpu')
    expect(device(() => torch.safetensors.load(tensors(), 'meta'))).toBe('meta')
    expect(device(() => torch.safetensors.load(tensors(), { device: 'meta' }))).toBe('meta')
    expect(device(() => torch.loadStateDictFile(tensors(), 'meta'))).toBe('meta')
    expect(torch.jit.load(program(), 'cpu').call(torch.ones([1, 2]))).toHaveProperty('shape', [1, 1])
  })

  skipIf(hasCuda, 'libtorch sees a CUDA device').test('is no GPU where none is', () => {
    expect(() => torch.load(saved(), 'cuda:0')).toThrow(/cuda|NVIDIA driver/i)
    expect(() => torch.jit.load(program(), 'cuda:0')).toThrow(/cuda|NVIDIA driver/i)
    expect(() => torch.safetensors.load(tensors(), 'cuda:0')).toThrow(/cuda|NVIDIA driver/i)
  })

  test('is refused where it is no device', () => {
    expect(() => torch.load(saved(), 5 as never)).toThrow(/load\(\): mapLocation: expected a device, .* but received 5/)
    // @ts-expect-error a text that names no device
    expect(() => torch.load(saved(), 'gpu')).toThrow(/gpu/)
  })
})

describe('an unknown option is refused with what was meant', () => {
  const refused: readonly (readonly [string, () => unknown, RegExp])[] = [
    [
      'load, as Python',
      () => torch.load(saved(), { map_location: 'cpu' } as never),
      /load\(\): unknown option 'map_location' \(did you mean 'mapLocation'\?\)/,
    ],
    ['load, misspelt', () => torch.load(saved(), { maplocation: 'cpu' } as never), /did you mean 'mapLocation'/],
    [
      'load, of Python',
      () => torch.load(saved(), { weightsOnly: true } as never),
      /unknown option 'weightsOnly'; known are file, mapLocation, wholeFloats/,
    ],
    ['load, twice', () => torch.load(saved(), 'cpu', { mapLocation: 'cpu' } as never), /both by position \('cpu'\) and by name/],
    ['load, a map alone', () => torch.load(saved(), { 'cuda:0': 'cpu' } as never), /unknown option 'cuda:0'/],
    ['loadStateDictFile', () => torch.loadStateDictFile(saved(), { map_location: 'cpu' } as never), /did you mean 'mapLocation'/],
    [
      'save',
      () => (torch.save as (...args: unknown[]) => void)({}, temporary('never.pt'), { pickleProtocol: 4 }),
      /save\(\): unknown option 'pickleProtocol'; known are path/,
    ],
    ['save, by position', () => (torch.save as (...args: unknown[]) => void)({}, temporary('never.pt'), 4), /save\(\): .*4/],
    [
      'safetensors.load',
      () => torch.safetensors.load(tensors(), { devcie: 'cpu' } as never),
      /safetensors\.load\(\): .* \(did you mean 'device'\?\)/,
    ],
    [
      'safetensors.save',
      () => torch.safetensors.save({}, temporary('never.safetensors'), { format: 'pt' } as never),
      /safetensors\.save\(\): unknown option 'format'/,
    ],
    ...[3, true, null, [], torch.ones([1]), new Map([[1, torch.ones([1])]])].map((given): [string, () => unknown, RegExp] => [
      `safetensors.save of ${String(given)}`,
      () => torch.safetensors.save(given as never, temporary('never.safetensors')),
      /safetensors\.save\(\): tensors: expected an object or a Map of Tensors by name but received/,
    ]),
    ['jit.load', () => torch.jit.load(program(), { map_location: 'cpu' } as never), /jit\.load\(\): .* \(did you mean 'mapLocation'\?\)/],
    [
      'jit.save',
      () => (torch.jit.save as (...args: unknown[]) => void)(torch.jit.load(program()), temporary('never.pt'), { extraFiles: {} }),
      /jit\.save\(\): unknown option 'extraFiles'/,
    ],
  ]

  test.each(refused)('%s', (_, call, message) => {
    expect(call).toThrow(message)
    expect(call).toThrow(torch.ArgumentError)
  })
})
