import { describe, expect, test } from '@jest/globals'
import { loadBackbone, saveBackbone } from '../../src/training/backbone'
import { isLaidOut, layOutForCpu } from '../../src/training/memory-format'
import * as torch from '../../src/torch'
import { models } from '../../src/vision'
import { temporary } from '../support/files'
import { runPython } from '../support/python'

const { nn } = torch
const thin = () => new nn.Sequential(new nn.Conv2d(3, 8, 3), new nn.BatchNorm2d(8), new nn.ReLU(), new nn.Conv2d(8, 16, 3, { stride: 2 }))

describe('a thin network is laid out for channels-last maps:', () => {
  test.each<[string, torch.nn.Module, boolean]>([
    ['few channels', thin(), true],
    [
      'many channels at 1 × 1 and in groups',
      new nn.Sequential(new nn.Conv2d(512, 512, 1), new nn.Conv2d(512, 512, 3, { groups: 512 })),
      true,
    ],
    ['many channels', new nn.Sequential(new nn.Conv2d(3, 8, 3), new nn.Conv2d(129, 8, 3)), false],
    ['ResNet-18', models.resnet18(), false],
    ['no convolution', new nn.Sequential(new nn.Linear(3, 4)), false],
  ])('%s', (_, net, expected) => {
    layOutForCpu(net as never)
    expect(isLaidOut(net as never)).toBe(expected)
  })

  test('its maps follow, it computes the same, and its gradients reach the same parameters', () => {
    const [net, other] = [thin().double(), thin().double()]
    other.loadStateDict(net.stateDict())
    const parameters = other.parameters()
    layOutForCpu(other as never)
    const images = torch.rand([2, 3, 9, 11], { generator: new torch.Generator().manualSeed(1), dtype: 'float64' })
    const [expected, map] = [net.forward(images), other.forward(images)]
    expect(map.isContiguous({ memoryFormat: 'channelsLast' })).toBe(true)
    expect(map).toBeAllclose(expected)
    expected.square().sum().backward()
    map.square().sum().backward()
    expect(other.parameters().map((parameter, i) => parameter === parameters[i])).toEqual(Array(6).fill(true))
    net.parameters().forEach((parameter, i) => expect(parameters[i]!.grad!).toBeAllclose(parameter.grad!))
  })
})

test.each(['a state dict', 'TorchScript'])('files keep the layout of other programs: %s', async (form) => {
  const [given, saved] = [temporary(`${form}.pt`), temporary(`${form}-saved.pt`)]
  if (form === 'TorchScript')
    await runPython(`torch.jit.script(torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Conv2d(8, 16, 3))).save(inputs['given'])`, {
      given,
    })
  else torch.save(models.resnet18().stateDict(), given)
  const backbone = loadBackbone(given)
  // A ResNet is not thin, but layOutForFile must undo any layout.
  for (const kernel of backbone.net.parameters().filter(({ shape }) => shape.length === 4))
    kernel.data = kernel.detach().contiguous({ memoryFormat: 'channelsLast' })
  expect(isLaidOut(backbone.net)).toBe(true)
  saveBackbone(backbone, saved)
  expect(isLaidOut(backbone.net)).toBe(true)
  const { contiguous, same } = await runPython<{ contiguous: boolean; same: boolean }>(
    `
    def state(path):
        loaded = torch.load(path, weights_only=False) if inputs['form'] == 'a state dict' else torch.jit.load(path)
        return loaded if isinstance(loaded, dict) else loaded.state_dict()
    before, after = state(inputs['given']), state(inputs['saved'])
    outputs = {'contiguous': all(t.is_contiguous() for t in after.values()),
               'same': list(before) == list(after) and all(torch.equal(before[n], after[n]) for n in before)}`,
    { given, saved, form },
  )
  expect({ contiguous, same }).toEqual({ contiguous: true, same: true })
})
