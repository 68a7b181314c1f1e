import { describe, expect, test } from '@jest/globals'
import type { Say } from '../../src/common/wording'
import * as torch from '../../src/torch'
import { models } from '../../src/vision'
import { loadBackbone, saveBackbone } from '../../src/training/backbone'
import { pythonLines } from '../../src/training/python-lines'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'
import { temporary } from '../support/files'

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
