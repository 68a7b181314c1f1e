import { describe, expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { models } from '../../../src/vision'
import { expectWith } from '../../support/expect'
import { temporary } from '../../support/files'
import { runPython } from '../../support/python'
import { exported } from './export'

const { nn } = torch
const seeded = (shape: number[]) => torch.randn(shape, { generator: new torch.Generator().manualSeed(5) })

/** Loads the file without this package, runs it forward and backward in both modes, and trains it a step. */
const run = `
results = {}
for name, module in {'jit': torch.jit.load(inputs['path']), 'load': torch.load(inputs['path'], weights_only=False)}.items():
    results[name] = {'mode': module.training, 'modes': [m.training for m in module.modules()], 'state': {k: v.clone() for k, v in module.state_dict().items()}}
    for mode in [True, False]:
        module.train(mode)
        torch.manual_seed(11)
        x = inputs['x'].clone().requires_grad_(True)
        y = module(x)
        module.zero_grad()
        y.pow(2).sum().backward()
        results[name][str(mode)] = {'y': y, 'x': x.grad, 'gradients': {n: p.grad.clone() for n, p in module.named_parameters() if p.grad is not None}, 'buffers': {n: b.clone() for n, b in module.named_buffers()}}
    parameters = [p for p in module.parameters() if p.requires_grad]
    if parameters:
        module.train()
        optimizer = torch.optim.SGD(parameters, lr=0.01)
        losses = []
        for _ in range(3):
            optimizer.zero_grad()
            loss = module(inputs['x']).pow(2).mean()
            loss.backward()
            optimizer.step()
            losses.append(float(loss))
        results[name]['losses'] = losses
outputs = results`

interface Pass {
  readonly y: Tensor
  readonly x: Tensor
  readonly gradients: Record<string, Tensor>
  readonly buffers: Record<string, Tensor>
}
interface Result {
  readonly mode: boolean
  readonly modes: boolean[]
  readonly state: Record<string, Tensor>
  readonly True: Pass
  readonly False: Pass
  readonly losses?: number[]
}

/** Saves the module, has Python run it, and compares everything with what the module itself does. */
async function expectSameInPython(module: torch.nn.AnyModule, input: Tensor): Promise<string> {
  const path = temporary(`${Math.random().toString(36).slice(2)}.pt`)
  torch.save(module, path)
  const results = await runPython<Record<'jit' | 'load', Result>>(run, { path, x: input })
  for (const [way, result] of Object.entries(results)) {
    const own = module.deepcopy() as unknown as torch.nn.Module
    expectWith([result.mode, result.modes], way).toEqual([own.training, own.modules().map((each) => each.training)])
    const state = own.stateDict()
    expectWith(Object.keys(result.state).sort(), way).toEqual(Object.keys(state).sort())
    for (const [name, value] of Object.entries(result.state)) expectWith(value, name).toEqualTensor(state[name]!)
    for (const mode of [true, false]) {
      const expected = result[mode ? 'True' : 'False']
      own.train(mode)
      torch.manualSeed(11)
      const x = input.clone().requiresGrad_()
      const y = own.call(x)
      own.zeroGrad()
      y.pow(2).sum().backward()
      const scale = (value: Tensor) => ({
        rtol: 1e-4,
        atol: 1e-5 * Math.max(1, value.numel() === 0 ? 0 : (value.abs().max().item() as number)),
      })
      expectWith(expected.y, `${way}: output, training ${mode}`).toBeAllclose(y.detach())
      expectWith(expected.x, `${way}: gradient of the input`).toBeAllclose(x.grad!, scale(x.grad!))
      const gradients = new Map([...own.namedParameters()].filter(([, parameter]) => parameter.grad !== null))
      expect(Object.keys(expected.gradients).sort()).toEqual([...gradients.keys()].sort())
      for (const [name, gradient] of Object.entries(expected.gradients))
        expectWith(gradient, name).toBeAllclose(gradients.get(name)!.grad!, scale(gradient))
      const buffers = new Map(own.namedBuffers())
      for (const [name, buffer] of Object.entries(expected.buffers)) expectWith(buffer, name).toBeAllclose(buffers.get(name)!)
    }
    if (result.losses !== undefined) expectWith(result.losses[2], 'loss after fine-tuning').toBeLessThan(result.losses[0]!)
  }
  return path
}

const image = seeded([4, 3, 8, 8])

const layers: readonly (readonly [string, () => torch.nn.AnyModule, Tensor])[] = [
  ['Conv2d', () => new nn.Conv2d(3, 4, 3, { stride: 2, padding: 1 }), image],
  [
    'Conv2d without bias, dilated, in groups',
    () => new nn.Conv2d(4, 4, [3, 2], { bias: false, dilation: [1, 2], groups: 2, padding: 'valid' }),
    seeded([2, 4, 8, 8]),
  ],
  ['Conv2d padded to the same size', () => new nn.Conv2d(3, 4, 3, { padding: 'same' }), image],
  ['Conv2d padded by reflection', () => new nn.Conv2d(3, 4, 3, { padding: [1, 2], paddingMode: 'reflect' }), image],
  ['Conv2d padded by replication', () => new nn.Conv2d(3, 4, 3, { padding: 'same', paddingMode: 'replicate' }), image],
  ['Conv2d padded in a circle', () => new nn.Conv2d(3, 4, 3, { padding: 1, paddingMode: 'circular' }), image],
  [
    'Conv2d with an even kernel, padded to the same size by reflection',
    () => new nn.Conv2d(3, 4, [2, 4], { padding: 'same', paddingMode: 'reflect' }),
    image,
  ],
  ['BatchNorm1d', () => new nn.BatchNorm1d(5), seeded([6, 5])],
  ['BatchNorm1d over lengths', () => new nn.BatchNorm1d(5, { momentum: 0.3, eps: 1e-3 }), seeded([6, 5, 4])],
  ['BatchNorm2d', () => new nn.BatchNorm2d(3), image],
  ['BatchNorm2d that averages over all batches', () => new nn.BatchNorm2d(3, { momentum: null }), image],
  ['BatchNorm2d without running statistics', () => new nn.BatchNorm2d(3, { trackRunningStats: false }), image],
  ['BatchNorm2d without affine', () => new nn.BatchNorm2d(3, { affine: false }), image],
  ['Linear', () => new nn.Linear(5, 3), seeded([4, 5])],
  ['Linear without bias', () => new nn.Linear(5, 3, { bias: false }), seeded([2, 4, 5])],
  ['ReLU', () => new nn.ReLU(), image],
  ['MaxPool2d', () => new nn.MaxPool2d(3, { stride: 2, padding: 1, ceilMode: true }), image],
  ['MaxPool2d of pairs, dilated', () => new nn.MaxPool2d([2, 3], { dilation: [2, 1] }), image],
  ['AvgPool2d', () => new nn.AvgPool2d(3, { stride: [1, 2], padding: 1, ceilMode: true, countIncludePad: false }), image],
  ['AvgPool2d with a divisor', () => new nn.AvgPool2d(2, { divisorOverride: 3 }), image],
  ['AdaptiveAvgPool2d', () => new nn.AdaptiveAvgPool2d([2, 3]), image],
  ['Flatten', () => new nn.Flatten(), image],
  ['Flatten of some dimensions', () => new nn.Flatten(0, 1), image],
  ['Dropout', () => new nn.Dropout(0.3), image],
  ['Dropout of everything', () => new nn.Dropout(1), image],
  ['Identity', () => new nn.Identity(), image],
  ['an empty Sequential', () => new nn.Sequential(), image],
]

describe('Python runs, trains and finds unchanged a saved', () => {
  test.each(layers)('%s', async (_, make, input) => {
    torch.manualSeed(0)
    await expectSameInPython(make(), input)
  })

  test('Sequential of all of them, nested and named', async () => {
    torch.manualSeed(0)
    const net = new nn.Sequential({
      stem: new nn.Sequential(new nn.Conv2d(3, 8, 3, { padding: 1, bias: false }), new nn.BatchNorm2d(8), new nn.ReLU({ inplace: true })),
      pool: new nn.MaxPool2d(2),
      'odd name': new nn.Sequential(new nn.Conv2d(8, 8, 1), new nn.BatchNorm2d(8, { momentum: null }), new nn.Identity()),
      average: new nn.AvgPool2d(2),
      head: new nn.Sequential(
        new nn.AdaptiveAvgPool2d(1),
        new nn.Flatten(),
        new nn.Linear(8, 6),
        new nn.BatchNorm1d(6),
        new nn.ReLU(),
        new nn.Dropout(0.1),
        new nn.Linear(6, 2),
      ),
    })
    await expectSameInPython(net, image)
  })

  test('resnet18, and counts its batches', async () => {
    torch.manualSeed(0)
    const path = await expectSameInPython(models.resnet18({ numClasses: 10 }), seeded([2, 3, 64, 64]))
    const code = `
      module = torch.jit.load(inputs['path'])
      before = module.bn1.running_mean.clone()
      module(inputs['x']); module(inputs['x'])
      outputs = {'counts': [int(v) for k, v in module.state_dict().items() if k.endswith('num_batches_tracked')], 'moved': not before.equal(module.bn1.running_mean)}
      module.eval()(inputs['x'])
      outputs['still'] = int(module.bn1.num_batches_tracked)`
    const { counts, moved, still } = await runPython<{ counts: number[]; moved: boolean; still: number }>(code, {
      path,
      x: seeded([2, 3, 64, 64]),
    })
    expect(counts).toEqual(Array(20).fill(2))
    expect([moved, still]).toEqual([true, 2])
  })

  test('resnet50 in eval mode', async () => {
    torch.manualSeed(0)
    const net = models.resnet50({ numClasses: 4 }).eval()
    const path = temporary('resnet50.pt')
    torch.save(net, path)
    const x = seeded([2, 3, 64, 64])
    const { y, training } = await runPython<{ y: Tensor; training: boolean }>(
      `module = torch.jit.load(inputs['path']); outputs = {'y': module(inputs['x']), 'training': module.training}`,
      { path, x },
    )
    expect(training).toBe(false)
    expect(y).toBeAllclose(net.call(x).detach())
  })

  test('module with frozen parameters, with those frozen', async () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 2))
    net.at(0).requiresGrad_(false)
    const path = temporary('frozen.pt')
    torch.save(net, path)
    expect(await runPython(`outputs = {'grad': [p.requires_grad for p in torch.jit.load(inputs['path']).parameters()]}`, { path })).toEqual(
      { grad: [false, false, true, true] },
    )
  })

  test('module that shares a layer, and layers that share a weight', async () => {
    torch.manualSeed(0)
    const shared = new nn.Linear(3, 3)
    const tied = new nn.Linear(3, 3)
    tied.weight = shared.weight
    const net = new nn.Sequential(shared, new nn.ReLU(), shared, tied)
    const path = temporary('tied.pt')
    torch.save(net, path)
    const x = seeded([2, 3])
    const code = `
      module = torch.jit.load(inputs['path'])
      y = module(inputs['x'])
      y.sum().backward()
      outputs = {'y': y, 'gradient': getattr(module, '0').weight.grad, 'same': len({p.data_ptr() for p in module.parameters()}), 'count': len(list(module.parameters()))}`
    const seen = await runPython<{ y: Tensor; gradient: Tensor; same: number; count: number }>(code, { path, x })
    const y = net.call(x)
    y.sum().backward()
    expect(seen.y).toBeAllclose(y.detach())
    expect(seen.gradient).toBeAllclose(shared.weight.grad!)
    expect([seen.same, seen.count]).toEqual([3, 3])
    expect(torch.jit.load(path).parameters()).toHaveLength(3)
  })
})

describe('a saved module comes back as a ScriptModule', () => {
  test('with equal outputs, taps and gradients', async () => {
    torch.manualSeed(0)
    const net = models.resnet18({ numClasses: 5 })
    const path = temporary('back.pt')
    torch.save(net, path)
    const script = torch.jit.load(path)
    const x = seeded([2, 3, 64, 64])
    const seen: Record<string, Tensor> = {}
    const names = ['layer1.0.bn1', 'layer3', 'layer4.1.conv2', 'avgpool']
    const handles = names.map((name) =>
      net.getSubmodule(name).registerForwardHook((_, __, output) => void (seen[name] = torch.keep(output as Tensor))),
    )
    net.call(x).sum().backward()
    handles.forEach((handle) => handle.remove())
    const taps = script.taps([...names, '']).run(script, x)
    names.forEach((name, i) => expectWith(taps[i], name).toBeAllclose(seen[name]!.detach()))
    taps.at(-1)!.sum().backward()
    const gradients = new Map(script.namedParameters())
    for (const [name, parameter] of net.namedParameters()) {
      const expected = parameter.grad!
      expectWith(gradients.get(name)!.grad, name).toBeAllclose(expected, {
        rtol: 1e-4,
        atol: 1e-5 * Math.max(1, expected.abs().max().item() as number),
      })
    }
    expect(script.frozenBatchNorms()).toEqual([])
  })

  test('whose shared layer yields its last call under either name', () => {
    const activation = new nn.ReLU()
    const net = new nn.Sequential(new nn.Linear(3, 3), activation, new nn.Linear(3, 3), activation)
    const path = temporary('activation.pt')
    torch.save(net, path)
    const script = torch.jit.load(path)
    const [one, three, whole] = script.taps(['1', '3', '']).run(script, seeded([2, 3])) as [Tensor, Tensor, Tensor]
    expect(one).toEqualTensor(whole)
    expect(three).toEqualTensor(whole)
  })

  test('and may hold TorchScript of Python’s among its layers', async () => {
    const { path } = await exported('net = networks.Small().eval()')
    const net = new nn.Sequential({ backbone: torch.jit.load(path) as unknown as torch.nn.Module, head: new nn.Linear(5, 2) })
    const saved = temporary('mixed.pt')
    torch.save(net, saved)
    const x = seeded([2, 3, 32, 32])
    const { y } = await runPython(`outputs = {'y': torch.jit.load(inputs['path'])(inputs['x'])}`, { path: saved, x })
    expect(y).toBeAllclose(net.call(x).detach())
  })
})

describe('torch.save refuses, naming the state dict as the way,', () => {
  class Doubled extends nn.Module {
    linear = new nn.Linear(2, 2)
    override forward(x: Tensor): Tensor {
      return this.linear.call(x).mul(2)
    }
  }
  class OwnForward extends nn.Linear {
    override forward(x: Tensor): Tensor {
      return super.forward(x).mul(2)
    }
  }
  class OwnCall extends nn.Linear {
    override call<F extends torch.nn.Forward>(this: { forward: F }, ...args: Parameters<F>): ReturnType<F> {
      return nn.Linear.prototype.call.call(this, ...args) as ReturnType<F>
    }
  }
  class Nested extends nn.Module {
    override forward(x: Tensor): Tensor {
      return x
    }
    override torchScript(): string {
      return `def forward(self, x):\n    return ${'('.repeat(100_000)}x${')'.repeat(100_000)}\n`
    }
  }
  const patched = () => {
    const layer = new nn.Linear(2, 2)
    layer.forward = (x) => x
    return layer
  }
  const hooked = () => {
    const layer = new nn.Linear(2, 2)
    layer.registerForwardHook(() => undefined)
    return layer
  }

  test.each<[string, () => torch.nn.AnyModule, RegExp]>([
    ['a module of one’s own', () => new Doubled(), /^Doubled cannot be written as TorchScript.*torch\.save\(module\.stateDict\(\), path\)/],
    [
      'one among layers, with its place',
      () => new nn.Sequential(new nn.ReLU(), new nn.Sequential({ own: new Doubled() })),
      /^Doubled \(at '1\.own'\)/,
    ],
    [
      'a layer whose source is nested too deeply',
      () => new Nested(),
      /^Nested: its torchScript\(\) has 200 brackets in one another at line 2/,
    ],
    ['a layer with another forward', () => new OwnForward(2, 2), /^OwnForward cannot be written/],
    ['a layer with another call', () => new OwnCall(2, 2), /^OwnCall cannot be written/],
    ['a layer whose forward was replaced', patched, /^Linear cannot be written/],
    ['a layer with hooks', hooked, /^Linear has forward hooks.*remove\(\) them first, or save module\.stateDict\(\)/],
    ['a name that is Python’s own', () => new nn.Sequential({ in: new nn.ReLU() }), /'in' is a word of Python's own.*rename/],
  ])('%s', (_, make, message) => {
    expect(() => torch.save(make(), temporary('own.pt'))).toThrow(message)
    expect(() => torch.save(make(), temporary('own.pt'))).toThrow(torch.ArgumentError)
    expect(() => torch.load(temporary('own.pt'))).toThrow(/there is no file/)
  })

  test('but writes one that tells its source beside its forward, lists of layers included', async () => {
    class Sum extends nn.Module {
      branches = new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2)])
      override forward(x: Tensor): Tensor {
        return this.branches.at(0).call(x).add(this.branches.at(1).call(x))
      }
      override torchScript(): string {
        return nn.forwardSource(
          'first = getattr(self.branches, "0").forward(input)',
          'return first + getattr(self.branches, "1").forward(input)',
        )
      }
    }
    await expectSameInPython(new Sum(), seeded([3, 2]))
  })

  test('and says where a source does not compile', () => {
    class Broken extends nn.Identity {
      override forward(x: Tensor): Tensor {
        return x
      }
      override torchScript(): string {
        return nn.forwardSource('return nothing_of_the_kind(input)')
      }
    }
    expect(() => torch.save(new Broken(), temporary('broken.pt'))).toThrow(torch.JitError)
    expect(() => torch.save(new Broken(), temporary('broken.pt'))).toThrow(/nothing_of_the_kind/)
  })
})
