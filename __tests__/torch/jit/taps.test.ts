import { describe, expect, test } from '@jest/globals'
import { join } from 'node:path'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { exported, ways, type Way } from './export'

/** What hooks see of every named layer, and the gradients of all parameters through each; the network runs once. */
const hooks = `
seen = {}
handles = [module.register_forward_hook(lambda module, args, output, name=name: seen.__setitem__(name, output)) for name, module in net.named_modules() if name]
x = inputs['x'].clone().requires_grad_(True)
seen[''] = net(x)
for handle in handles:
    handle.remove()
names = [name for name, value in seen.items() if isinstance(value, torch.Tensor)]
gradients = {}
for name in names:
    found = torch.autograd.grad((seen[name] * torch.linspace(-1, 1, seen[name].numel()).view(seen[name].shape)).sum(), [x, *net.parameters()], retain_graph=True, allow_unused=True)
    gradients[name] = list(found)
outputs = {'seen': {name: seen[name] for name in names}, 'gradients': gradients, 'buffers': dict(net.named_buffers()), 'parameters': [name for name, _ in net.named_parameters()]}`

interface Seen {
  readonly seen: Record<string, Tensor>
  readonly gradients: Record<string, (Tensor | null)[]>
  readonly buffers: Record<string, Tensor>
  readonly parameters: string[]
}

const images = torch.rand([2, 3, 32, 32], { generator: new torch.Generator().manualSeed(3) })

/** Compares every layer's output and every gradient with the hooks'. */
function compare(module: torch.jit.ScriptModule, expected: Seen): void {
  const names = Object.keys(expected.seen)
  const before = module.buffers().map((buffer) => buffer.clone())
  for (const name of names) {
    module.buffers().forEach((buffer, i) => buffer.copy_(before[i]!))
    const x = images.clone().requiresGrad_()
    const [output] = module.taps([name]).run(module, x) as [Tensor]
    expectWith(output, name).toBeAllclose(expected.seen[name]!)
    const weighted = output.mul(torch.linspace(-1, 1, output.numel()).view(output.shape)).sum()
    module.zeroGrad()
    weighted.backward()
    const parameters = new Map(module.namedParameters())
    const found = [x.grad, ...expected.parameters.map((parameter) => parameters.get(parameter)!.grad)]
    expected.gradients[name]!.forEach((gradient, i) => {
      const where = `gradient ${i === 0 ? 'of the input' : expected.parameters[i - 1]} through '${name}'`
      if (gradient === null) expectWith(found[i] ?? null, where).toBeNull()
      else
        expectWith(found[i], where).toBeAllclose(gradient, {
          rtol: 1e-4,
          atol: 1e-4 * Math.max(1, gradient.abs().max().item() as number) * 0.1,
        })
    })
  }
  const buffers = new Map(module.namedBuffers())
  for (const [name, value] of Object.entries(expected.buffers)) expectWith(buffers.get(name), name).toBeAllclose(value)
}

describe.each(ways)('a %s residual network', (way: Way) => {
  test('returns the output of any layer as a forward hook sees it, with all gradients, and updates buffers', async () => {
    const expected = await exported<Seen>('net = networks.Small()', { way, after: hooks, inputs: { x: images } })
    const module = torch.jit.load(expected.path)
    expect(Object.keys(expected.seen)).toHaveLength([...module.namedModules()].length)
    compare(module, expected)
  })

  test('in eval mode, too', async () => {
    // A network traced in eval mode has that mode in its graph; traced in training mode it keeps that.
    const make = way === 'scripted' ? 'net = networks.Small()' : 'net = networks.Small().eval()'
    const expected = await exported<Seen>(make, { way, after: `net.eval()\n${hooks}`, inputs: { x: images } })
    compare(torch.jit.load(expected.path).eval(), expected)
  })

  test('returns several layers of one run in the requested order, nested and repeated ones included', async () => {
    const { path } = await exported('net = networks.Small()', { way })
    const module = torch.jit.load(path)
    const start = module.buffers().map((buffer) => buffer.clone())
    const paths = ['layer2.0.conv1', 'layer2', 'layer1', 'layer2.0', '', 'layer2', 'avgpool']
    const together = module.taps(paths).run(module, images)
    expect(new Map(module.namedBuffers()).get('bn1.num_batches_tracked')!.item()).toBe(1)
    for (const [i, name] of paths.entries()) {
      module.buffers().forEach((buffer, j) => buffer.copy_(start[j]!))
      expectWith(together[i], name).toEqualTensor(module.taps([name]).run(module, images)[0]!)
    }
  })

  test('shows a ReLU in place after a batch norm in the batch norm’s tap', async () => {
    const { path } = await exported('net = networks.Small()', { way })
    const module = torch.jit.load(path)
    const [norm, relu] = module.taps(['bn1', 'relu']).run(module, images) as [Tensor, Tensor]
    expect(norm.min().item()).toBe(0)
    expect(norm).toEqualTensor(relu)
  })

  test('runs completely even if the tap is before its end, so that later buffers are updated', async () => {
    const { path } = await exported('net = networks.Small()', { way })
    const module = torch.jit.load(path)
    module.taps(['conv1']).run(module, images)
    const buffers = new Map(module.namedBuffers())
    expect(buffers.get('layer2.1.bn2.num_batches_tracked')!.item()).toBe(1)
    expect(buffers.get('layer2.1.bn2.running_mean')!.abs().sum().item()).toBeGreaterThan(0)
  })

  test('a layer that is called several times yields its last call', async () => {
    const expected = await exported<Seen>('net = networks.Repeated()', { way, after: hooks, inputs: { x: images } })
    const module = torch.jit.load(expected.path)
    const [conv] = module.taps(['conv']).run(module, images)
    expect(conv).toBeAllclose(expected.seen['conv']!)
    const firstCall = torch.conv2d(
      images,
      ...(['weight', 'bias'].map((name) => new Map(module.namedParameters()).get(`conv.${name}`)!) as [
        torch.nn.Parameter,
        torch.nn.Parameter,
      ]),
      1,
      1,
    )
    expect(conv).not.toBeAllclose(firstCall)
  })

  test('a deep copy is tapped by the same taps, independently', async () => {
    const { path } = await exported('net = networks.Small()', { way })
    const module = torch.jit.load(path)
    const taps = module.taps(['layer2'])
    const copies = [module.deepcopy(), module.deepcopy()] as const
    for (const copy of copies) torch.noGrad(() => copy.parameters().forEach((parameter) => parameter.mul_(0.5)))
    const [own, copied] = [taps.run(module, images)[0]!, taps.run(copies[0], images)[0]!]
    expect(own).not.toBeAllclose(copied)
    expect(copied).toEqualTensor(copies[1].taps(['layer2']).run(copies[1], images)[0]!)
    for (const each of [module, ...copies]) expect(new Map(each.namedBuffers()).get('bn1.num_batches_tracked')!.item()).toBe(1)
  })
})

describe('the backbones of the reference cases', () => {
  test.each(['pixpro_default', 'pixcontrast', 'no_positive_pairs', 'pixpro_two_layers_wide'])(
    '%s: every child can be tapped, and all parameters up to it have gradients',
    (name) => {
      const module = torch.jit.load(join(__dirname, '..', '..', 'fixtures', 'parity', `${name}.backbone.pt`))
      const dtype = module.parameters()[0]!.dtype
      const children = [...module.namedChildren()].map(([child]) => child)
      const outputs = module.taps(children).run(module, torch.rand([2, 3, 32, 32], { dtype }))
      expect(outputs).toHaveLength(children.length)
      outputs.at(-1)!.sum().backward()
      for (const [parameter, value] of module.namedParameters()) expectWith(value.grad, parameter).not.toBeNull()
    },
  )
})

describe('a layer cannot be tapped', () => {
  const load = async () => torch.jit.load((await exported('net = networks.Branches()')).path)

  test('that is not there: the names that are come nearest first', async () => {
    const module = torch.jit.load((await exported('net = networks.Small()')).path)
    expect(() => module.taps(['layer3'])).toThrow(torch.JitError)
    expect(() => module.taps(['layer3'])).toThrow(
      /the module has no layer 'layer3'\. Its layers, nearest first: layer[12], layer[12], layer[12]\.[01], .*conv1/,
    )
    expect(() => module.taps(['layer1.2.conv1'])).toThrow(/nearest first: layer1\.[01]\.conv1, layer1\.[01]\.conv1/)
    expect(() => module.taps(['constructor'])).toThrow(/no layer 'constructor'/)
  })

  test('that an if or a loop left out of this run', async () => {
    const module = (await load()).eval()
    const taps = module.taps(['nested.0.open', 'after'])
    expect(() => taps.run(module, images)).toThrow(torch.JitError)
    expect(() => taps.run(module, images)).toThrow(
      /the layer 'nested\.0\.open' was not called: an if or a loop of the TorchScript code left it out/,
    )
    expect(taps.run(module.train(), images)).toHaveLength(2)
  })

  test.each(['unused', 'pair'])('that gives no tensor: %s', async (name) => {
    const module = await load()
    expect(() => module.taps([name])).toThrow(
      name === 'unused' ? /forward never calls the layer 'unused'/ : /the layer 'pair' gives \(Tensor, Tensor\) where a Tensor is needed/,
    )
  })
})

describe('layers inside ifs and loops give what a hook saw last', () => {
  test.each([
    ['before, inside, after and beside them', 'net = networks.Branches()', 11],
    ['after early returns', 'net = networks.Gated()', 5],
    ['chosen by a constant attribute', 'net = networks.Gated(memory_efficient=True)', 3],
  ])('%s', async (_, make, count) => {
    const expected = await exported<Seen>(make, { after: hooks, inputs: { x: images } })
    expect(Object.keys(expected.seen).filter(Boolean).length).toBeGreaterThanOrEqual(count)
    compare(torch.jit.load(expected.path), expected)
  })

  test('several of them at once', async () => {
    const expected = await exported<Seen>('net = networks.Branches()', { after: hooks, inputs: { x: images } })
    const module = torch.jit.load(expected.path)
    const names = Object.keys(expected.seen)
    const outputs = module.taps(names).run(module, images)
    names.forEach((name, i) => expectWith(outputs[i], name).toBeAllclose(expected.seen[name]!))
  })
})

test('defaults of forward are kept, and its arguments can be given, also by name', async () => {
  const expected = await exported<Seen>('net = networks.Defaults()', { after: hooks, inputs: { x: images } })
  const module = torch.jit.load(expected.path)
  compare(module, expected)
  const taps = module.taps(['body', ''])
  const [body, features] = taps.run(module, images, { return_features: true, scale: 1 }) as [Tensor, Tensor]
  expect(features).toEqualTensor(body)
  expect(taps.run(module, images, false, 1)[0]).toEqualTensor(body)
  expect(() => taps.run(module)).toThrow(/missing value for argument 'x'/)
})

test('a network that is traced in eval mode names its frozen batch norms; others have none', async () => {
  const frozen = torch.jit.load((await exported('net = networks.Small().eval()', { way: 'traced' })).path)
  const names = [
    'bn1',
    'layer1.0.bn1',
    'layer1.0.bn2',
    'layer1.1.bn1',
    'layer1.1.bn2',
    'layer2.0.bn1',
    'layer2.0.bn2',
    'layer2.0.downsample.1',
    'layer2.1.bn1',
    'layer2.1.bn2',
  ]
  expect(frozen.frozenBatchNorms().sort()).toEqual(names)
  for (const way of ways) expect(torch.jit.load((await exported('net = networks.Small()', { way })).path).frozenBatchNorms()).toEqual([])
  expect(torch.jit.load((await exported('net = networks.Small().eval()')).path).frozenBatchNorms()).toEqual([])
})
