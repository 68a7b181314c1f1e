// Checks for a GPU, as plain programs over dist/, so that the machine needs neither npm nor a test runner. The tests run those that work on
// any device on the CPU, so that a broken check is noticed without a GPU.
//   node scripts/gpu/checks.mjs [DEVICE]     one line of JSON per check; DEVICE is cuda:0 by default
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as torch from '../../dist/torch/index.js'
import { models } from '../../dist/vision/index.js'
import { PixelCL } from '../../dist/pixelcl/index.js'
import { packageRoot } from '../setup/cache.mjs'

function assertClose(received, expected, tolerance, name) {
  const [a, b] = [received.cpu().to('float64'), expected.cpu().to('float64')]
  const worst = a.sub(b).abs().div(b.abs().clampMin(1)).max().item()
  assert.ok(worst <= tolerance, `${name}: off by ${worst}, beyond ${tolerance}`)
}

/** One run on a device: the loss of each step, and the learner at the end. */
function train(device, makeBackbone, dtype) {
  torch.manualSeed(7)
  const options = { imageSize: 64, hiddenLayerPixel: 'layer3', hiddenLayerInstance: -2, projectionSize: 32, projectionHiddenSize: 64 }
  const learner = new PixelCL(makeBackbone().to(dtype), { ...options, augmentFn: (images) => images })
  const images = torch.rand([3, 4, 3, 64, 64], { dtype })
  learner.to(device)
  const optimizer = new torch.optim.SGD(learner.parameters(), { lr: 0.05, momentum: 0.9 })
  const views = [
    { box: { y0: 3, y1: 51, x0: 5, x1: 53 }, hflip: true },
    { box: { y0: 10, y1: 57, x0: 0, x1: 45 }, hflip: false },
  ]
  const losses = images.unbind().map((batch) => {
    const loss = learner.forward(batch.to(device), { views })
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    learner.updateMovingAverage()
    assert.equal(loss.device, torch.ones([1]).to(device).device)
    return loss.item()
  })
  return { losses, state: learner.stateDict() }
}

function agrees(device, makeBackbone) {
  for (const [dtype, tolerance] of [
    ['float64', 1e-8],
    ['float32', 1e-4],
  ]) {
    const [here, there] = [train('cpu', makeBackbone, dtype), train(device, makeBackbone, dtype)]
    for (const [step, loss] of here.losses.entries()) {
      const off = Math.abs(there.losses[step] - loss) / Math.max(1, Math.abs(loss))
      assert.ok(off <= tolerance, `${dtype}, loss of step ${step + 1}: ${there.losses[step]} in place of ${loss}`)
    }
    assert.deepEqual(Object.keys(there.state), Object.keys(here.state))
    // Rounding errors accumulate over the steps.
    for (const [name, value] of Object.entries(here.state)) assertClose(there.state[name], value, 10 * tolerance, `${dtype}, ${name}`)
  }
}

function withFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'pixelcl-gpu-'))
  try {
    return work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `run(device)` throws if the check fails; `cuda` marks checks that need a GPU. */
export const checks = [
  {
    name: 'operators give what the CPU gives',
    run(device) {
      torch.manualSeed(1)
      const [x, weight] = [torch.randn([2, 8, 32, 32]), torch.randn([16, 8, 3, 3])]
      const F = torch.nn.functional
      const work = (a, b) => F.interpolate(F.conv2d(a, b, { padding: 1 }).relu(), { scaleFactor: 2, mode: 'bilinear' })
      assertClose(work(x.to(device), weight.to(device)), work(x, weight), 1e-4, 'convolution')
      assertClose(
        x
          .to(device)
          .view([16, -1])
          .matmul(x.to(device).view([-1, 16])),
        x.view([16, -1]).matmul(x.view([-1, 16])),
        1e-4,
        'product',
      )
      assert.deepEqual(x.to(device).gt(0).nonzero().cpu().tolist(), x.gt(0).nonzero().tolist())
    },
  },
  {
    name: 'a native learner trains as on the CPU, to 1e-4 in float32 and 1e-8 in float64',
    run: (device) => agrees(device, () => models.resnet18()),
  },
  {
    name: 'a TorchScript learner trains as on the CPU, to 1e-4 in float32 and 1e-8 in float64',
    run: (device) => agrees(device, () => torch.jit.load(join(packageRoot, 'models', 'small.pt'))),
  },
  {
    name: 'the default augmentations run there',
    run(device) {
      const options = { imageSize: 64, hiddenLayerPixel: 'layer3', projectionSize: 16, projectionHiddenSize: 16 }
      const learner = new PixelCL(models.resnet18(), options).to(device)
      for (let i = 0; i < 10; i++) assert.ok(Number.isFinite(learner.forward(torch.rand([2, 3, 64, 64], { device })).item()))
    },
  },
  {
    name: "hooks run on this thread, whichever thread of autograd's calls them",
    run(device) {
      const x = torch.ones([4], { device, requiresGrad: true })
      const seen = []
      const y = x.mul(3)
      y.registerHook((grad) => void seen.push(grad.device, grad.tolist()))
      x.registerHook((grad) => grad.mul(2))
      y.sum().backward()
      assert.deepEqual(seen, [x.device, [1, 1, 1, 1]])
      assert.deepEqual(x.grad.tolist(), [6, 6, 6, 6])
      const z = torch.ones([1], { device, requiresGrad: true })
      z.mul(2).registerHook(() => {})
      z.registerHook(() => {
        throw new RangeError('mine')
      })
      assert.throws(() => z.mul(2).backward(), /^RangeError: mine$/)
      assert.equal(torch.ones([2], { device }).sum().item(), 2)
    },
  },
  {
    name: 'one seed gives one run, and a saved state goes on with it',
    run(device) {
      const draw = () => torch.randn([1000], { device }).cpu().tolist()
      torch.manualSeed(3)
      const first = draw()
      const generator = torch.defaultGenerator(device)
      const state = generator.getState()
      const second = draw()
      generator.setState(state)
      assert.deepEqual(draw(), second)
      torch.manualSeed(3)
      assert.deepEqual(draw(), first)
    },
  },
  {
    name: 'states are saved from there and loaded to either side',
    run: (device) =>
      withFolder((folder) => {
        const net = models.resnet18().to(device)
        const path = join(folder, 'state.pt')
        torch.save(net.stateDict(), path)
        const name = 'layer1.0.conv1.weight'
        const [there, here] = [torch.load(path, { mapLocation: device }), torch.load(path, { mapLocation: 'cpu' })]
        assert.equal(there[name].device, net.stateDict()[name].device)
        assert.equal(here[name].device, 'cpu')
        assert.ok(there[name].cpu().equal(here[name]))
        const script = join(folder, 'script.pt')
        torch.jit.save(torch.jit.load(join(packageRoot, 'models', 'small.pt')).to(device), script)
        const images = torch.rand([1, 3, 64, 64])
        const output = torch.jit.load(script, { mapLocation: 'cpu' }).eval().call(images)
        assert.ok(output.isfinite().all().item())
      }),
  },
  {
    name: 'memory is counted, waited for and given back',
    cuda: true,
    run(device) {
      const before = torch.cuda.memoryAllocated(device)
      const x = torch.ones([1024, 1024], { device })
      assert.ok(torch.cuda.memoryAllocated(device) - before >= 2 ** 22)
      x.dispose()
      torch.cuda.synchronize(device)
      assert.ok(torch.cuda.memoryAllocated(device) <= before)
      assert.ok(torch.cuda.maxMemoryAllocated(device) >= before + 2 ** 22)
      torch.cuda.emptyCache()
      assert.ok(torch.cuda.memoryReserved(device) >= torch.cuda.memoryAllocated(device))
      assert.throws(() => torch.cuda.memoryAllocated('cuda:99'), /99/)
    },
  },
  {
    name: 'a synchronous loop that disposes of nothing stays bounded',
    cuda: true,
    run(device) {
      torch.cuda.emptyCache()
      for (let i = 0; i < 3000; i++) torch.ones([1024, 1024], { device })
      const reserved = torch.cuda.memoryReserved(device) / 2 ** 20
      assert.ok(reserved < 2048, `12 GB passed by, and ${reserved.toFixed(0)} MiB are held`)
    },
  },
  {
    name: 'too large a tensor is an error, and work goes on',
    cuda: true,
    run(device) {
      assert.throws(
        () => torch.empty([2 ** 40], { device }),
        (error) => error instanceof torch.TorchError && error.code === 'OUT_OF_MEMORY',
      )
      assert.throws(() => torch.ones([2], { device }).add(torch.ones([2])), torch.TorchError)
      assert.equal(torch.ones([2], { device }).sum().item(), 2)
    },
  },
]

/** Runs all checks that apply to the device and yields `{ name, error, seconds }` for each. */
export function* runChecks(device) {
  for (const { name, cuda, run } of checks) {
    if (cuda && !device.startsWith('cuda')) continue
    const began = performance.now()
    let error = null
    try {
      run(device)
    } catch (failure) {
      error = failure.stack
    }
    yield { name, error, seconds: (performance.now() - began) / 1000 }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const result of runChecks(process.argv[2] ?? 'cuda:0')) {
    process.stdout.write(`${JSON.stringify(result)}\n`)
    if (result.error !== null) process.exitCode = 1
  }
}
