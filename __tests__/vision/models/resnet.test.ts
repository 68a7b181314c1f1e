import { describe, expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { models } from '../../../src/vision'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'
import { withResNet } from './python-resnet'

type Tensors = Record<string, Tensor>

function expectClose(received: Tensor, expected: Tensor, tolerance: { rtol: number; atol: number }, name: string): void {
  expectWith(received, name).toBeAllclose(expected, tolerance)
}

interface Answer {
  readonly names: string[]
  readonly parameters: string[]
  readonly train: Tensor
  readonly state: Tensors
  readonly eval: Tensor
  readonly grads: Tensors
  readonly text: string
}

describe("one seed gives Python's weights, and these the same outputs in training and evaluation", () => {
  test.each(models.architectures)('%s', async (arch) => {
    const python = runPython<Answer>(
      `${withResNet}
torch.manual_seed(5)
model = resnet.build(inputs['arch'], 10)
x = torch.rand(2, 3, 48, 40)
outputs = {'text': str(model), 'names': list(model.state_dict()), 'parameters': [name for name, _ in model.named_parameters()]}
outputs['train'] = model(x)
if inputs['grads']: outputs['train'].square().mean().backward()
outputs['grads'] = {name: p.grad.clone() for name, p in model.named_parameters()} if inputs['grads'] else {}
outputs['state'] = {name: value.clone() for name, value in model.state_dict().items()} if inputs['grads'] else {name: value.clone() for name, value in model.state_dict().items() if value.dim() < 2}
model.eval()
outputs['eval'] = model(x)
`,
      { arch, grads: arch === 'resnet18' },
    )
    torch.manualSeed(5)
    const net = models[arch]({ numClasses: 10 })
    const x = torch.rand([2, 3, 48, 40])
    const text = net.toString()
    const output = net.call(x)
    const expected = await python
    // Those of resnet50 are compared in float64 below.
    if (arch === 'resnet18') output.square().mean().backward()

    expect(Object.keys(net.stateDict())).toEqual(expected.names)
    expect([...net.namedParameters()].map(([name]) => name)).toEqual(expected.parameters)
    expect(text).toBe(expected.text)
    expectClose(output, expected.train, { rtol: 1e-5, atol: 1e-6 }, 'output')
    const state = net.stateDict()
    for (const [name, value] of Object.entries(expected.state)) expectClose(state[name]!, value, { rtol: 1e-6, atol: 1e-7 }, name)
    for (const [name, grad] of Object.entries(expected.grads))
      expectClose(net.getParameter(name).grad!, grad, { rtol: 1e-4, atol: 1e-6 }, name)
    expectClose(net.eval().call(x), expected.eval, { rtol: 1e-5, atol: 1e-6 }, 'in evaluation')
  })
})

describe('in float64, where rounding hides nothing, outputs and gradients agree', () => {
  test.each(['resnet18', 'resnet50'] as const)('%s', async (arch) => {
    const python = runPython<{ train: Tensor; eval: Tensor; grads: Tensors; evalGrads: Tensors; state: Tensors }>(
      `${withResNet}
torch.manual_seed(8)
model = resnet.build(inputs['arch'], 7).double()
x = torch.rand(2, 3, 33, 47, dtype=torch.float64, requires_grad=True)
train = model(x)
train.square().sum().backward()
outputs = {'train': train, 'grads': {name: p.grad for name, p in model.named_parameters()}, 'state': {name: value.clone() for name, value in model.state_dict().items() if value.dim() < 2}}
model.zero_grad()
x.grad = None
model.eval()
evaluated = model(x)
evaluated.square().sum().backward()
outputs['eval'] = evaluated
# What reaches the images has passed every layer.
outputs['evalGrads'] = {'images': x.grad, **{name: p.grad for name, p in model.named_parameters() if p.dim() < 2 or name == 'conv1.weight'}}
`,
      { arch },
    )
    torch.manualSeed(8)
    const net = models[arch]({ numClasses: 7 }).to('float64')
    const x = torch.rand([2, 3, 33, 47], { dtype: 'float64', requiresGrad: true })
    const tolerance = { rtol: 1e-9, atol: 1e-11 }
    const output = net.call(x)
    output.square().sum().backward()
    const grads = Object.fromEntries([...net.namedParameters()].map(([name, { grad }]) => [name, grad!]))
    const after = Object.fromEntries(Object.entries(net.stateDict()).map(([name, value]) => [name, value.clone()]))
    net.zeroGrad()
    x.grad = null
    net.eval()
    const evaluated = net.call(x)
    evaluated.square().sum().backward()

    const expected = await python
    expectClose(output, expected.train, tolerance, 'in training')
    expectClose(evaluated, expected.eval, tolerance, 'in evaluation')
    expect(Object.keys(grads)).toEqual(Object.keys(expected.grads))
    for (const [name, grad] of Object.entries(expected.grads)) expectClose(grads[name]!, grad, tolerance, name)
    for (const [name, value] of Object.entries(expected.state)) expectClose(after[name]!, value, tolerance, name)
    for (const [name, grad] of Object.entries(expected.evalGrads)) {
      expectClose(name === 'images' ? x.grad! : net.getParameter(name).grad!, grad, tolerance, name)
    }
  })
})

test("initialisation has torchvision's scale: kaiming over the outgoing fan, batch norms of one and zero", () => {
  torch.manualSeed(1)
  const net = models.resnet50()
  for (const [name, parameter] of net.namedParameters()) {
    if (parameter.dim() === 4) {
      const [outputs, , height, width] = parameter.shape as [number, number, number, number]
      const deviation = Math.sqrt(2 / (outputs * height * width))
      const count = parameter.numel()
      expectWith(Math.abs(parameter.std().item() / deviation - 1), name).toBeLessThan(5 / Math.sqrt(2 * count))
      expectWith(Math.abs(parameter.mean().item()), name).toBeLessThan((5 * deviation) / Math.sqrt(count))
    } else if (/bn\d|downsample\.1/.test(name)) {
      expectWith(
        parameter
          .eq(name.endsWith('weight') ? 1 : 0)
          .all()
          .item(),
        name,
      ).toBe(true)
    }
  }
  const bound = 1 / Math.sqrt(2048)
  const fc = net.getParameter('fc.weight')
  expect(fc.abs().max().item()).toBeLessThanOrEqual(bound)
  expect(Math.abs(fc.std().item() / (bound / Math.sqrt(3)) - 1)).toBeLessThan(0.01)
})

test('parts can be exchanged', () => {
  const net = models.resnet18()
  const { outFeatures } = net.fc as torch.nn.Linear
  expect(outFeatures).toBe(1000)
  net.fc = new torch.nn.Identity()
  expect(net.call(torch.rand([2, 3, 32, 32])).shape).toEqual([2, 512])
  const trunk = new torch.nn.Sequential(...net.children().slice(0, -2))
  expect(trunk.call(torch.rand([2, 3, 64, 32])).shape).toEqual([2, 512, 2, 1])
})

test('images of a wrong shape are refused with the shapes named', () => {
  const net = models.resnet18()
  expect(() => net.call(torch.rand([2, 1, 32, 32]))).toThrow(/expected input\[2, 1, 32, 32\] to have 3 channels/)
  expect(() => net.call(torch.rand([3, 32]))).toThrow(/3D .*or 4D|\[3, 32\]/)
  expect(() => net.call([[1]] as never)).toThrow(torch.ArgumentError)
  expect(() => net.call(torch.rand([1, 3, 32, 32]))).toThrow(/more than one value per channel.*larger batch/)
})
