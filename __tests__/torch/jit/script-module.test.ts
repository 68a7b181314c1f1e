import { describe, expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { temporary } from '../../support/files'
import { runPython } from '../../support/python'
import { exported, ways } from './export'

const images = torch.rand([2, 3, 32, 32], { generator: new torch.Generator().manualSeed(3) })
const load = async (make = 'net = networks.Small()', way = ways[0]!) => torch.jit.load((await exported(make, { way })).path)

describe('a loaded module', () => {
  test('has Python’s names, in its order, and the tree of its children', async () => {
    const expected = await exported<{ parameters: string[]; buffers: string[]; modules: string[]; state: string[]; type: string }>(
      'net = networks.Small()',
      {
        after: `outputs = {'parameters': [n for n, _ in program.named_parameters()], 'buffers': [n for n, _ in program.named_buffers()], 'modules': [n for n, _ in program.named_modules()], 'state': list(program.state_dict()), 'type': program.original_name}`,
      },
    )
    const module = torch.jit.load(expected.path)
    expect([...module.namedParameters()].map(([name]) => name)).toEqual(expected.parameters)
    expect([...module.namedBuffers()].map(([name]) => name)).toEqual(expected.buffers)
    expect([...module.namedModules()].map(([name]) => name)).toEqual(expected.modules)
    expect(Object.keys(module.stateDict()).sort()).toEqual(expected.state.sort())
    expect([module.originalName, expected.type]).toEqual(['Small', 'Small'])
    expect(module.toString()).toMatch(
      /RecursiveScriptModule\(original_name=Small\n {2}\(conv1\): RecursiveScriptModule\(original_name=Conv2d\)/,
    )
  })

  test.each(ways)('computes what Python computes, in both modes, forward and backward (%s)', async (way) => {
    const code = `
outputs = {}
for mode in [True, False]:
    program.train(mode)
    program.zero_grad()
    y = program(inputs['images'])
    (y * y).sum().backward()
    outputs[str(mode)] = {'y': y, 'gradient': program.conv1.weight.grad.clone(), 'count': int(program.bn1.num_batches_tracked)}`
    const expected = await exported<Record<'True' | 'False', { y: Tensor; gradient: Tensor; count: number }>>('net = networks.Small()', {
      way,
      after: code,
      inputs: { images },
    })
    const module = torch.jit.load(expected.path)
    for (const mode of [true, false]) {
      const { y, gradient, count } = expected[mode ? 'True' : 'False']
      module.train(mode)
      module.zeroGrad()
      const output = module.call(images) as Tensor
      output.mul(output).sum().backward()
      expect(output).toBeAllclose(y)
      const weight = new Map(module.namedParameters()).get('conv1.weight')!
      expect(weight.grad).toBeAllclose(gradient, { rtol: 1e-4, atol: 1e-4 })
      expect(new Map(module.namedBuffers()).get('bn1.num_batches_tracked')!.item()).toBe(count)
      expect([...module.namedModules()].every(([, child]) => child.training === mode)).toBe(true)
    }
  })

  test('keeps the mode it was saved in', async () => {
    expect((await load('net = networks.Small().eval()')).training).toBe(false)
    expect((await load('net = networks.Small()')).training).toBe(true)
  })

  test('trains under an optimizer of ours as under Python’s', async () => {
    const code = `
optimizer = torch.optim.Adam(program.parameters(), lr=0.01)
for _ in range(3):
    optimizer.zero_grad()
    program(inputs['images']).pow(2).mean().backward()
    optimizer.step()
outputs = {'weight': program.fc.weight, 'bias': program.conv1.weight}`
    const expected = await exported<{ weight: Tensor; bias: Tensor }>('net = networks.Small()', { after: code, inputs: { images } })
    const module = torch.jit.load(expected.path)
    const optimizer = new torch.optim.Adam(module.parameters(), { lr: 0.01 })
    for (let i = 0; i < 3; i++) {
      optimizer.zeroGrad()
      ;(module.call(images) as Tensor).pow(2).mean().backward()
      optimizer.step()
    }
    const parameters = new Map(module.namedParameters())
    expect(parameters.get('fc.weight')).toBeAllclose(expected.weight, { rtol: 1e-4, atol: 1e-5 })
  })

  test('takes and gives values beside tensors, and methods by name', async () => {
    const module = await load('net = networks.Chatty()')
    const x = torch.ones([3])
    const result = module.call(x, 2) as Map<string, Tensor>
    expect(result.get('y')!.tolist()).toEqual([0, 4, 8])
    expect([...(module.call(x, 1, 'mine') as Map<string, Tensor>).keys()]).toEqual(['y', 'mine'])
    const [sum, flag] = module.invoke('pair', [x, x], true) as [Tensor, number]
    expect([sum.tolist(), flag]).toEqual([[2, 2, 2], 1])
    expect(module.methodNames()).toEqual(expect.arrayContaining(['forward', 'pair', 'fail']))
    expect(module.graph()).toContain('aten::mul')
    expect(module.namedParameters().next().value![1]).toBeInstanceOf(torch.nn.Parameter)
    expect([...module.namedParameters()].map(([name, parameter]) => [name, parameter.requiresGrad])).toEqual([
      ['weight', true],
      ['frozen', false],
    ])
  })

  test('takes dicts as Maps or objects, and gives them as Maps, whatever the program declares', async () => {
    const module = await load('net = networks.Dicts()')
    expect(module.invoke('any', images)).toEqual(new Map([['a', 1], ['b', 2]])) // prettier-ignore
    expect(module.invoke('union', false)).toEqual(new Map([['a', 1]]))
    expect(module.invoke('union', true)).toBe(1)
    const names = new Map([[7, 'seven']])
    const tensors = { one: torch.ones([1]), two: torch.full([1], 2) }
    for (const given of [tensors, new Map(Object.entries(tensors))]) {
      const [total, name] = module.invoke('total', given, names) as [Tensor, string]
      expect([total.item(), name]).toEqual([3, 'seven'])
    }
    expect(() => module.invoke('total', tensors, new Map([['x', 'y']]))).toThrow(/whole number/)
  })

  test('says what is wrong with a call', async () => {
    const module = await load('net = networks.Chatty()')
    const x = torch.ones([3])
    expect(() => module.invoke('absent', x)).toThrow(/no method 'absent'/)
    expect(() => module.call()).toThrow(/missing value for argument 'x'|expected at least/i)
    expect(() => module.call(x, 1, 'a', 4)).toThrow(/takes 3 arguments but received 4/)
    expect(() => module.call('text')).toThrow(torch.ArgumentError)
    expect(() => module.invoke('fail', x)).toThrow(torch.JitError)
    expect(() => module.invoke('fail', x)).toThrow(/no thanks/)
    expect(() => module.call(torch.ones([7]))).toThrow(/size of tensor|must match/)
    expect(() => module.registerBuffer()).toThrow(/its program is fixed/)
    expect(() => module.taps(['']).run(module, x)).toThrow(/Tensor is needed|no tensor/)
  })

  test('deep copies are independent: parameters, buffers, mode and gradients', async () => {
    const module = await load()
    ;(module.call(images) as Tensor).sum().backward()
    module.parameters()[1]!.requiresGrad = false
    const copy = module.deepcopy()
    expect(copy.parameters().map((parameter) => parameter.requiresGrad)).toEqual(
      module.parameters().map((parameter) => parameter.requiresGrad),
    )
    copy.eval()
    torch.noGrad(() => copy.parameters().forEach((parameter) => parameter.zero_()))
    copy.buffers().forEach((buffer) => buffer.fill_(9))
    expect([module.training, copy.training]).toEqual([true, false])
    expect(module.parameters()[0]!.abs().sum().item()).toBeGreaterThan(0)
    expect(new Map(module.namedBuffers()).get('bn1.num_batches_tracked')!.item()).toBe(1)
    expect((module.eval().call(images) as Tensor).abs().sum().item()).not.toBe((copy.call(images) as Tensor).abs().sum().item())
  })

  test('traced in eval mode warns once when it shall train', async () => {
    const module = await load('net = networks.Small().eval()', 'traced')
    const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve))
    module.train().train()
    const { code, message } = await warned
    expect([code, message]).toEqual([
      'PIXELCL_FROZEN_BATCH_NORM',
      expect.stringMatching(/Small was traced in eval mode.*10 batch norms.*torch\.jit\.script\(model\)/),
    ])
  })

  test('changes its dtype, and stays itself', async () => {
    const module = await load()
    const parameters = module.parameters()
    module.to('float64')
    expect(module.parameters()[0]).toBe(parameters[0])
    const output = module.call(images.to('float64')) as Tensor
    expect(output.dtype).toBe('float64')
    output.sum().backward()
    expect(parameters[0]!.grad!.dtype).toBe('float64')
    const buffers = new Map(module.namedBuffers())
    expect([buffers.get('bn1.running_mean')!.dtype, buffers.get('bn1.num_batches_tracked')!.dtype]).toEqual(['float64', 'int64'])
  })

  test('takes a state dict, strictly', async () => {
    const [module, other] = [await load(), await load('torch.manual_seed(1)\nnet = networks.Small()')]
    other.loadStateDict(module.stateDict())
    expect(other.eval().call(images) as Tensor).toEqualTensor(module.eval().call(images) as Tensor)
    const { ['fc.bias']: _, ...rest } = module.stateDict()
    expect(() => other.loadStateDict(rest)).toThrow(/Missing key\(s\) in the state: "fc\.bias"/)
  })
})

describe('saving', () => {
  test.each(ways)('gives a file that Python runs with equal output, trained weights and buffers included (%s)', async (way) => {
    const { path } = await exported('net = networks.Small()', { way })
    const module = torch.jit.load(path)
    const optimizer = new torch.optim.SGD(module.parameters(), { lr: 0.1 })
    ;(module.call(images) as Tensor).pow(2).sum().backward()
    optimizer.step()
    const saved = temporary('saved.pt')
    const writers = [() => module.save(saved), () => torch.jit.save(module, saved), () => torch.save(module, saved)]
    for (const write of writers) {
      write()
      const code = `
        module = torch.jit.load(inputs['path'])
        outputs = {'train': module.training, 'y': module.eval()(inputs['images'])}
        outputs['loaded'] = torch.load(inputs['path'], weights_only=False).eval()(inputs['images'])
        state = torch.jit.load(inputs['path']).state_dict()
        outputs['count'] = int(state['bn1.num_batches_tracked'])`
      const seen = await runPython<{ train: boolean; y: Tensor; loaded: Tensor; count: number }>(code, { path: saved, images })
      const y = module.deepcopy().eval().call(images) as Tensor
      expect([seen.train, seen.count]).toEqual([true, 1])
      expect(seen.y).toBeAllclose(y)
      expect(seen.loaded).toBeAllclose(y)
    }
    expect(torch.jit.load(saved).eval().call(images) as Tensor).toBeAllclose(module.deepcopy().eval().call(images) as Tensor)
  })

  test('round trips through its bytes, and torch.load refuses it', async () => {
    const { path } = await exported('net = networks.Small().eval()')
    const expected = torch.jit.load(path).call(images) as Tensor
    expect(torch.jit.load(readFileSync(path)).call(images) as Tensor).toEqualTensor(expected)
    for (const file of [path, readFileSync(path)])
      expect(() => torch.load(file)).toThrow(/a TorchScript program, which torch\.load never runs/)
  })

  test('a frozen program has no parameters left, runs, and is saved', async () => {
    const path = temporary('frozen.pt')
    const first = await exported('net = networks.Small().eval()', {
      after: "torch.jit.freeze(program.eval()).save(inputs['frozen'])",
      inputs: { frozen: path },
    })
    const module = torch.jit.load(path)
    expect(module.parameters()).toEqual([])
    expect(module.call(images) as Tensor).toBeAllclose(torch.jit.load(first.path).call(images) as Tensor)
    module.train().eval()
    module.save(temporary('frozen-again.pt'))
    expect(torch.jit.load(temporary('frozen-again.pt')).call(images) as Tensor).toBeAllclose(module.call(images) as Tensor)
  })
})
