import { expect, test } from '@jest/globals'
import { runChild } from '../support/child'

test('300 full training steps hold as many live tensors after a collection at the end as at the 50th', async () => {
  const { steps, loss, moved } = await runChild<{ steps: Record<string, { tensors: number; bytes: number }>; loss: number; moved: number }>(
    `
    const { PixelCL } = require(dist + '/pixelcl')
    const { nn } = torch
    torch.manualSeed(1)
    class Net extends nn.Module {
      stem = new nn.Sequential(new nn.Conv2d(3, 8, 3, { stride: 2, padding: 1 }), new nn.BatchNorm2d(8), new nn.ReLU({ inplace: true }))
      body = new nn.Sequential(new nn.Conv2d(8, 16, 3, { stride: 2, padding: 1 }), new nn.BatchNorm2d(16), new nn.ReLU({ inplace: true }))
      avgpool = new nn.AdaptiveAvgPool2d(1)
      fc = new nn.Linear(16, 4)
      forward(x) { return this.fc.call(this.avgpool.call(this.body.call(this.stem.call(x))).flatten(1)) }
    }
    const net = new Net()
    const learner = new PixelCL(net, { imageSize: 32, hiddenLayerPixel: 'body', projectionSize: 16, projectionHiddenSize: 32, ppmNumLayers: 2 })
    const optimizer = new torch.optim.Adam(learner.parameters(), { lr: 1e-3 })
    const start = net.stem.at(0).weight.detach().clone()
    const view = { box: { y0: 0, y1: 24, x0: 0, x1: 24 }, hflip: false }
    const steps = {}
    let last = 0
    for (let step = 1; step <= 300; step++) {
      // The measured steps have pairs for certain, so that every parameter has its gradient.
      const [loss] = learner.forward(torch.rand([4, 3, 32, 32]), { returnPositivePairs: true, views: step % 50 === 0 ? [view, view] : undefined })
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      learner.updateMovingAverage()
      last = loss.item()
      // What the reference's users do now and then, too.
      if (step % 40 === 0) learner.resetMovingAverage(), learner.forward(torch.rand([4, 3, 32, 32]))
      if (step === 50 || step === 300) {
        for (let i = 0; i < 4; i++) { gc(); await new Promise(setImmediate) }
        const { liveTensors, liveBytes } = torch.memoryStats()
        steps[step] = { tensors: liveTensors, bytes: liveBytes }
      }
    }
    const moved = net.stem.at(0).weight.sub(start).abs().max().item()
    report({ steps, loss: last, moved })
  `,
    { timeout: 200_000 },
  )
  expect(Number.isFinite(loss)).toBe(true)
  expect(moved).toBeGreaterThan(1e-3)
  expect(steps[300]).toEqual(steps[50])
  // Parameters, buffers, gradients and moments alone: a few hundred.
  expect(steps[300]!.tensors).toBeLessThan(500)
}, 220_000)
