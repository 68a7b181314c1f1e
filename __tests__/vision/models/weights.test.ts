import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { models } from '../../../src/vision'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'
import { setVariables } from '../../support/variables'
import { withResNet } from './python-resnet'

const folder = mkdtempSync(join(tmpdir(), 'pixelcl-weights-'))
const file = (name: string) => join(folder, name)
let expected: Record<string, Tensor>

beforeAll(async () => {
  expected = await runPython(
    `${withResNet}
import os
torch.manual_seed(3)
model = resnet.resnet18(num_classes=6)
model(torch.rand(2, 3, 32, 32))
state = model.state_dict()
at = lambda name: os.path.join(inputs['folder'], name)
torch.save(state, at('zip.pth'))
torch.save(state, at('legacy.pth'), _use_new_zipfile_serialization=False)
torch.save(model, at('module.pth'))
torch.save({'epoch': 7, 'state_dict': {f'module.{name}': value for name, value in state.items()}, 'optimizer': {'state': {}, 'param_groups': []}}, at('checkpoint.pth.tar'))
torch.jit.script(model).save(at('script.pt'))
torch.jit.trace(model, torch.rand(2, 3, 32, 32), check_trace=False).save(at('trace.pt'))
torch.save({name: value for name, value in state.items() if not name.endswith('num_batches_tracked')}, at('old.pth'))
torch.save({name: value for name, value in state.items() if not name.startswith('fc.')}, at('headless.pth'))
torch.save({name: value.half() if value.is_floating_point() else value for name, value in state.items()}, at('half.pth'))
wide = dict(state)
wide['layer2.0.bn1.weight'] = torch.ones(5)
del wide['layer3.0.conv1.weight']
wide['layer2.0.extra'] = torch.ones(1)
torch.save(wide, at('odd.pth'))
outputs = dict(torch.jit.load(at('trace.pt')).state_dict())
`,
    { folder },
  )
  // Tracing ran the module once more, so the running statistics of its file are those to compare with.
  torch.safetensors.save(expected, file('weights.safetensors'))
})

afterAll(() => rmSync(folder, { recursive: true }))

const quietly = <T>(body: () => T): T => {
  const silent = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
  try {
    return body()
  } finally {
    silent.mockRestore()
  }
}

describe('weights come from', () => {
  test.each(['zip.pth', 'legacy.pth', 'checkpoint.pth.tar', 'script.pt', 'trace.pt', 'weights.safetensors', 'old.pth', 'half.pth'])(
    '%s',
    (name) => {
      const net = quietly(() => models.resnet18({ weights: file(name), numClasses: 6 }))
      const state = net.stateDict()
      expect(Object.keys(state)).toEqual(Object.keys(expected))
      for (const [key, value] of Object.entries(expected)) {
        if (/running_|num_batches/.test(key)) continue
        if (name === 'half.pth') expectWith(state[key]!, key).toBeAllclose(value, { rtol: 1e-3, atol: 1e-3 })
        else expectWith(state[key]!.equal(value), key).toBe(true)
      }
      expect(state['conv1.weight']!.dtype).toBe('float32')
      expect(state['bn1.running_mean']!.abs().sum().item()).toBeGreaterThan(0)
      expect(net.training).toBe(true)
    },
  )

  test('a checkpoint, saying what was seen through', () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
    try {
      models.resnet18({ weights: file('checkpoint.pth.tar'), numClasses: 6 })
      expect(warned.mock.calls.map(([message]) => message as string).join('\n')).toMatch(/checkpoint\.pth\.tar.*'state_dict'[^]*'module\.'/)
    } finally {
      warned.mockRestore()
    }
  })

  test('a file without a classifier, saying that the network’s is new', () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
    try {
      torch.manualSeed(5)
      const fresh = models.resnet18({ numClasses: 4 })
      torch.manualSeed(5)
      const net = models.resnet18({ weights: file('headless.pth'), numClasses: 4 })
      expect(net.stateDict()['layer4.1.conv2.weight']!).toEqualTensor(expected['layer4.1.conv2.weight']!)
      expect(net.stateDict()['fc.weight']!).toEqualTensor(fresh.stateDict()['fc.weight']!)
      expect(warned.mock.calls.map(([message]) => message as string)).toEqual([
        expect.stringMatching(/headless\.pth has no classifier 'fc': the network's is newly initialised/),
      ])
    } finally {
      warned.mockRestore()
    }
  })

  test('a state dict and a module', () => {
    for (const weights of [expected, torch.jit.load(file('trace.pt')), models.resnet18({ weights: expected, numClasses: 6 })]) {
      const net = models.resnet18({ weights, numClasses: 6 })
      for (const [key, value] of net.namedParameters()) expectWith(value.equal(expected[key]!), key).toBe(true)
    }
  })

  test('the cache, by name', () => {
    setVariables({ TORCH_HOME: folder })
    expect(() => models.resnet18({ weights: 'IMAGENET1K_V1' })).toThrow(
      /IMAGENET1K_V1 of resnet18 is not in the cache \(.*hub\/checkpoints\/resnet18-f37072fd\.pth\): fetch it once with await models\.download\('resnet18', 'IMAGENET1K_V1'\)/,
    )
    const net = models.resnet18()
    mkdirSync(file('hub/checkpoints'), { recursive: true })
    torch.save(net.stateDict(), file('hub/checkpoints/resnet18-f37072fd.pth'))
    for (const weights of ['IMAGENET1K_V1', 'DEFAULT'])
      expect(models.resnet18({ weights }).stateDict()['fc.bias']!.equal(net.stateDict()['fc.bias']!)).toBe(true)
    expect(() => models.resnet18({ weights: 'DEFAULT', numClasses: 6 })).toThrow(
      /tells 1000 classes apart, not 6: write models\.resnet18\({ weights, numClasses: 1000 }\)/,
    )
  })
})

describe('weights that do not fit', () => {
  const load =
    (arch: models.Architecture, name: string, numClasses = 6) =>
    () =>
      quietly(() => models[arch]({ weights: file(name), numClasses }))

  test('name the architecture that would', () => {
    expect(load('resnet34', 'zip.pth')).toThrow(
      /zip\.pth does not fit resnet34: it holds the weights of a resnet18: write models\.resnet18/,
    )
    expect(load('resnet50', 'script.pt')).toThrow(/resnet18/)
  })

  test('name the number of classes', () => {
    expect(load('resnet18', 'zip.pth', 1000)).toThrow(
      /it tells 6 classes apart, not 1000: write models\.resnet18\({ weights, numClasses: 6 }\)/,
    )
  })

  test('list what is missing, unexpected and of another shape', () => {
    const message =
      /missing: layer3\.0\.conv1\.weight\n {2}unexpected: layer2\.0\.extra\n {2}other shapes: layer2\.0\.bn1\.weight \(\[5\] in place of \[128\]\)/
    expect(load('resnet18', 'odd.pth')).toThrow(message)
  })

  test('keep the lists short', () => {
    torch.save(Object.fromEntries(Object.keys(expected).map((key) => [`x_${key}`, torch.ones([1])])), file('names.pth'))
    expect(load('resnet18', 'names.pth')).toThrow(/missing: conv1\.weight, .* and 95 more\n {2}unexpected: x_conv1\.weight, .* more$/)
  })

  test('of another network are refused without a guess', () => {
    torch.save({ weight: torch.ones([2]) }, file('other.pth'))
    expect(load('resnet18', 'other.pth')).toThrow(/missing: conv1\.weight, [^]*unexpected: weight$/)
  })

  test('leave no half-loaded module behind, for none is given back', () => {
    const net = models.resnet18({ numClasses: 6 })
    const before = net.stateDict()['conv1.weight']!.clone()
    expect(() => net.loadStateDict(torch.loadStateDictFile(file('odd.pth')))).toThrow(/Missing key\(s\).*layer3\.0\.conv1\.weight/)
    expect(net.stateDict()['conv1.weight']!.equal(before)).toBe(true)
  })
})

describe('misuse', () => {
  test('a file that is not there, and a name that is unknown', () => {
    expect(() => models.resnet18({ weights: 'nowhere.pth' })).toThrow(
      /there is no file 'nowhere\.pth', and resnet18 has no published weights of that name: expected a path or one of IMAGENET1K_V1, DEFAULT/,
    )
    expect(() => models.resnet18({ weights: 'IMAGENET1K_V2' })).toThrow(
      /has no published weights of that name \(did you mean 'IMAGENET1K_V1'\?\): expected a path or one of IMAGENET1K_V1/,
    )
    expect(() => models.resnet50({ weights: 'IMAGENET1K_V3' })).toThrow(/\(did you mean 'IMAGENET1K_V2'\?\)/)
    expect(() => models.resnet18({ weights: 'https://host/x.pth' })).toThrow(/await models\.downloadFile\('https:\/\/host\/x\.pth'\)/)
  })

  test('a damaged file', () => {
    writeFileSync(file('damaged.pth'), 'PK\u0003\u0004 not a zip')
    expect(() => models.resnet18({ weights: file('damaged.pth') })).toThrow(torch.FileError)
    expect(() => models.resnet18({ weights: folder })).toThrow(torch.FileError)
  })

  test('values of other kinds', () => {
    expect(() => models.resnet18({ weights: true as never })).toThrow(/weights must be the path of a file/)
    expect(() => models.resnet18({ weights: { conv1: 3 } as never })).toThrow(/weights must be the path of a file/)
    expect(() => models.resnet18({ numClasses: 0 })).toThrow(/numClasses must be a whole number above 0 but is 0/)
    expect(() => models.resnet18({ numClasses: '10' as never })).toThrow(/numClasses must be a whole number/)
    expect(() => models.resnet18({ pretrained: true } as never)).toThrow(/unknown option 'pretrained': write weights: 'DEFAULT'/)
    expect(() => models.resnet18({ num_classes: 3 } as never)).toThrow(/unknown option 'num_classes': write numClasses/)
    expect(() => models.resnet18(true as never)).toThrow(/resnet18\(\) takes { weights, numClasses, prefix } but received true/)
    expect(() => models.resnet18('IMAGENET1K_V1' as never)).toThrow(/but received 'IMAGENET1K_V1'/)
    expect(() => models.resnet18({ wieghts: 'x' } as never)).toThrow(/did you mean 'weights'/)
  })
})

test('the architecture is inferred from keys and shapes', () => {
  expect(models.architectureOf(expected)).toBe('resnet18')
  expect(models.architectureOf({})).toBeNull()
  expect(models.architectureOf({ ...expected, 'layer4.2.conv1.weight': torch.ones([1]) })).toBeNull()
  expect(models.architectureOf({ ...expected, 'conv1.weight': torch.ones([64, 3, 3, 3]) })).toBeNull()
  expect(models.architectureOf({ weight: torch.ones([1]) })).toBeNull()
})
