import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'

const { nn } = torch

/** Fields of every kind: a parameter, buffers, children, a shared child, a list, and things that are neither. */
class Net extends nn.Module {
  readonly scale = new nn.Parameter(torch.full([1], 2))
  readonly stem = new nn.Linear(3, 4)
  readonly bodyNorm = new nn.BatchNorm1d(4)
  readonly branches = new nn.ModuleList([new nn.Linear(4, 4), new nn.Linear(4, 4)])
  readonly shared = this.stem
  readonly nothing = null
  readonly width = 4
  declare positionIds: Tensor
  declare scratchPad: Tensor

  constructor() {
    super()
    this.registerBuffer('positionIds', torch.arange(4))
    this.registerBuffer('scratchPad', torch.ones([2]), { persistent: false })
  }

  override forward(x: Tensor): Tensor {
    let y = this.bodyNorm.call(this.stem.call(x))
    for (const branch of this.branches) y = y.add(branch.call(y))
    return y.mul(this.scale).add(this.positionIds)
  }
}

const pythonNet = `
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.full((1,), 2.0))
        self.stem = nn.Linear(3, 4)
        self.body_norm = nn.BatchNorm1d(4)
        self.branches = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
        self.shared = self.stem
        self.register_buffer('position_ids', torch.arange(4))
        self.register_buffer('scratch_pad', torch.ones(2), persistent=False)
    def forward(self, x):
        y = self.body_norm(self.stem(x))
        for branch in self.branches:
            y = y + branch(y)
        return y * self.scale + self.position_ids
`

const copies = (state: Record<string, Tensor>) => Object.fromEntries(Object.entries(state).map(([name, value]) => [name, value.clone()]))

afterEach(() => {
  torch.setDefaultDtype('float32')
})

describe("names, order and values are Python's", () => {
  test('of parameters, buffers, children, modules and the state', async () => {
    const python = await runPython<Record<string, string[]> & { state: Record<string, Tensor> }>(`${pythonNet}
torch.manual_seed(2)
net = Net()
outputs = {'parameters': [n for n, _ in net.named_parameters()], 'buffers': [n for n, _ in net.named_buffers()], 'children': [n for n, _ in net.named_children()],
           'modules': [n for n, _ in net.named_modules()], 'state': dict(net.state_dict())}
`)
    torch.manualSeed(2)
    const net = new Net()
    expect([...net.namedParameters()].map(([name]) => name)).toEqual(python['parameters'])
    expect([...net.namedBuffers()].map(([name]) => name)).toEqual(python['buffers'])
    expect([...net.namedModules()].map(([name]) => name)).toEqual(python['modules'])
    expect([...net.namedChildren()].map(([name]) => name)).toEqual(python['children'])
    const state = net.stateDict()
    expect(Object.keys(state)).toEqual(Object.keys(python.state))
    for (const [name, value] of Object.entries(python.state)) expectWith(state[name]!, name).toEqualTensor(value)
    expect(net.parameters()).toHaveLength(python['parameters']!.length)
    expect(net.modules()[0]).toBe(net)
    expect(net.branches.at(-1)).toBe(net.getSubmodule('branches.1'))
  })

  test('a state goes to Python, is trained there, and comes back', async () => {
    const net = new Net()
    const x = torch.randn([5, 3])
    const python = await runPython<{ state: Record<string, Tensor>; output: Tensor }>(
      `${pythonNet}
net = Net()
answer = net.load_state_dict(inputs['state'], strict=True)
assert not answer.missing_keys and not answer.unexpected_keys
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
net(inputs['x']).square().mean().backward()
optimizer.step()
outputs = {'state': {n: v.clone() for n, v in net.state_dict().items()}, 'output': net.eval()(inputs['x'])}
`,
      { state: copies(net.stateDict()), x },
    )
    expect(net.loadStateDict(python.state)).toEqual({ missingKeys: [], unexpectedKeys: [] })
    expect(net.eval().call(x)).toBeAllclose(python.output)
    const optimizer = new torch.optim.SGD(new Net().parameters(), { lr: 0.1 })
    expect(optimizer.paramGroups[0]!.params).toHaveLength(net.parameters().length)
  })
})

describe("arguments come by position, in Python's order, or by name", () => {
  test("and are Python's names", async () => {
    const python = await runPython<Record<string, string[]>>(`
      import inspect
      from torch import nn
      def names(function):
          return [name for name in inspect.signature(function).parameters if name != 'self']
      outputs = {name: names(getattr(nn.Module, name)) for name in
                 ['parameters', 'named_parameters', 'buffers', 'named_buffers', 'named_modules', 'load_state_dict', 'zero_grad', 'train',
                  'requires_grad_', 'register_buffer']}
      outputs['Parameter'] = names(nn.Parameter)
    `)
    expect(python).toEqual({
      parameters: ['recurse'],
      named_parameters: ['prefix', 'recurse', 'remove_duplicate'],
      buffers: ['recurse'],
      named_buffers: ['prefix', 'recurse', 'remove_duplicate'],
      named_modules: ['memo', 'prefix', 'remove_duplicate'],
      load_state_dict: ['state_dict', 'strict', 'assign'],
      zero_grad: ['set_to_none'],
      train: ['mode'],
      requires_grad_: ['requires_grad'],
      register_buffer: ['name', 'tensor', 'persistent'],
      Parameter: ['data', 'requires_grad'],
    })
  })

  test('where members are listed', async () => {
    const python = await runPython<Record<string, string[]>>(`${pythonNet}
net = Net()
names = lambda members: [name for name, _ in members]
outputs = {
    'prefix': names(net.named_parameters('m')), 'own': names(net.named_parameters('m', False)), 'twice': names(net.named_parameters(remove_duplicate=False)),
    'buffers': names(net.named_buffers('m')), 'ownBuffers': names(net.named_buffers('', False)),
    'modules': names(net.named_modules(None, 'm')), 'modulesTwice': names(net.named_modules(prefix='m', remove_duplicate=False)),
    'without': names(net.named_modules({net.stem}, 'm')),
    'state': list(net.state_dict(prefix='m.')), 'counts': [len(list(net.parameters(False))), len(list(net.buffers(False)))],
}
`)
    const net = new Net()
    const names = (members: Iterable<readonly [string, unknown]>) => Array.from(members, ([name]) => name)
    const stem = net.stem as torch.nn.AnyModule
    expect({
      prefix: names(net.namedParameters('m')),
      own: names(net.namedParameters('m', false)),
      twice: names(net.namedParameters({ removeDuplicate: false })),
      buffers: names(net.namedBuffers({ prefix: 'm' })),
      ownBuffers: names(net.namedBuffers('', { recurse: false })),
      modules: names(net.namedModules(null, 'm')),
      modulesTwice: names(net.namedModules({ prefix: 'm', removeDuplicate: false })),
      without: names(net.namedModules(new Set([stem]), 'm')),
      state: Object.keys(net.stateDict({ prefix: 'm.' })),
      counts: [net.parameters(false).length, net.buffers({ recurse: false }).length],
    }).toEqual(python)
    expect(names(net.namedModules('m'))).toEqual(python['modules'])
    expect(net.parameters({ recurse: false })[0]).toBe(net.scale)
  })

  test('in a state, which may keep the tensors themselves, or be added to another', () => {
    const net = new nn.Linear(2, 1)
    const state = { before: torch.ones([1]) }
    expect(net.stateDict({ destination: state, keepVars: true })).toBe(state)
    expect(Object.keys(state)).toEqual(['before', 'weight', 'bias'])
    expect((state as unknown as { weight: Tensor }).weight).toBe(net.weight)
  })

  test('for a parameter, a buffer and gradients', () => {
    const whole = torch.ones([2], { dtype: 'int64' })
    expect(new nn.Parameter(whole, { requiresGrad: false }).requiresGrad).toBe(false)
    expect(new nn.Parameter(whole, false).dtype).toBe('int64')
    const net = new nn.Linear(2, 1)
    net.registerBuffer('byPosition', torch.ones([1]), false)
    net.registerBuffer('byName', torch.ones([1]), { persistent: false })
    expect(Object.keys(net.stateDict())).toEqual(['weight', 'bias'])
    for (const zero of [() => net.zeroGrad(false), () => net.zeroGrad({ setToNone: false })]) {
      net
        .call(torch.ones([1, 2]))
        .sum()
        .backward()
      const { grad } = net.weight
      zero()
      expect(net.weight.grad).toBe(grad)
      expect(grad!.tolist()).toEqual([[0, 0]])
    }
    net.zeroGrad(true)
    expect(net.weight.grad).toBeNull()
    expect(net.requiresGrad_({ requiresGrad: false }).weight.requiresGrad).toBe(false)
  })

  test('for a target of to', () => {
    const net = new nn.Linear(2, 1)
    expect(net.to('cpu', 'float64').weight.dtype).toBe('float64')
    expect(net.to('float16', true).weight.dtype).toBe('float16')
    expect(net.to(torch.ones([1], { dtype: 'float64' })).weight.dtype).toBe('float64')
    expect(net.to('cpu', { dtype: 'float32' }).weight.dtype).toBe('float32')
    expect(() => net.to('float64', 'float32')).toThrow(/to\(\): dtype is given twice: 'float64' and 'float32'/)
    expect(() => (net.to as () => unknown)()).toThrow(/to\(\): target: expected a dtype, a device or .* but received undefined/)
  })

  test('and what is unknown or of another kind is refused', () => {
    const net = new nn.Linear(2, 1)
    const state = net.stateDict()
    const refusals: [() => unknown, RegExp][] = [
      [() => net.loadStateDict(state, { stirct: false } as never), /unknown option 'stirct' \(did you mean 'strict'\?\)/],
      [() => net.loadStateDict(state, 'no' as never), /loadStateDict\(\): strict: expected true or false but received 'no'/],
      [() => net.namedParameters({ recurs: false } as never), /unknown option 'recurs' \(did you mean 'recurse'\?\)/],
      [() => net.namedBuffers(3 as never), /namedBuffers\(\): prefix: expected a string but received 3/],
      [() => net.namedModules('m', 'x' as never), /namedModules\(\): removeDuplicate: expected true or false but received 'x'/],
      [() => net.parameters('m' as never), /parameters\(\): recurse: expected true or false but received 'm'/],
      [() => net.stateDict('m.' as never), /stateDict\(\): .*'m\.'/],
      [() => net.stateDict({ perfix: 'm.' } as never), /unknown option 'perfix' \(did you mean 'prefix'\?\)/],
      [
        () => net.registerBuffer('b', torch.ones([1]), { persistant: false } as never),
        /unknown option 'persistant' \(did you mean 'persistent'\?\)/,
      ],
      [() => new nn.Parameter(torch.ones([1]), { requires_grad: false } as never), /did you mean 'requiresGrad'\?/],
      [() => net.zeroGrad({ set_to_none: false } as never), /did you mean 'setToNone'\?/],
    ]
    for (const [body, message] of refusals) {
      expect(body).toThrow(message)
      expect(body).toThrow(torch.ArgumentError)
    }
  })
})

describe('loadStateDict', () => {
  test('takes strict by position, too, and null for nothing', () => {
    const net = new nn.Linear(2, 1)
    const state = { weight: torch.ones([1, 2]) }
    expect(net.loadStateDict(state, false)).toEqual({ missingKeys: ['bias'], unexpectedKeys: [] })
    expect(() => net.loadStateDict(state, null)).toThrow(/Missing key\(s\) in the state: "bias"/)
  })

  test('assigns the tensors themselves with `assign`, as Python does', async () => {
    const state = { weight: torch.tensor([[1, 2]], { dtype: 'float64' }), bias: torch.tensor([3], { dtype: 'float64' }) }
    const python = await runPython<{ dtype: string; shared: boolean; requires: boolean[]; same: boolean }>(
      `
      from torch import nn
      net = nn.Linear(2, 1)
      before = net.weight
      net.bias.requires_grad_(False)
      net.load_state_dict(inputs['state'], assign=True)
      outputs = {'dtype': str(net.weight.dtype), 'shared': net.weight.data_ptr() == inputs['state']['weight'].data_ptr(),
                 'requires': [net.weight.requires_grad, net.bias.requires_grad], 'same': net.weight is before}
      `,
      { state },
    )
    const net = new nn.Linear(2, 1)
    const before = net.weight
    net.bias!.requiresGrad = false
    net.loadStateDict(state, true, true)
    state.weight.fill_(7)
    expect({
      dtype: `torch.${net.weight.dtype}`,
      shared: (net.weight.tolist() as number[][])[0]![0] === 7,
      requires: [net.weight.requiresGrad, net.bias!.requiresGrad],
      same: net.weight === before,
    }).toEqual(python)
    const parameter = new nn.Parameter(torch.ones([1, 2]))
    net.loadStateDict({ weight: parameter }, { strict: false, assign: true })
    expect(net.weight).toBe(parameter)
  })

  test('assigns buffers, shared modules and tensors on the meta device', () => {
    const net = new Net()
    const state = copies(net.stateDict())
    net.loadStateDict(state, { assign: true })
    expect(net.positionIds).toBe(state['position_ids'])
    expect(net.bodyNorm.runningMean).toBe(state['body_norm.running_mean'])
    expect(net.call(torch.randn([3, 3])).shape).toEqual([3, 4])
    const empty = new nn.Linear(2, 1, { device: 'meta' })
    empty.loadStateDict(new nn.Linear(2, 1).stateDict(), { assign: true })
    expect(empty.call(torch.ones([3, 2])).shape).toEqual([3, 1])
    const { weight } = empty
    expect(() => empty.loadStateDict({ bias: torch.ones([1]), weight: torch.ones([1, 2], { dtype: 'int64' }) }, { assign: true })).toThrow(
      /'weight' requires a gradient, which a tensor of int64 cannot have/,
    )
    expect(empty.weight).toBe(weight)
  })

  test('takes one number in a list for a number, as states from before PyTorch 0.4 have it', async () => {
    const state = { ...copies(new nn.BatchNorm1d(1).stateDict()), num_batches_tracked: torch.tensor([3n]) }
    const python = await runPython<{ count: Tensor }>(
      `
      net = torch.nn.BatchNorm1d(1)
      net.load_state_dict(inputs['state'])
      outputs = {'count': net.num_batches_tracked}
      `,
      { state },
    )
    const net = new nn.BatchNorm1d(1)
    net.loadStateDict(state)
    expect(net.numBatchesTracked!).toEqualTensor(python.count)
    expect(() => net.loadStateDict({ ...state, num_batches_tracked: torch.tensor([3n, 4n]) })).toThrow(
      /size mismatch for num_batches_tracked/,
    )
    expect(() => net.loadStateDict({ ...state, weight: torch.tensor(1) })).toThrow(/size mismatch for weight: the state has \[\]/)
  })

  test('reports what Python reports, when it is not strict', async () => {
    const net = new Net()
    const state = copies(net.stateDict())
    delete state['stem.weight']
    delete state['body_norm.running_mean']
    delete state['body_norm.num_batches_tracked']
    state['head.weight'] = torch.ones([1])
    state['stem.extra'] = torch.ones([1])
    const python = await runPython<{ missing: string[]; unexpected: string[] }>(
      `${pythonNet}
answer = Net().load_state_dict(inputs['state'], strict=False)
outputs = {'missing': list(answer.missing_keys), 'unexpected': list(answer.unexpected_keys)}
`,
      { state },
    )
    const answer = net.loadStateDict(state, { strict: false })
    expect([...answer.missingKeys].sort()).toEqual(python.missing.sort())
    expect([...answer.unexpectedKeys].sort()).toEqual(python.unexpected.sort())
    expect(answer.missingKeys).not.toContain('body_norm.num_batches_tracked')
  })

  test('copies values into the same tensors, whatever their dtype', () => {
    const net = new nn.Linear(2, 1)
    const { weight } = net
    const state = { weight: torch.tensor([[1, 2]], { dtype: 'float64' }), bias: torch.tensor([3], { dtype: 'int64' }) }
    net.loadStateDict(state)
    expect(net.weight).toBe(weight)
    expect(weight.dtype).toBe('float32')
    expect(weight.tolist()).toEqual([[1, 2]])
    state.weight.fill_(7)
    expect(weight.tolist()).toEqual([[1, 2]])
  })

  test('changes nothing where something is missing, unexpected or of another shape, and lists all of it', () => {
    const net = new nn.Linear(2, 1)
    const before = copies(net.stateDict())
    const state = { weight: torch.ones([1, 2]), bais: torch.ones([1]) }
    expect(() => net.loadStateDict(state)).toThrow(
      /Error\(s\) in loading the state of Linear:\n {2}Unexpected key\(s\) in the state: "bais"\.\n {2}Missing key\(s\) in the state: "bias"\./,
    )
    const wide = { weight: torch.ones([2, 2]), bias: torch.ones([1]) }
    for (const strict of [true, false])
      expect(() => net.loadStateDict(wide, { strict })).toThrow(/size mismatch for weight: the state has \[2, 2\], the module \[1, 2\]/)
    for (const [name, value] of Object.entries(before)) expectWith(net.stateDict()[name]!, name).toEqualTensor(value)
  })

  test('says what came in place of a state', () => {
    const net = new nn.Linear(2, 1)
    expect(() => net.loadStateDict('file.pth' as never)).toThrow(
      /loadStateDict\(\): state: expected an object of Tensors by name but received 'file\.pth': read the file first, with torch\.loadStateDictFile/,
    )
    expect(() => net.loadStateDict(null as never)).toThrow(/but received null/)
    expect(() => net.loadStateDict(torch.ones([2]) as never)).toThrow(/but received Tensor float32 \[2\]/)
    expect(() => net.loadStateDict({ weight: torch.ones([1, 2]), bias: [1] } as never)).toThrow(/'bias' is \[1\]/)
  })

  test('takes names that every object has for what they are', () => {
    const net = new nn.Linear(2, 1)
    expect(() => net.loadStateDict({ weight: torch.ones([1, 2]), bias: torch.ones([1]), constructor: torch.ones([1]) })).toThrow(
      /Unexpected key\(s\) in the state: "constructor"/,
    )
  })
})

describe('hooks', () => {
  test('see and replace what goes in and comes out, in order, as in Python', async () => {
    const python = await runPython<{ y: Tensor; order: string[]; after: Tensor }>(`
      from torch import nn
      layer = nn.Linear(2, 2)
      nn.init.ones_(layer.weight)
      nn.init.zeros_(layer.bias)
      order = []
      def note(name, value=None):
          def hook(module, *rest):
              order.append(name)
              return value(*rest) if value else None
          return hook
      handles = [
          layer.register_forward_pre_hook(note('pre 1', lambda args: (args[0] + 1,))),
          layer.register_forward_pre_hook(note('pre 2')),
          layer.register_forward_hook(note('post 1', lambda args, output: output * args[0].sum())),
          layer.register_forward_hook(note('post 2')),
      ]
      y = layer(torch.ones(1, 2))
      for handle in handles:
          handle.remove()
      outputs = {'y': y.detach(), 'order': order, 'after': layer(torch.ones(1, 2)).detach()}
    `)
    const layer = new nn.Linear(2, 2)
    nn.init.ones_(layer.weight)
    nn.init.zeros_(layer.bias!)
    const order: string[] = []
    const handles = [
      layer.registerForwardPreHook((module, [x]) => {
        expect(module).toBe(layer)
        order.push('pre 1')
        return [(x as Tensor).add(1)]
      }),
      layer.registerForwardPreHook(() => void order.push('pre 2')),
      layer.registerForwardHook((_, [x], output) => {
        order.push('post 1')
        return (output as Tensor).mul((x as Tensor).sum())
      }),
      layer.registerForwardHook(() => void order.push('post 2')),
    ]
    expect(layer.call(torch.ones([1, 2]))).toBeAllclose(python.y)
    for (const handle of handles) handle.remove()
    expect(layer.call(torch.ones([1, 2]))).toBeAllclose(python.after)
    expect(order).toEqual(python.order)
  })

  test('that return one tensor give one argument, and null or nothing keeps what is there, as in Python', async () => {
    const x = torch.randn([2, 3])
    const python = await runPython(
      `
      from torch import nn
      layer = nn.Identity()
      layer.register_forward_pre_hook(lambda m, args: args[0] + 1)
      layer.register_forward_pre_hook(lambda m, args: None)
      layer.register_forward_hook(lambda m, args, y: None)
      outputs = {'y': layer(inputs['x'])}
      `,
      { x },
    )
    const layer = new nn.Identity()
    layer.registerForwardPreHook((_, [given]) => (given as Tensor).add(1))
    layer.registerForwardPreHook(() => null)
    layer.registerForwardPreHook(() => undefined)
    layer.registerForwardHook(() => null)
    expect(layer.call(x)).toEqualTensor(python['y']!)
  })

  test('that return something else are refused', async () => {
    const x = torch.ones([1])
    const outputs: unknown[] = []
    const refusals: [(layer: torch.nn.Module) => unknown, RegExp][] = [
      [(layer) => layer.registerForwardHook((_, __, y) => outputs.push(y)), /a forward hook must return a Tensor.* or nothing, but .* 1/],
      [(layer) => layer.registerForwardHook(async () => Promise.resolve()), /a forward hook must return a Tensor.*returned Promise/],
      [(layer) => layer.registerForwardPreHook(() => outputs.push(1) as never), /a forward pre-hook must return an array .*returned \d/],
      [(layer) => layer.registerForwardPreHook((async () => Promise.resolve()) as never), /a forward pre-hook .*returned Promise/],
    ]
    for (const [register, message] of refusals) {
      const layer = new nn.Identity()
      register(layer)
      expect(() => layer.call(x)).toThrow(message)
      expect(() => layer.call(x)).toThrow(torch.ArgumentError)
    }
    const layer = new nn.Identity()
    expect(() => layer.registerForwardHook(3 as never)).toThrow(/registerForwardHook\(\): hook: expected a function but received 3/)
    expect(() => layer.registerForwardPreHook(null as never)).toThrow(/registerForwardPreHook\(\): hook is missing/)
    expect(() => layer.registerForwardHook(() => null, { alwaysCall: true } as never)).toThrow(/unknown option 'alwaysCall'/)
  })

  test('that are registered twice run twice, and stand in front where they shall', () => {
    const layer = new nn.Identity()
    const seen: string[] = []
    const twice = () => void seen.push('twice')
    const first = layer.registerForwardHook(twice)
    layer.registerForwardHook(twice)
    layer.registerForwardHook(() => void seen.push('front'), { prepend: true })
    layer.call(torch.ones([1]))
    first.remove()
    layer.call(torch.ones([1]))
    expect(seen).toEqual(['front', 'twice', 'twice', 'front', 'twice'])
  })

  test('that throw end the call with their own error, and the module goes on', () => {
    const layer = new nn.Identity()
    const handle = layer.registerForwardHook(() => {
      throw new RangeError('mine')
    })
    expect(() => layer.call(torch.ones([1]))).toThrow('mine')
    handle.remove()
    handle.remove()
    expect(layer.call(torch.ones([1])).item()).toBe(1)
  })

  test('run for children inside, and not when forward is called directly', () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU())
    const hook = jest.fn()
    net.at(1).registerForwardHook(hook)
    net.call(torch.ones([1, 2]))
    expect(hook).toHaveBeenCalledTimes(1)
    net.at(1).forward(torch.ones([1, 2]))
    expect(hook).toHaveBeenCalledTimes(1)
  })
})

describe('deepcopy', () => {
  test('is independent, keeps what is shared shared, and computes the same', () => {
    const net = new Net()
    net.stem.weight.requiresGrad = false
    net.eval()
    const copy = net.deepcopy()
    expect(copy).toBeInstanceOf(Net)
    expect(copy.shared === copy.stem).toBe(true)
    expect(copy.stem === net.stem).toBe(false)
    expect(copy.training).toBe(false)
    expect(copy.bodyNorm.training).toBe(false)
    expect(copy.stem.weight.requiresGrad).toBe(false)
    expect(copy.stem.bias!.requiresGrad).toBe(true)
    expect(Object.keys(copy.stateDict())).toEqual(Object.keys(net.stateDict()))
    const x = torch.randn([3, 3])
    expect(copy.call(x)).toEqualTensor(net.call(x))

    torch.noGrad(() => copy.scale.fill_(100))
    copy.train().call(x)
    expect(net.scale.item()).toBe(2)
    expect(net.bodyNorm.numBatchesTracked!.item()).toBe(0)
    expect(net.training).toBe(false)
  })

  test('leaves gradients and hooks behind', () => {
    const net = new nn.Linear(2, 1)
    const hook = jest.fn()
    net.registerForwardHook(hook)
    net
      .call(torch.ones([1, 2]))
      .sum()
      .backward()
    const copy = net.deepcopy()
    expect(copy.weight.grad).toBeNull()
    copy.call(torch.ones([1, 2]))
    expect(hook).toHaveBeenCalledTimes(1)
  })

  test('copies fields of plain values, and shares objects of other classes', () => {
    class Holder extends nn.Module {
      readonly sizes = [1, 2, { deep: [3] }]
      readonly byName = new Map([['a', torch.ones([1])]])
      readonly generator = new torch.Generator()
      override forward(x: Tensor): Tensor {
        return x
      }
    }
    const holder = new Holder()
    const copy = holder.deepcopy()
    expect(copy.sizes).toEqual(holder.sizes)
    expect(copy.sizes).not.toBe(holder.sizes)
    expect(copy.byName.get('a') === holder.byName.get('a')).toBe(false)
    expect(copy.generator).toBe(holder.generator)
  })

  test('copies modules wherever they stand: in an array, a Map, as its keys, and a Set', () => {
    class Holder extends nn.Module {
      readonly inSet = new Set([new nn.Linear(1, 1)])
      readonly inArray = [...this.inSet]
      readonly byModule = new Map([[this.inArray[0]!, 1]])
      override forward(x: Tensor): Tensor {
        return x
      }
    }
    const holder = new Holder()
    const copy = holder.deepcopy()
    const [linear] = copy.inSet
    expect(linear).toBeInstanceOf(nn.Linear)
    expect(linear === holder.inArray[0]).toBe(false)
    expect(copy.inArray[0] === linear).toBe(true)
    expect([...copy.byModule.keys()][0] === linear).toBe(true)
  })

  test("refuses a forward that is a field, for it computes with the original's weights", () => {
    class Arrow extends nn.Module {
      readonly linear = new nn.Linear(1, 1)
      override forward = (x: Tensor): Tensor => this.linear.call(x)
    }
    for (const net of [new Arrow(), new nn.Sequential(new Arrow())]) {
      expect(() => net.deepcopy()).toThrow(/Arrow cannot be copied, for its forward is a field.*write it as a method/)
      expect(() => net.deepcopy()).toThrow(torch.ArgumentError)
    }
  })

  test('outlives the scope it was made in', () => {
    const net = new Net()
    let copy!: Net
    torch.scope(() => {
      copy = net.deepcopy()
    })
    expect(copy.call(torch.randn([2, 3])).shape).toEqual([2, 4])
  })
})

describe('modes', () => {
  test('train and eval reach every module below', () => {
    const net = new nn.Sequential(new nn.Sequential(new nn.Dropout()), new nn.BatchNorm1d(2))
    expect(net.modules().every((module) => module.training)).toBe(true)
    expect(net.eval()).toBe(net)
    expect(net.modules().some((module) => module.training)).toBe(false)
    net.at(0).train()
    expect(net.modules().map((module) => module.training)).toEqual([false, true, true, false])
    expect(
      net
        .train()
        .modules()
        .every((module) => module.training),
    ).toBe(true)
  })

  test('a mode is true or false, by position or by name', () => {
    const net = new nn.Sequential(new nn.Dropout())
    expect(net.train({ mode: false }).at(0).training).toBe(false)
    expect(net.train({}).training).toBe(true)
    expect(() => net.train(0 as never)).toThrow(/train\(\): mode: expected true or false but received 0/)
    expect(() => net.train({ moed: false } as never)).toThrow(/unknown option 'moed' \(did you mean 'mode'\?\)/)
    expect(net.training).toBe(true)
  })

  test('a module may override what its mode does, and a TorchScript module takes a mode in the same forms', () => {
    class Frozen extends nn.Sequential {
      override train(_mode = true): this {
        return super.train(false)
      }
    }
    const net = new nn.Sequential(new Frozen(new nn.Dropout()))
    expect(
      net
        .train()
        .modules()
        .map((module) => module.training),
    ).toEqual([true, false, false])
    const folder = mkdtempSync(join(tmpdir(), 'pixelcl-module-'))
    try {
      torch.save(new nn.Linear(2, 1), join(folder, 'linear.pt'))
      const script = torch.jit.load(join(folder, 'linear.pt'))
      expect(script.train({ mode: false }).training).toBe(false)
      expect(() => script.train(1 as never)).toThrow(/train\(\): mode: expected true or false but received 1/)
      const state = script.stateDict()
      expect(() => script.loadStateDict(state, { assign: true })).toThrow(/'weight' of ScriptModule is no field, .* load without assign/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('requiresGrad_ freezes, zeroGrad forgets', () => {
    const net = new nn.Linear(2, 1)
    net
      .call(torch.ones([1, 2]))
      .sum()
      .backward()
    const { grad } = net.weight
    expect(grad!.tolist()).toEqual([[1, 1]])
    net.zeroGrad({ setToNone: false })
    expect(net.weight.grad!.tolist()).toEqual([[0, 0]])
    net.zeroGrad()
    expect(net.weight.grad).toBeNull()
    net.requiresGrad_(false)
    expect(net.call(torch.ones([1, 2])).requiresGrad).toBe(false)
  })

  test('apply visits children first', () => {
    const net = new nn.Sequential(new nn.ReLU(), new nn.Sequential(new nn.Identity()))
    const seen: unknown[] = []
    net.apply((module) => seen.push(module.constructor.name))
    expect(seen).toEqual(['ReLU', 'Identity', 'Sequential', 'Sequential'])
  })
})

describe('to', () => {
  test('changes the dtype of floating-point tensors alone, under the same identity', () => {
    const net = new Net()
    const parameters = net.parameters()
    net
      .call(torch.randn([3, 3]))
      .sum()
      .backward()
    expect(net.to('float64') === net).toBe(true)
    expect(net.parameters().every((parameter, i) => parameter === parameters[i])).toBe(true)
    expect(net.scale.dtype).toBe('float64')
    expect(net.scale.grad!.dtype).toBe('float64')
    expect(net.scale.requiresGrad).toBe(true)
    expect(net.positionIds.dtype).toBe('int64')
    expect(net.scratchPad.dtype).toBe('float64')
    expect(net.bodyNorm.runningMean!.dtype).toBe('float64')
    expect(net.bodyNorm.numBatchesTracked!.dtype).toBe('int64')
    expect(net.call(torch.randn([3, 3], { dtype: 'float64' })).dtype).toBe('float64')
    expect(net.shared.weight === net.stem.weight).toBe(true)
    expect(net.half().scale.dtype).toBe('float16')
    expect(net.bfloat16().scale.dtype).toBe('bfloat16')
    expect(net.float().scale.dtype).toBe('float32')
    expect(net.double().to({ dtype: 'float32', device: 'cpu' }).scale.dtype).toBe('float32')
    expect(net.cpu().scale.device).toBe('cpu')
  })

  test('an optimizer goes on with a module that was moved', () => {
    const net = new nn.Linear(2, 1)
    const optimizer = new torch.optim.SGD(net.parameters(), { lr: 1 })
    net.to('float64')
    net
      .call(torch.ones([1, 2], { dtype: 'float64' }))
      .sum()
      .backward()
    const before = net.weight.tolist() as number[][]
    optimizer.step()
    expect((net.weight.tolist() as number[][])[0]!.map((value, i) => before[0]![i]! - value)).toEqual([1, 1])
  })

  test('changes the memory format of tensors of four dimensions', () => {
    const net = new nn.Sequential(new nn.Conv2d(3, 4, 3), new nn.BatchNorm2d(4))
    net.to({ memoryFormat: 'channelsLast' })
    expect(net.getParameter('0.weight').isContiguous('channelsLast')).toBe(true)
    expect(net.call(torch.randn([1, 3, 5, 5])).isContiguous('channelsLast')).toBe(true)
  })

  test('refuses what it cannot do', () => {
    const net = new nn.Linear(2, 1)
    expect(() => net.to('int32')).toThrow(/expected a floating-point or complex dtype for a module but received 'int32'/)
    // @ts-expect-error no dtype and no device
    expect(() => net.to('float46')).toThrow(
      /to\(\): target: expected a dtype or a device .* but received 'float46' \(did you mean 'float(16|64)'\?\)/,
    )
    // @ts-expect-error a text that names no device
    expect(() => net.to('gpu')).toThrow(/to\(\): target: expected a dtype or a device .* but received 'gpu'$/)
    expect(() => net.to({ device: 'cpu', dtpye: 'float64' } as never)).toThrow(/unknown option 'dtpye' \(did you mean 'dtype'\?\)/)
    expect(() => net.to(3 as never)).toThrow(/to\(\): target: expected a dtype, a device or .* but received 3/)
    if (!torch.cuda.isAvailable()) expect(() => net.cuda()).toThrow(/CUDA/)
    expect(net.weight.dtype).toBe('float32')
  })
})

describe('printed', () => {
  test('as Python prints it: equal modules of a list in one line, those of a Sequential each in its own', async () => {
    const python = await runPython<Record<string, string>>(`
      from torch import nn
      linear = lambda: nn.Linear(2, 2)
      outputs = {
          'list': str(nn.ModuleList([linear(), linear(), nn.ReLU(), linear()])),
          'nested': str(nn.ModuleList([nn.ModuleList([linear(), linear()]) for _ in range(2)])),
          'empty': str(nn.ModuleList()),
          'sequence': str(nn.Sequential(linear(), linear(), nn.ModuleList([linear(), linear()]))),
          'parameter': str(nn.Parameter(torch.ones(2))),
      }
    `)
    const linear = () => new nn.Linear(2, 2)
    const modules = {
      list: new nn.ModuleList<torch.nn.AnyModule>([linear(), linear(), new nn.ReLU(), linear()]),
      nested: new nn.ModuleList([0, 1].map(() => new nn.ModuleList([linear(), linear()]))),
      empty: new nn.ModuleList(),
      sequence: new nn.Sequential(linear(), linear(), new nn.ModuleList([linear(), linear()]) as torch.nn.AnyModule),
    }
    for (const [name, module] of Object.entries(modules)) {
      expectWith(module.toString(), name).toBe(python[name])
      expectWith(inspect(module), name).toBe(python[name])
    }
    const parameter = new nn.Parameter(torch.ones([2]))
    expect(parameter.toString()).toBe(python['parameter'])
    expect(inspect(parameter)).toMatch(/^Parameter containing:\ntensor\(\[1\., 1\.\], size=\(2,\), dtype=torch\.float32/)
    expect(inspect({ a: { b: { net: modules.list, parameter } } })).toMatch(/net: \[ModuleList\],\s+parameter: \[Tensor float32 \[2\]\]/)
  })
})

describe('misuse', () => {
  test('a container takes modules alone', () => {
    const { relu } = nn.functional
    const refusals: [() => unknown, RegExp][] = [
      [() => new nn.Sequential(relu as never), /Sequential\(\): 0: expected a Module but received a function.*new torch\.nn\.ReLU\(\)/],
      [() => new nn.Sequential(new nn.ReLU(), nn.ReLU as never), /1: expected a Module but received a function: write new ReLU\(…\)/],
      [() => new nn.Sequential(3 as never), /0: expected a Module but received 3/],
      [() => new nn.Sequential(null as never), /0: expected a Module but received null/],
      [() => new nn.Sequential(undefined as never), /0: expected a Module but received undefined/],
      [() => new nn.Sequential(torch.ones([1]) as never), /0: expected a Module but received Tensor float32 \[1\]/],
      [() => new nn.Sequential(new Set([new nn.ReLU()]) as never), /0: expected a Module but received Set/],
      [() => new nn.Sequential({ act: relu } as never), /act: expected a Module but received a function/],
      [() => new nn.Sequential().append(relu as never), /0: expected a Module but received a function/],
      [() => new nn.ModuleList([relu as never]), /ModuleList\(\): 0: expected a Module but received a function/],
      [() => new nn.ModuleList(relu as never), /ModuleList\(\): modules: expected an array of modules but received a function/],
      [() => new nn.ModuleList(3 as never), /ModuleList\(\): modules: expected an array of modules but received 3/],
      [
        () => new nn.Sequential().registerModule('x', relu as never),
        /registerModule\(\): module: expected a Module but received a function/,
      ],
    ]
    for (const [body, message] of refusals) {
      expect(body).toThrow(message)
      expect(body).toThrow(torch.ArgumentError)
    }
    expect(new nn.Sequential(new Map([['act', new nn.ReLU() as torch.nn.AnyModule]])).toString()).toBe('Sequential(\n  (act): ReLU()\n)')
    expect(new nn.ModuleList(new nn.Sequential(new nn.ReLU(), new nn.ReLU()))).toHaveLength(2)
    expect(new nn.ModuleList(null)).toHaveLength(0)
  })

  test('a module without forward, and a layer that is given no tensor', () => {
    class Empty extends nn.Module {}
    const call = () => new Empty().call(torch.ones([1]) as never)
    expect(call).toThrow(/Empty has no forward: write what it computes as a method/)
    expect(call).toThrow(torch.ArgumentError)
    for (const layer of [new nn.BatchNorm1d(1), new nn.BatchNorm2d(1), new nn.Flatten(), new nn.Linear(1, 1), new nn.Conv2d(1, 1, 1)]) {
      expectWith(() => layer.call([1] as never), layer.toString()).toThrow(torch.ArgumentError)
      expectWith(() => layer.call(undefined as never), layer.toString()).toThrow(torch.ArgumentError)
    }
  })

  test('an unknown path names the nearest', () => {
    const net = new Net()
    expect(() => net.getSubmodule('branches.2')).toThrow(/there is no module 'branches\.2' \(did you mean 'branches\.[01]'\?\)/)
    expect(() => net.getParameter('stem.wieght')).toThrow(/did you mean 'stem\.weight'/)
    expect(() => net.branches.at(2)).toThrow('at(): index: expected a whole number from -2 to 1 but received 2')
    expect(() => new nn.Sequential(new nn.ReLU()).at(-2)).toThrow('at(): index: expected a whole number from -1 to 0 but received -2')
  })

  test('names that a state could not hold are refused', () => {
    const net = new nn.Sequential()
    for (const name of ['', 'a.b']) {
      expect(() => net.registerModule(name, new nn.ReLU() as torch.nn.AnyModule)).toThrow(
        /expected a name that is not empty and holds no dot/,
      )
      expect(() => net.registerBuffer(name, torch.ones([1]))).toThrow(/expected a name that is not empty and holds no dot/)
      expect(() => net.registerParameter(name, new nn.Parameter(torch.ones([1])))).toThrow(
        /expected a name that is not empty and holds no dot/,
      )
    }
    expect(() => net.registerBuffer('forward', torch.ones([1]))).toThrow(/'forward' is already taken/)
    expect(() => net.registerBuffer('mean', 3 as never)).toThrow(/registerBuffer\(\): tensor: expected a Tensor but received 3/)
    expect(() => net.registerParameter('mean', torch.ones([1]) as never)).toThrow(
      /param: expected a Parameter or null .*new torch\.nn\.Parameter/,
    )
    expect(() => net.registerModule('x', {} as never)).toThrow(/module: expected a Module/)
    expect(() => new nn.Parameter(3 as never)).toThrow(/Parameter\(\): data: expected a Tensor but received 3/)
    expect(() => new nn.Parameter(torch.ones([1], { dtype: 'int64' }))).toThrow(/floating/i)
    expect(new nn.Parameter(torch.ones([1], { dtype: 'int64' }), false).requiresGrad).toBe(false)
  })
})

test('a field can be exchanged, and keeps its place', () => {
  class Two extends nn.Module {
    first: torch.nn.Module = new nn.Linear(1, 1)
    second: torch.nn.Module = new nn.ReLU()
    override forward(x: Tensor): Tensor {
      return this.second.call(this.first.call(x))
    }
  }
  const net = new Two()
  net.first = new nn.Identity()
  expect([...net.namedChildren()].map(([name]) => name)).toEqual(['first', 'second'])
  expect(net.parameters()).toEqual([])
  expect(net.toString()).toBe('Two(\n  (first): Identity()\n  (second): ReLU()\n)')
})

test('a module that appears twice in a sequence runs twice and is trained once', () => {
  const shared = new nn.Linear(2, 2)
  const net = new nn.Sequential(shared, new nn.ReLU(), shared)
  const x = torch.randn([3, 2])
  expect(net.call(x)).toEqualTensor(shared.call(shared.call(x).relu()))
  expect(net.length).toBe(3)
  expect(net.children()).toHaveLength(2)
  expect(net.parameters()).toHaveLength(2)
  expect(Object.keys(net.stateDict())).toEqual(['0.weight', '0.bias', '2.weight', '2.bias'])
  expect(net.loadStateDict(net.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] })
})

test('containers grow', () => {
  const list = new nn.ModuleList<torch.nn.Module>().append(new nn.Linear(1, 2)).append(new nn.ReLU())
  expect([...list].map((module) => module.constructor.name)).toEqual(['Linear', 'ReLU'])
  const sequence = new nn.Sequential(...list).append(new nn.Linear(2, 3))
  expect(sequence.length).toBe(3)
  expect(sequence.call(torch.ones([1, 1])).shape).toEqual([1, 3])
  expect([...sequence.namedParameters()].map(([name]) => name)).toEqual(['0.weight', '0.bias', '2.weight', '2.bias'])
})
