import { describe, expect, test } from '@jest/globals'
import { join } from 'node:path'
import * as torch from '../../src/torch'
import { correspondence, freeze, knnMeanIoU, measure } from '../../src/evaluation'
import { Small } from '../pixelcl/small'
import { someSet } from './support'

const smallScript = join(__dirname, '..', '..', 'models', 'small.pt')

describe('a backbone is measured', () => {
  test('by the measures of its frozen features, and its pictures are the first eight', () => {
    torch.manualSeed(4)
    const net = new Small()
    const set = someSet()
    const features = freeze(net, 'body', set.statistics)
    const { correspondence: found, meanIoU, pictures } = measure(net, 'body', set)
    expect(found).toBe(correspondence(features, set.images, set.views))
    expect(meanIoU).toBe(knnMeanIoU(features, set.labels!.bank, { images: set.images, masks: set.labels!.masks }, { classes: 2 }))
    expect(pictures.features).toBeAllclose(features.of(set.images.narrow(0, 0, 8)))
    expect(pictures.segmentation!.shape).toEqual([8, 32, 32])
  })

  test('without masks by what needs none', () => {
    const { meanIoU, pictures, correspondence: found } = measure(new Small(), 'body', { ...someSet(), labels: undefined })
    expect(meanIoU).toBeNull()
    expect(pictures.segmentation).toBeNull()
    expect(found).toBeGreaterThan(0)
  })

  test('without a change of its weights, statistics or mode, TorchScript or not', () => {
    for (const [net, layer] of [
      [new Small(), 'body'],
      [torch.jit.load(smallScript), 'layer2'],
    ] as const) {
      // prettier-ignore
      net.train()
      const before = Object.entries(net.stateDict()).map(([name, value]) => [name, value.clone()] as const)
      measure(net, layer, someSet())
      const after = net.stateDict()
      for (const [name, value] of before) expect(after[name]).toEqualTensor(value)
      expect(net.training).toBe(true)
    }
  })

  test('alike each time, whatever its batch norms have seen so far', () => {
    const net = new Small()
    const set = someSet()
    const first = measure(net, 'body', set)
    torch.noGrad(() => net.train().call(torch.rand([4, 3, 32, 32]).mul(100)))
    const second = measure(net, 'body', set)
    expect([second.correspondence, second.meanIoU]).toEqual([first.correspondence, first.meanIoU])
  })

  test('by fewer than eight pictures where there are fewer images', () => {
    const set = someSet()
    expect(measure(new Small(), 'body', { ...set, images: set.images.narrow(0, 0, 3), labels: undefined }).pictures.features.shape[0]).toBe(
      3,
    )
  })

  test('at no layer that it lacks', () => {
    expect(() => measure(new Small(), 'boddy', someSet())).toThrow(/no layer 'boddy'.*did you mean 'body'/s)
  })
})
