import { describe, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as torch from '../../../src/torch'
import type { AnyModule, StateDict } from '../../../src/torch/nn'
import { runPython } from '../../support/python'

const { nn } = torch

/** What tells how a container holds its entries. */
function told(module: AnyModule): { printed: string; parameters: string[]; state: string[] } {
  return {
    printed: module.toString(),
    parameters: Array.from(module.namedParameters(), ([name]) => name),
    state: Object.keys(module.stateDict()),
  }
}

const PROGRAM = `
from collections import OrderedDict
from torch import nn
def told(module):
    return {'printed': str(module), 'parameters': [name for name, _ in module.named_parameters()], 'state': list(module.state_dict())}
`

async function expectAsPython(module: AnyModule, python: string): Promise<void> {
  expect(told(module)).toEqual(await runPython(`${PROGRAM}${python}\noutputs = told(m)`))
}

const ones = (...shape: number[]) => torch.ones(shape)

describe('ParameterList', () => {
  test("has Python's names, order and printed form", async () => {
    const list = new nn.ParameterList([ones(2, 3), new nn.Parameter(ones(1), false)])
    await expectAsPython(list, 'm = nn.ParameterList([torch.ones(2, 3), nn.Parameter(torch.ones(1), requires_grad=False)])')
    for (let i = 0; i < 10; i++) list.append(ones(i))
    list.set(-1, ones(4).double())
    await expectAsPython(
      list,
      `m = nn.ParameterList([torch.ones(2, 3), nn.Parameter(torch.ones(1), requires_grad=False)])
for i in range(10): m.append(torch.ones(i))
m[-1] = torch.ones(4).double()`,
    )
    expect(list).toHaveLength(12)
    expect(list.at(-1).dtype).toBe('float64')
    expect(list.at(1).requiresGrad).toBe(false)
    await expectAsPython(new nn.ParameterList(), 'm = nn.ParameterList()')
    await expectAsPython(new nn.ParameterList([ones(3)]), 'm = nn.ParameterList([torch.ones(3)])')
  })

  test('keeps other values as they are, as Python does', async () => {
    const list = new nn.ParameterList<unknown>([ones(1), 3, 0.5, 'a', null, true, [1], new nn.ReLU()])
    await expectAsPython(list, "m = nn.ParameterList([torch.ones(1), 3, 0.5, 'a', None, True, [1], nn.ReLU()])")
    expect([...list].slice(1, 6)).toEqual([3, 0.5, 'a', null, true])
  })

  test('is found, trained and copied by its owner', () => {
    class Net extends nn.Module {
      readonly weights = new nn.ParameterList([ones(2), ones(2)])
      override forward(x: torch.Tensor): torch.Tensor {
        return [...this.weights].reduce((y, weight) => y.mul(weight), x)
      }
    }
    const net = new Net()
    expect(Array.from(net.namedParameters(), ([name]) => name)).toEqual(['weights.0', 'weights.1'])
    const copy = net.deepcopy()
    new torch.optim.SGD(net.parameters(), { lr: 0.5 })
    net.call(ones(2)).sum().backward()
    expect(net.weights.at(0).grad!.tolist()).toEqual([1, 1])
    expect(copy.weights).toHaveLength(2)
    expect(copy.weights.at(0)).not.toBe(net.weights.at(0))
  })
})

describe('ParameterDict', () => {
  test("has Python's names, order and printed form", async () => {
    const entries = { right: ones(2), left: ones(3, 1), fcA: ones(1) }
    const sorted = "{'right': torch.ones(2), 'left': torch.ones(3, 1), 'fcA': torch.ones(1)}"
    await expectAsPython(new nn.ParameterDict(entries), `m = nn.ParameterDict(${sorted})`)
    await expectAsPython(new nn.ParameterDict(new Map(Object.entries(entries))), `m = nn.ParameterDict(OrderedDict(${sorted}))`)
    await expectAsPython(new nn.ParameterDict(Object.entries(entries)), `m = nn.ParameterDict(list(${sorted}.items()))`)
    const dict = new nn.ParameterDict<unknown>([['10', ones(1)]]).set('2', ones(2).bfloat16()).set('width', 4)
    expect(dict.pop('10')).toBeInstanceOf(nn.Parameter)
    dict.set('10', ones(1).double())
    await expectAsPython(
      dict,
      `m = nn.ParameterDict([['10', torch.ones(1)]])
m['2'] = torch.ones(2).bfloat16(); m['width'] = 4
m.pop('10'); m['10'] = torch.ones(1).double()`,
    )
    expect([...dict]).toEqual(['2', 'width', '10'])
    expect(dict).toHaveLength(3)
    dict.clear()
    await expectAsPython(dict, 'm = nn.ParameterDict()')
  })

  test('takes the entries of another, and a state of Python', async () => {
    const dict = new nn.ParameterDict({ a: ones(2) }).update(new nn.ParameterDict([['b', ones(3)]]))
    expect([...dict.items()].map(([key, value]) => [key, value.shape])).toEqual([
      ['a', [2]],
      ['b', [3]],
    ])
    const state = await runPython<StateDict>(
      `${PROGRAM}outputs = dict(nn.ParameterDict({'a': torch.zeros(2), 'b': torch.zeros(3)}).state_dict())`,
    )
    dict.loadStateDict(state)
    expect(dict.get('b').tolist()).toEqual([0, 0, 0])
  })
})

describe('ModuleDict', () => {
  test("has Python's names, order and printed form", async () => {
    const make = () => new nn.ModuleDict<AnyModule>({ fcA: new nn.Linear(1, 2), keys: new nn.ReLU(), act: new nn.PReLU() })
    await expectAsPython(make(), "m = nn.ModuleDict({'fcA': nn.Linear(1, 2)}); m._modules['keys'] = nn.ReLU(); m['act'] = nn.PReLU()")
    const dict = make()
    expect([...dict]).toEqual(['fcA', 'keys', 'act'])
    expect(dict.pop('fcA')).toBeInstanceOf(nn.Linear)
    dict
      .update(
        new Map<string, AnyModule>([
          ['1', new nn.Linear(2, 1)],
          ['0', new nn.Identity()],
        ]),
      )
      .set('act', new nn.Tanh())
    await expectAsPython(
      dict,
      `m = nn.ModuleDict(); m._modules['keys'] = nn.ReLU(); m['act'] = nn.PReLU()
m.update(OrderedDict([('1', nn.Linear(2, 1)), ('0', nn.Identity())])); m['act'] = nn.Tanh()`,
    )
    expect(dict.has('0')).toBe(true)
    expect(dict).toHaveLength(4)
    dict.clear()
    await expectAsPython(dict, 'm = nn.ModuleDict()')
  })

  test('is found and called by its owner, and saved for Python with its parts', async () => {
    class Net extends nn.Module {
      readonly choices = new nn.ModuleDict({ double: new nn.Linear(2, 2), none: new nn.Identity() as torch.nn.Module })
      override forward(x: torch.Tensor): torch.Tensor {
        return this.choices.get('double').call(this.choices.get('none').call(x))
      }
      override torchScript(): string {
        return nn.forwardSource('return self.choices.double.forward(getattr(self.choices, "none").forward(input))')
      }
    }
    const folder = mkdtempSync(join(tmpdir(), 'pixelcl-containers-'))
    try {
      const net = new Net()
      torch.save(net, join(folder, 'net.pt'))
      const x = torch.randn([3, 2])
      const { y, names } = await runPython<{ y: torch.Tensor; names: string[] }>(
        `m = torch.jit.load(inputs['path']); outputs = {'y': m(inputs['x']).detach(), 'names': list(m.state_dict())}`,
        { path: join(folder, 'net.pt'), x },
      )
      expect(y).toEqualTensor(net.call(x).detach())
      expect(names).toEqual(Object.keys(net.stateDict()))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('ModuleList and Sequential', () => {
  test("insert, extend and pop as Python's", async () => {
    const parts = () => [new nn.Linear(1, 2), new nn.ReLU(), new nn.Linear(2, 3)] as torch.nn.Module[]
    for (const [name, made] of [
      ['ModuleList', new nn.ModuleList(parts())],
      ['Sequential', new nn.Sequential(...parts())],
    ] as const) {
      made.insert(1, new nn.Tanh())
      made.extend([new nn.Identity(), new nn.Linear(3, 1)])
      expect(made.pop(0)).toBeInstanceOf(nn.Linear)
      expect(made.pop()).toBeInstanceOf(nn.Linear)
      const given = name === 'ModuleList' ? '[nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 3)]' : 'nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 3)'
      await expectAsPython(
        made,
        `m = nn.${name}(${given}); m.insert(1, nn.Tanh()); m.extend([nn.Identity(), nn.Linear(3, 1)]); m.pop(0); m.pop(-1)`,
      )
    }
  })
})

describe('misuse', () => {
  const refusals: Record<string, [() => unknown, RegExp]> = {
    'an index beyond the list': [
      () => new nn.ParameterList([ones(1)]).at(1),
      /at\(\): index: expected a whole number from -1 to 0 but received 1/,
    ],
    'an index that is none': [() => new nn.ParameterList([ones(1)]).set('0' as never, ones(1)), /set\(\): index: .* received '0'/],
    'one tensor for a list': [
      () => new nn.ParameterList(ones(2) as never),
      /extend\(\): values: expected an array of parameters but received Tensor/,
    ],
    'a number in the place of a parameter': [
      () => new nn.ParameterList<unknown>([ones(1)]).set(0, 3),
      /cannot assign 3 as parameter '0' of ParameterList/,
    ],
    'an unknown key': [
      () => new nn.ParameterDict({ left: ones(1) }).get('lfet'),
      /get\(\): key: expected one of its keys but received 'lfet' \(did you mean 'left'\?\)/,
    ],
    "a method's name": [
      () => new nn.ParameterDict({ keys: ones(1) }),
      /set\(\): key: expected a string that is no name of a method but received 'keys'/,
    ],
    'a key with a dot': [() => new nn.ParameterDict({ 'a.b': ones(1) }), /expected a name that is not empty and holds no dot/],
    'parameters without names': [() => new nn.ParameterDict([ones(1)] as never), /update\(\): values: expected parameters by name/],
    'a list that is called': [
      () => (new nn.ParameterList() as AnyModule as torch.nn.Module).call(ones(1)),
      /a ParameterList computes nothing/,
    ],
    'an unknown module': [() => new nn.ModuleDict({ relu: new nn.ReLU() as AnyModule }).get('relo'), /did you mean 'relu'/],
    'what is no module': [() => new nn.ModuleDict({ relu: 3 as never }), /ModuleDict\(\): relu: expected a Module but received 3/],
    'modules without names': [
      () => new nn.ModuleDict(3 as never),
      /update\(\): modules: expected modules by name: an object, a Map or pairs but received 3/,
    ],
    'keys that JavaScript reorders': [() => new nn.ModuleDict({ b: new nn.ReLU() as AnyModule, 1: new nn.ReLU() }), /give a Map/],
    'a position beyond the end': [
      () => new nn.ModuleList([new nn.ReLU()]).insert(3, new nn.ReLU()),
      /insert\(\): index: expected a whole number from -1 to 1 but received 3/,
    ],
    'a pop of nothing': [() => new nn.Sequential().pop(), /pop\(\): index/],
  }
  test.each(Object.entries(refusals))('%s', (_, [body, message]) => {
    expect(body).toThrow(message)
    expect(body).toThrow(torch.ArgumentError)
  })
})

describe('a module at a position', () => {
  const expectSame = (some: readonly unknown[], others: readonly unknown[]) => {
    expect(some).toHaveLength(others.length)
    some.forEach((one, i) => expect(one).toBe(others[i]))
  }

  test('is replaced under its name, as in Python', async () => {
    const net = new nn.Sequential({ first: new nn.Linear(2, 3), act: new nn.ReLU(), last: new nn.Linear(3, 1) })
    expect(net.set(-1, new nn.Linear(3, 4))).toBe(net)
    net.set(1, new nn.Tanh())
    await expectAsPython(
      net,
      'm = nn.Sequential(OrderedDict(first=nn.Linear(2, 3), act=nn.ReLU(), last=nn.Linear(3, 1)))\nm[-1] = nn.Linear(3, 4)\nm[1] = nn.Tanh()',
    )
    expect(net.call(ones(1, 2)).shape).toEqual([1, 4])
    await expectAsPython(
      new nn.ModuleList([new nn.ReLU(), new nn.Linear(1, 1)]).set(0, new nn.Linear(1, 2)),
      'm = nn.ModuleList([nn.ReLU(), nn.Linear(1, 1)])\nm[0] = nn.Linear(1, 2)',
    )
  })

  test('is read and replaced by brackets, as in Python', async () => {
    const net = new nn.Sequential({ first: new nn.Linear(2, 3), act: new nn.ReLU(), last: new nn.Linear(3, 1) })
    const [first, act, last] = net
    expectSame([net[0], net[1], net[-1], net[-3]], [first, act, last, first])
    net[-1] = new nn.Linear(3, 4)
    net[1] = new nn.Tanh()
    await expectAsPython(
      net,
      'm = nn.Sequential(OrderedDict(first=nn.Linear(2, 3), act=nn.ReLU(), last=nn.Linear(3, 1)))\nm[-1] = nn.Linear(3, 4)\nm[1] = nn.Tanh()',
    )
    const list = new nn.ModuleList<AnyModule>([new nn.ReLU()])
    list.append(new nn.Tanh()).insert(0, new nn.Identity())
    expectSame([list[0], list[1], list[2], list[3], list[-1], list[-4]], [...list, undefined, list.at(2), undefined])
    const popped = list.pop(0)
    expect(list[0]).toBe(list.at(0))
    expect(list[2]).toBeUndefined()
    list[0] = popped
    await expectAsPython(list, 'm = nn.ModuleList([nn.Identity(), nn.Tanh()])')
    expect(list.deepcopy()[1]).toBeInstanceOf(nn.Tanh)
    const parameters = new nn.ParameterList([ones(1), ones(2)])
    parameters[-1] = new nn.Parameter(ones(3))
    expectSame([parameters[0], parameters[1], parameters[-1]], [parameters.at(0), parameters.at(1), parameters.at(1)])
    await expectAsPython(parameters, 'm = nn.ParameterList([torch.ones(1), torch.ones(2)])\nm[-1] = nn.Parameter(torch.ones(3))')
  })

  test('by brackets is no field', () => {
    const net = new nn.Sequential(new nn.ReLU())
    expect(Object.keys(net)).not.toContain('0')
    expect(() => (net[1] = new nn.ReLU())).toThrow(/set\(\): index: expected a whole number from -1 to 0 but received 1/)
    expect(() => (net[0] = 3 as never)).toThrow(/Sequential\(\): 0: expected a Module but received 3/)
  })

  test('must be there, and a module', () => {
    const net = new nn.Sequential(new nn.ReLU())
    expect(() => net.set(1, new nn.ReLU())).toThrow(/set\(\)/)
    expect(() => net.set(0, 3 as never)).toThrow(/Sequential\(\): 0: expected a Module but received 3/)
  })
})
