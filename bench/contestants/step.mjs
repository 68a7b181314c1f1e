import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as torch from '../../dist/torch/index.js'
import { models } from '../../dist/vision/index.js'
import { PixelCL } from '../../dist/pixelcl/index.js'
import { pythonPath, root } from '../harness.mjs'
import { serve } from './serve.mjs'

const [batch, size, threads] = process.argv.slice(2, 5).map(Number)
const kind = process.argv[5] ?? 'native'
const device = process.argv[6] ?? 'cpu'
torch.setNumThreads(threads)
torch.manualSeed(0)

function scripted() {
  const folder = join(tmpdir(), 'pixelcl-bench')
  const file = join(folder, 'resnet50.pt')
  mkdirSync(folder, { recursive: true })
  if (!existsSync(file)) execFileSync(pythonPath(), ['-B', join(root, 'models', 'export.py'), 'resnet50', file, '--random'])
  return torch.jit.load(file)
}

const net = kind === 'script' ? scripted() : models.resnet50()
const options = { imageSize: size, hiddenLayerPixel: 'layer4', hiddenLayerInstance: -2, augmentFn: (images) => images }
const learner = new PixelCL(net, options).to(device)
const optimizer = new torch.optim.Adam(learner.parameters(), { lr: 1e-4 })
const images = torch.rand([batch, 3, size, size]).to(device)

function peak() {
  if (device !== 'cpu') return torch.cuda.maxMemoryAllocated(device)
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
}

function round() {
  const start = performance.now()
  const loss = learner.forward(images)
  optimizer.zeroGrad()
  loss.backward()
  optimizer.step()
  learner.updateMovingAverage()
  if (device !== 'cpu') torch.cuda.synchronize(device)
  return { seconds: (performance.now() - start) / 1000, peak: peak(), loss: loss.item() }
}

round()
await serve(round)
