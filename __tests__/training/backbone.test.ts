import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Say } from '../../src/common/wording'
import * as torch from '../../src/torch'
import { models } from '../../src/vision'
import { loadBackbone, saveBackbone } from '../../src/training/backbone'
import { backboneSource, openBackbone } from '../../src/training/backbone-source'
import { pythonLines } from '../../src/training/python-lines'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'
import { temporary } from '../support/files'
import { setVariables } from '../support/variables'

const told = (): { say: Say; lines: string[] } => {
  const lines: string[] = []
  return { lines, say: (line) => lines.push(String(line)) }
}

describe('a state dict', () => {
  const state = models.resnet18({ numClasses: 3 }).stateDict()
  const { 'fc.weight': _, 'fc.bias': __, ...headless } = state

  test('becomes the ResNet that its keys imply, and is written with the same keys', () => {
    torch.save(state, temporary('state.pth'))
    const backbone = loadBackbone(temporary('state.pth'))
    expect(backbone).toMatchObject({ arch: 'resnet18', isEval: false })
    expect(backbone.net.training).toBe(true)
    saveBackbone(backbone, temporary('saved.pth'))
    const saved = torch.loadStateDictFile(temporary('saved.pth'))
    expect(Object.keys(saved)).toEqual(Object.keys(state))
    for (const [name, tensor] of Object.entries(state)) expectWith(torch.equal(tensor, saved[name]!), name).toBe(true)
    expect(pythonLines(backbone, 'x.pt')).toEqual([
      'import torch, torchvision',
      'model = torchvision.models.resnet18(num_classes=3); model.load_state_dict(torch.load("x.pt"))',
    ])
  })

  test('without a classifier gets one to run with, which its file never sees', () => {
    torch.save(headless, temporary('headless.pth'))
    const backbone = loadBackbone(temporary('headless.pth'))
    expect((backbone.net as unknown as torch.nn.Module).call(torch.rand([2, 3, 32, 32])).shape).toEqual([2, 1000])
    saveBackbone(backbone, temporary('headless-saved.pth'))
    expect(Object.keys(torch.loadStateDictFile(temporary('headless-saved.pth')))).toEqual(Object.keys(headless))
    expect(pythonLines(backbone, 'x.pt')[1]).toContain(
      'torchvision.models.resnet18(); model.load_state_dict(torch.load("x.pt"), strict=False)',
    )
  })

  test('of another architecture than was named is refused with its own', () => {
    torch.save(headless, temporary('state.pth'))
    expect(() => loadBackbone(temporary('state.pth'), { arch: 'resnet50' })).toThrow(
      'holds the weights of a resnet18, not of a resnet50: leave arch out',
    )
  })

  test('inside a checkpoint is found, saying so', () => {
    torch.save({ epoch: 1, state_dict: state }, temporary('checkpoint.pth'))
    const { say, lines } = told()
    expect(loadBackbone(temporary('checkpoint.pth'), { say }).arch).toBe('resnet18')
    expect(lines).toEqual([expect.stringContaining("its weights are taken from 'state_dict'")])
  })
})

describe('a state dict that is nearly one of a ResNet is refused with the ResNet and what differs', () => {
  const state = models.resnet18({ numClasses: 3 }).stateDict()
  const without = (pattern: RegExp) => Object.fromEntries(Object.entries(state).filter(([name]) => !pattern.test(name)))
  const refusal = (content: object, options: Parameters<typeof loadBackbone>[1] = {}): string => {
    torch.save(content, temporary('nearly.pth'))
    try {
      loadBackbone(temporary('nearly.pth'), { say: () => undefined, ...options })
    } catch (error) {
      expect(error).toBeInstanceOf(torch.ArgumentError)
      return (error as Error).message.replace(temporary('nearly.pth'), 'FILE')
    }
    throw new Error('it was taken')
  }
  const block = /missing: layer4\.1\.conv1\.weight, layer4\.1\.bn1\.weight, (layer4\.1\.bn1\.\w+, )*layer4\.1\.bn1\.\w+ and 5 more$/m

  test.each<[string, object, RegExp]>([
    ['a block is missing', without(/^layer4\.1\./), block],
    ['its first block is missing', without(/^layer1\.0\./), /missing: layer1\.0\.conv1\.weight, .* and 5 more$/m],
    ['its first tensor is missing', without(/^conv1\.weight$/), /missing: conv1\.weight$/m],
    ['a block is one too many', { ...state, 'layer4.2.conv1.weight': torch.ones([1]) }, /unexpected: layer4\.2\.conv1\.weight$/m],
    [
      'it takes grey images',
      { ...state, 'conv1.weight': torch.ones([64, 1, 7, 7]) },
      /other shapes: conv1\.weight \(\[64, 1, 7, 7\] in place of \[64, 3, 7, 7\]\)$/m,
    ],
  ])('%s', (_, content, differences) => {
    const message = refusal(content)
    expect(message).toMatch(/^FILE holds no whole ResNet, but nearly a resnet18:\n/)
    expect(message).toMatch(differences)
    expect(message).toMatch(/\nFor another network export it in Python as TorchScript, torch\.jit\.script\(model\)\.save\(path\)/)
    expect(refusal(content, { arch: 'resnet18' })).toMatch(differences)
    expect(refusal(content, { arch: 'resnet50' })).toContain('nearly a resnet18')
  })

  test.each<[string, object, string]>([
    ['a batch norm’s weight is missing', without(/^layer2\.0\.bn1\.weight$/), 'missing: layer2.0.bn1.weight'],
    [
      'a tensor has another shape',
      { ...state, 'layer3.0.conv1.weight': torch.ones([1, 2, 3, 3]) },
      'other shapes: layer3.0.conv1.weight ([1, 2, 3, 3] in place of [256, 128, 3, 3])',
    ],
  ])('%s', (_, content, differences) => {
    expect(refusal(content)).toBe(`FILE does not fit resnet18:\n  ${differences}`)
  })

  test('within the checkpoint of a learner, with its place', () => {
    const encoder = Object.entries(without(/^layer4\.1\.|^fc\./)).map(([name, tensor]) => [`module.encoder_q.${name}`, tensor])
    const checkpoint = { state_dict: Object.fromEntries(encoder) as object, epoch: 1 }
    const message = refusal(checkpoint)
    expect(message).toMatch(/^FILE holds no whole ResNet, but nearly a resnet18 under 'state_dict\.module\.encoder_q':\n/)
    expect(message).toMatch(block)
    expect(refusal(checkpoint, { prefix: 'encoder_q' })).toMatch(block)
    expect(refusal(checkpoint, { prefix: 'encoder_k' })).toContain('has no ResNet under the prefix')
  })

  test('unless it has less than half the blocks of any', () => {
    expect(refusal(without(/^layer[2-4]/))).toMatch(/^FILE holds a state dict, but of no ResNet that is known \(resnet18, /)
  })
})

describe('the checkpoint of a learner', () => {
  test('gives its encoder, saying so, and is written as a plain ResNet', () => {
    const state = models.resnet18().stateDict()
    const { 'fc.weight': _, 'fc.bias': __, ...encoder } = state
    const under = (prefix: string) => Object.entries(encoder).map(([name, tensor]) => [`module.${prefix}.${name}`, tensor] as const)
    const average = under('encoder_k').map(([name, tensor]) => [name, tensor.mul(0)] as const)
    torch.save({ model: Object.fromEntries([...under('encoder'), ...average]), epoch: 1 }, temporary('pixpro.pth'))
    const { say, lines } = told()
    const backbone = loadBackbone(temporary('pixpro.pth'), { say })
    expect(backbone.arch).toBe('resnet18')
    expect(backbone.net.stateDict()['conv1.weight']!).toEqualTensor(encoder['conv1.weight']!)
    const path = temporary('pixpro.pth')
    expect(lines).toEqual([
      `${path} is a checkpoint: its weights are taken from 'model'; the resnet18 under 'module.encoder.' is taken`,
      `${path}: left out are module.encoder_k; 'model.module.encoder_k' is a resnet18, too, a moving average of this one: the prefix 'model.module.encoder_k' takes it; it has no classifier 'fc', which is not needed here, and neither has the new file`,
    ])
    saveBackbone(backbone, temporary('pixpro-saved.pth'))
    expect(Object.keys(torch.loadStateDictFile(temporary('pixpro-saved.pth')))).toEqual(Object.keys(encoder))
    const other = loadBackbone(temporary('pixpro.pth'), { prefix: 'encoder_k', say: () => undefined })
    expect(other.net.stateDict()['conv1.weight']!.eq(0).all().item()).toBe(true)
  })
})

describe('a backbone is named by', () => {
  const small = join(__dirname, '..', '..', 'models', 'small.pt')
  let server: Server
  let host: string
  let asked: string[]
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url!)
      response.end(request.url!.includes('encoder') ? readFileSync(small) : 'no weights')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => void server.close())
  beforeEach(() => {
    asked = []
    setVariables({ TORCH_HOME: temporary('hub'), PIXELCL_WEIGHTS_MIRROR: `${host}/mirror` })
  })
  const open = (text: string, options: Partial<Parameters<typeof openBackbone>[1]> = {}) =>
    openBackbone(backboneSource(text), { seed: 0, ...options })

  test('a file, an address, an architecture, or an architecture with weights', () => {
    expect(backboneSource(small)).toEqual({ kind: 'file', path: small })
    expect(backboneSource('https://host/x.pt')).toEqual({ kind: 'address', url: 'https://host/x.pt' })
    expect(backboneSource('resnet50')).toEqual({ kind: 'random', arch: 'resnet50' })
    expect(backboneSource('wide_resnet50_2:DEFAULT')).toEqual({ kind: 'published', arch: 'wide_resnet50_2', weights: 'DEFAULT' })
    expect(() => backboneSource('renset50:IMAGENET1K_V2')).toThrow(
      /there is no file renset50:IMAGENET1K_V2, and no network of that name \(did you mean 'resnet50:IMAGENET1K_V2'\?\): give a file, or one of resnet18, .*, wide_resnet101_2, with :DEFAULT behind it/,
    )
    expect(() => backboneSource('vgg16')).toThrow(/no network of that name: give a file, or one of resnet18/)
    expect(() => backboneSource('photos/resnet50.pt')).toThrow(
      /there is no file photos\/resnet50\.pt: name the backbone's file with backbone\.file/,
    )
  })

  test('a file of that name, but not a folder', () => {
    const before = process.cwd()
    mkdirSync(temporary('cwd/resnet34'), { recursive: true })
    writeFileSync(temporary('cwd/resnet18'), '')
    process.chdir(temporary('cwd'))
    try {
      expect(backboneSource('resnet18').kind).toBe('file')
      expect(backboneSource('resnet34').kind).toBe('random')
    } finally {
      process.chdir(before)
    }
  })

  test('an architecture alone: random weights, from the seed, plainly said', async () => {
    const { say, lines } = told()
    const backbone = await open('resnet18', { seed: 7, say })
    torch.manualSeed(7)
    expect(backbone.net.stateDict()['layer4.1.conv2.weight']!).toEqualTensor(models.resnet18().stateDict()['layer4.1.conv2.weight']!)
    expect(backbone).toMatchObject({ arch: 'resnet18', isEval: false })
    expect(lines).toEqual([
      "resnet18 begins with random weights, from seed 7, as torchvision's resnet18() does; with backbone.file: 'resnet18:DEFAULT' it begins with torchvision's (IMAGENET1K_V1)",
    ])
    await expect(open('resnet18', { arch: 'resnet50' })).rejects.toThrow(/the backbone is a resnet18, not a resnet50: leave arch out/)
    await expect(open('resnet18', { prefix: 'x' })).rejects.toThrow(/prefix chooses among the weights of a file, and resnet18 is none/)
  })

  test('an address: fetched once into the cache, and checked against the digits in its name', async () => {
    const digest = createHash('sha256').update(readFileSync(small)).digest('hex')
    const url = `${host}/encoder-${digest.slice(0, 8)}.pt`
    for (let i = 0; i < 2; i++) expect((await open(url)).net.stateDict()).toHaveProperty(['conv1.weight'])
    expect(asked).toHaveLength(1)
    expect(readdirSync(models.cacheFolder())).toEqual([`encoder-${digest.slice(0, 8)}.pt`])
    await expect(open(`${host}/encoder-00000000.pt`)).rejects.toThrow(/SHA-256 should begin with 00000000/)
  })

  test('published weights: fetched and checked, and where they would have come from and to if they cannot be', async () => {
    await expect(open('resnet50:IMAGENET1K_V2')).rejects.toThrow(/resnet50-11ad3fa6\.pth sent is damaged .* should begin with 11ad3fa6/)
    expect(asked).toEqual(['/mirror/resnet50-11ad3fa6.pth'])
    setVariables({ PIXELCL_WEIGHTS_MIRROR: 'http://127.0.0.1:9/models' })
    const file = join(models.cacheFolder(), 'resnet18-f37072fd.pth')
    await expect(open('resnet18:DEFAULT')).rejects.toThrow(
      `curl -L --create-dirs -o '${file}' 'http://127.0.0.1:9/models/resnet18-f37072fd.pth'`,
    )
    expect(existsSync(file)).toBe(false)
    await expect(open('resnet50:IMAGENET1K_V9')).rejects.toThrow(
      /resnet50 has no published weights 'IMAGENET1K_V9' \(did you mean 'IMAGENET1K_V2'\?\): it has IMAGENET1K_V1, IMAGENET1K_V2, DEFAULT/,
    )
  })
})

describe('a TorchScript file', () => {
  test('of float16 is refused with what to write', async () => {
    await runPython(`torch.jit.script(torch.nn.Conv2d(3, 4, 3).half()).save(inputs['path'])\noutputs = {}`, { path: temporary('half.pt') })
    expect(() => loadBackbone(temporary('half.pt'))).toThrow(/has weights of float16.*export it in float32, model\.float\(\)/)
  })

  test('that was exported in eval mode trains in training mode, and is saved in eval mode', async () => {
    await runPython(
      `net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).eval()
torch.jit.script(net).save(inputs['path'])
outputs = {}`,
      { path: temporary('eval.pt') },
    )
    const { say, lines } = told()
    const backbone = loadBackbone(temporary('eval.pt'), { say, arch: 'resnet50' })
    expect(lines).toEqual([expect.stringContaining('needs no arch'), expect.stringContaining('was exported in eval mode')])
    expect(backbone).toMatchObject({ arch: null, isEval: true })
    expect([...backbone.net.modules()].every(({ training }) => training)).toBe(true)
    saveBackbone(backbone, temporary('again.pt'))
    expect(backbone.net.training).toBe(true)
    const { modes } = await runPython<{ modes: boolean[] }>(
      `outputs = {'modes': [module.training for module in torch.jit.load(inputs['path']).modules()]}`,
      { path: temporary('again.pt') },
    )
    expect(modes).toEqual([false, false, false])
    expect(pythonLines(backbone, 'a "b".pt')).toEqual(['import torch', 'model = torch.jit.load("a \\"b\\".pt")'])
  })
})
