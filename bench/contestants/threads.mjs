import * as torch from '../../dist/torch/index.js'
import { serve } from './serve.mjs'

torch.manualSeed(0)
const net = new torch.nn.Sequential(
  new torch.nn.Conv2d(3, 32, 3, { padding: 1 }),
  new torch.nn.ReLU(),
  new torch.nn.Conv2d(32, 32, 3, { padding: 1 }),
  new torch.nn.BatchNorm2d(32),
  new torch.nn.ReLU(),
  new torch.nn.Conv2d(32, 32, 3, { padding: 1 }),
)
const optimizer = new torch.optim.SGD(net.parameters(), { lr: 1e-3 })
const images = torch.rand([16, 3, 64, 64])

function round() {
  const began = performance.now()
  for (let i = 0; i < 5; i++) {
    optimizer.zeroGrad()
    net.call(images).square().mean().backward()
    optimizer.step()
  }
  return { milliseconds: performance.now() - began }
}

round()
await serve(round)
