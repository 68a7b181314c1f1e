import { expect, jest, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { models } from '../../../src/vision'

const { nn } = torch

/** How many bytes more than before were in use at once. */
function peakOf(body: () => unknown): number {
  torch.resetPeakMemory()
  const before = torch.memoryStats().liveBytes
  body()
  return torch.memoryStats().peakBytes - before
}

const MAP_BYTES = 4 * 16 * 64 * 64 * 4
const layers = () => Array.from({ length: 8 }, () => new nn.Conv2d(16, 16, 3, { padding: 1 }))
const images = () => torch.rand([4, 16, 64, 64])

test('without a graph a Sequential holds two maps at a time, with the same result', () => {
  const net = new nn.Sequential(...layers(), new nn.ReLU({ inplace: true }), new nn.Identity())
  const x = images()
  let output!: Tensor
  expect(peakOf(() => (output = torch.noGrad(() => net.call(x))))).toBeLessThan(3.5 * MAP_BYTES)
  expect(torch.equal(output, net.call(x))).toBe(true)
  expect(x.isDisposed).toBe(false)
})

test('so does one within another, beside the map that it was given', () => {
  const net = new nn.Sequential(new nn.Sequential(...layers()), new nn.Sequential(...layers()))
  const x = images()
  expect(peakOf(() => torch.noGrad(() => net.call(x)))).toBeLessThan(4.5 * MAP_BYTES)
})

test('the input is left alone, through layers that give back what they were given too', () => {
  const x = torch.rand([2, 3])
  const net = new nn.Sequential(new nn.Identity(), new nn.ReLU({ inplace: true }), new nn.Linear(3, 2), new nn.Linear(2, 2))
  torch.noGrad(() => net.call(x))
  expect(x.isDisposed).toBe(false)
})

test('what a hook may have kept stays, on either side of it', () => {
  const seen: Tensor[] = []
  const net = new nn.Sequential(new nn.Linear(3, 3), new nn.Linear(3, 3), new nn.ReLU({ inplace: true }), new nn.Linear(3, 3))
  net.at(1).registerForwardHook((_, args, output) => void seen.push(args[0] as Tensor, output as Tensor))
  torch.noGrad(() => net.call(torch.rand([2, 3])))
  expect(seen.map((tensor) => tensor.isDisposed)).toEqual([false, false])
})

test('so does what a hook kept that took itself away', () => {
  const seen: Tensor[] = []
  const net = new nn.Sequential(new nn.Linear(3, 3), new nn.Linear(3, 3), new nn.Linear(3, 3))
  const once = net.at(1).registerForwardHook((_, args, output) => {
    seen.push(args[0] as Tensor, output as Tensor)
    once.remove()
  })
  torch.noGrad(() => net.call(torch.rand([2, 3])))
  expect(seen.map((tensor) => tensor.isDisposed)).toEqual([false, false])
})

test("what a module of one's own may have kept stays, in a block of a model too", () => {
  class Keeping extends nn.ReLU {
    readonly kept: Tensor[] = []

    override forward(x: Tensor): Tensor {
      const output = super.forward(x)
      this.kept.push(x, output)
      return output
    }
  }
  const own = new Keeping()
  const replaced = new nn.Linear(3, 3)
  const kept: Tensor[] = []
  replaced.forward = (x) => {
    kept.push(x)
    return nn.Linear.prototype.forward.call(replaced, x)
  }
  const net = new nn.Sequential(new nn.Linear(3, 3), new nn.Sequential(own), new nn.Linear(3, 3), replaced)
  torch.noGrad(() => net.call(torch.rand([2, 3])))
  const resnet = models.resnet18()
  const inside = new Keeping()
  resnet.bn1 = new nn.Sequential(resnet.bn1, inside)
  const block: Tensor[] = []
  const last = [...resnet.layer1.at(0).modules()].find((module) => module instanceof nn.BatchNorm2d)
  last?.registerForwardHook((_, __, output) => void block.push(output as Tensor))
  torch.noGrad(() => resnet.call(torch.rand([2, 3, 32, 32])))
  const all = [...own.kept, ...kept, ...inside.kept, ...block]
  expect(all.length).toBe(6)
  expect(all.some((tensor) => tensor.isDisposed)).toBe(false)
})

test('with a graph nothing is disposed', () => {
  const dispose = jest.spyOn(torch.Tensor.prototype, 'dispose')
  const net = new nn.Sequential(new nn.Linear(3, 3), new nn.ReLU(), new nn.Linear(3, 3))
  const x = torch.rand([2, 3])
  const output = net.call(x)
  expect(dispose).toHaveBeenCalledTimes(0)
  torch.noGrad(() => net.call(x))
  expect(dispose).toHaveBeenCalledTimes(2)
  dispose.mockRestore()
  output.sum().backward()
})
