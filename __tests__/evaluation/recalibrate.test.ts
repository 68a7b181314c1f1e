import { afterAll, describe, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as torch from '../../src/torch'
import { nn, type Tensor } from '../../src/torch'
import { freeze, recalibrated } from '../../src/evaluation'
import { runPython } from '../support/python'
import { Small } from '../pixelcl/small'

const folder = mkdtempSync(join(tmpdir(), 'pixelcl-recalibrate-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Three batches of different sizes, far from 0 and 1, so that no statistic is near what a fresh batch norm holds. */
function someBatches(): Tensor[] {
  torch.manualSeed(3)
  return [6, 6, 3].map((count, i) =>
    torch
      .randn([count, 3, 16, 16])
      .mul(20 + i)
      .add(50),
  )
}

function statisticsOf(net: nn.AnyModule): Record<string, Tensor> {
  return Object.fromEntries([...net.namedBuffers()].filter(([name]) => /running_(mean|var)$/.test(name)))
}

describe('recalibrated batch norms hold what Python averages over the batches', () => {
  test.each([0.1, 0.01, null])('of a TorchScript backbone and of a native one, momentum %s', async (momentum) => {
    const path = join(folder, `${momentum}.pt`)
    const batches = someBatches()
    const { state, expected } = await runPython<{ state: Record<string, Tensor>; expected: Record<string, Tensor> }>(
      `
import torch
from torch import nn
momentum = inputs['momentum']
net = nn.Sequential(
    nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8, momentum=momentum), nn.ReLU(),
    nn.Conv2d(8, 16, 3, 2, 1), nn.BatchNorm2d(16, momentum=momentum), nn.ReLU(),
)
torch.jit.script(net).save(inputs['path'])
state = {name: value.clone() for name, value in net.state_dict().items()}
for module in net.modules():
    if isinstance(module, nn.BatchNorm2d):
        module.momentum = None
        module.reset_running_stats()
with torch.no_grad():
    for batch in inputs['batches']:
        net(batch)
outputs = {'state': state, 'expected': {name: buffer for name, buffer in net.named_buffers() if 'running' in name}}`,
      { path, batches, momentum },
    )
    const native = new nn.Sequential(
      new nn.Conv2d(3, 8, 3, { stride: 2, padding: 1 }),
      new nn.BatchNorm2d(8, { momentum }),
      new nn.ReLU(),
      new nn.Conv2d(8, 16, 3, { stride: 2, padding: 1 }),
      new nn.BatchNorm2d(16, { momentum }),
      new nn.ReLU(),
    )
    native.loadStateDict(state)
    for (const net of [torch.jit.load(path), native]) {
      const found = statisticsOf(recalibrated(net, batches))
      expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort())
      for (const [name, statistic] of Object.entries(expected)) expect(found[name]).toBeAllclose(statistic, { rtol: 2e-5, atol: 1e-5 })
    }
  })
})

test('the backbone itself stays as it is, and the copy is in eval mode', () => {
  const net = new Small().train()
  const before = Object.entries(net.stateDict()).map(([name, value]) => [name, value.clone()] as const)
  const copy = recalibrated(net, someBatches())
  for (const [name, value] of before) expect(net.stateDict()[name]).toEqualTensor(value)
  expect(net.training).toBe(true)
  expect(copy.modules().every((module) => !module.training)).toBe(true)
})

test('a batch norm that no forward reaches keeps its statistics', () => {
  class WithSpare extends Small {
    readonly spare = new nn.BatchNorm2d(2)
  }
  const net = new WithSpare()
  torch.noGrad(() => net.spare.runningMean!.fill_(7))
  const copy = recalibrated(net, someBatches()) as WithSpare
  expect(copy.spare.runningMean).toBeAllclose([7, 7])
  expect(copy.spare.runningVar).toBeAllclose([1, 1])
})

test('of 33 images, even where the map is a single pixel', () => {
  class Pixel extends nn.Module {
    readonly conv = new nn.Conv2d(3, 4, 8)
    readonly norm = new nn.BatchNorm2d(4)

    override forward(images: Tensor): Tensor {
      return this.norm.call(this.conv.call(images))
    }
  }
  torch.manualSeed(1)
  const images = torch.rand([33, 3, 8, 8])
  expect(freeze(new Pixel(), 'norm', images).of(images).shape).toEqual([33, 4, 1, 1])
})
