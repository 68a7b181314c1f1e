import { describe, expect, test } from '@jest/globals'
import ts from 'typescript'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { models } from '../../../src/vision'
import { runPython } from '../../support/python'

const { nn } = torch
const names = (members: Iterable<readonly [string, unknown]>) => Array.from(members, ([name]) => name)

/** How compilers write class fields: as definitions (ES2022) or as assignments in the constructor. */
const modes: [string, boolean][] = [
  ['defined fields', true],
  ['assigned fields', false],
]

/** The class that a source in TypeScript ends with. */
function classOf<C>(source: string, useDefineForClassFields: boolean): C {
  const target = ts.ScriptTarget.ES2022
  const { outputText } = ts.transpileModule(source, { compilerOptions: { target, useDefineForClassFields } })
  return new Function('torch', `const { nn } = torch\n${outputText}\nreturn Net`)(torch) as C
}

interface Net extends torch.nn.AnyModule {
  scale: unknown
  fc: unknown
  mean: unknown
  note: unknown
}

describe.each(modes)('assignment to a field with %s', (_, isDefined) => {
  const make = () => {
    const Net = classOf<new () => Net>(
      `class Net extends nn.Module {
         scale = new nn.Parameter(torch.ones([2]))
         fc: nn.Module = new nn.Linear(2, 2)
         note = 'free'
         constructor() {
           super()
           this.registerBuffer('mean', torch.zeros([2]))
         }
         forward(x) { return this.fc.call(x.mul(this.scale)) }
       }`,
      isDefined,
    )
    return new Net()
  }
  const looks: [string, (net: Net) => unknown][] = [
    ['its parameters were read', (net) => net.parameters()],
    ['its state was read', (net) => net.stateDict()],
    ['it was called', (net) => (net as unknown as torch.nn.Module).call(torch.ones([1, 2]))],
    ['it was made part of another', (net) => new nn.Sequential(net).eval()],
    ['it was copied', (net) => net.deepcopy()],
  ]

  test.each(looks)('refuses what is no Parameter, Module or Tensor once %s', (_, look) => {
    const net = make()
    look(net)
    const refused: [() => unknown, RegExp][] = [
      [
        () => (net.scale = (net.scale as Tensor).mul(0.1)),
        /cannot assign Tensor float32 \[2\] as parameter 'scale' of Net: expected a Parameter or null: .* scale\.data = …/,
      ],
      [() => (net.fc = 5), /cannot assign 5 as child 'fc' of Net: expected a Module or null/],
      [() => (net.fc = torch.ones([1])), /cannot assign Tensor float32 \[1\] as child 'fc'/],
      [() => (net.scale = new nn.Linear(1, 1)), /cannot assign Linear as parameter 'scale'/],
      [() => (net.mean = 5), /cannot assign 5 as buffer 'mean' of Net: expected a Tensor or null/],
      [
        () => (net.scale = undefined),
        /cannot assign undefined as parameter 'scale' of Net: expected a Parameter or null: .* declare scale/,
      ],
      [() => (net.fc = undefined), /cannot assign undefined as child 'fc'/],
    ]
    for (const [assign, message] of refused) {
      expect(assign).toThrow(message)
      expect(assign).toThrow(torch.ArgumentError)
    }
    expect(Object.keys(net.stateDict())).toEqual(['scale', 'mean', 'fc.weight', 'fc.bias'])
  })

  test('refuses a subclass that declares a parameter again, which would lose it', () => {
    const Net = classOf<new () => torch.nn.AnyModule>('class Net extends nn.Linear { weight; constructor() { super(1, 1) } }', isDefined)
    if (isDefined) expect(() => new Net().parameters()).toThrow(/cannot assign undefined as parameter 'weight' of Net: .* declare weight/)
    else expect(new Net().parameters()).toHaveLength(2)
  })

  test("takes what Python's takes", async () => {
    const python = await runPython<Record<string, string[]>>(`
      from torch import nn
      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.scale = nn.Parameter(torch.ones(2))
              self.fc = nn.Linear(2, 2)
              self.note = 'free'
              self.register_buffer('mean', torch.zeros(2))
      net = Net()
      outputs = {}
      def see(key):
          outputs[key] = [n for n, _ in net.named_parameters()] + ['|'] + [n for n, _ in net.named_buffers()] + ['|'] + [n for n, _ in net.named_children()]
      net.scale.data = net.scale.data * 0.1
      see('data')
      net.scale = nn.Parameter(torch.zeros(2))
      net.mean = torch.ones(2)
      net.fc = nn.Identity()
      see('same')
      net.scale = None
      net.mean = None
      see('none')
      net.scale = nn.Parameter(torch.zeros(2))
      net.mean = torch.ones(2)
      see('back')
      net.fc = nn.Parameter(torch.zeros(2))
      net.mean = nn.Linear(1, 1)
      see('other')
      net.note = nn.Linear(1, 1)
      see('new')
      del net.fc
      see('deleted')
    `)
    const net = make()
    const seen: Record<string, string[]> = {}
    const see = (key: string) => {
      seen[key] = [...names(net.namedParameters()), '|', ...names(net.namedBuffers()), '|', ...names(net.namedChildren())]
    }
    net.parameters()
    const scale = net.scale as torch.nn.Parameter
    scale.data = scale.data.mul(0.1)
    see('data')
    net.scale = new nn.Parameter(torch.zeros([2]))
    net.mean = torch.ones([2])
    net.fc = new nn.Identity()
    see('same')
    net.scale = null
    net.mean = null
    see('none')
    expect([net.scale, net.mean]).toEqual([null, null])
    net.scale = new nn.Parameter(torch.zeros([2]))
    net.mean = torch.ones([2])
    see('back')
    net.fc = new nn.Parameter(torch.zeros([2]))
    net.mean = new nn.Linear(1, 1)
    see('other')
    net.note = new nn.Linear(1, 1)
    see('new')
    delete net.fc
    see('deleted')
    expect(Object.fromEntries(Object.entries(seen).map(([key, list]) => [key, [...list].sort()]))).toEqual(
      Object.fromEntries(Object.entries(python).map(([key, list]) => [key, [...list].sort()])),
    )
  })

  test('comes in the order in which names appear on the object', () => {
    const Net = classOf<new () => torch.nn.AnyModule>(
      `class Net extends nn.Module {
         declared
         first = new nn.Linear(1, 1)
         constructor() {
           super()
           this.last = new nn.Linear(1, 1)
           this.parameters()
           this.declared = new nn.Linear(1, 1)
           this.registerModule('registered', new nn.ReLU())
           this.afterwards = new nn.ReLU()
         }
       }`,
      isDefined,
    )
    // Definition gives a declared field its place; where fields are assignments, a declaration without a value is nothing at all.
    const order = isDefined
      ? ['declared', 'first', 'last', 'registered', 'afterwards']
      : ['first', 'last', 'declared', 'registered', 'afterwards']
    expect(names(new Net().namedChildren())).toEqual(order)
    expect(names(new Net().deepcopy().namedChildren())).toEqual(order)
  })

  test('a field that is assigned where it is declared has the same place in both', () => {
    const Net = classOf<new () => torch.nn.AnyModule>(
      `class Net extends nn.Module {
         b = new nn.Linear(1, 1)
         a = new nn.Linear(1, 1)
         c = null
         constructor() {
           super()
           this.d = new nn.Linear(1, 1)
           this.c = new nn.Linear(1, 1)
           this.a = new nn.ReLU()
         }
       }`,
      isDefined,
    )
    expect(names(new Net().namedChildren())).toEqual(['b', 'a', 'c', 'd'])
  })

  test('a subclass may declare a field of its base again', () => {
    const Net = classOf<new () => torch.nn.AnyModule & { fc: torch.nn.Linear }>(
      `class Base extends nn.Module {
         fc = new nn.Linear(1, 1)
         tail = new nn.ReLU()
         constructor() {
           super()
           this.parameters()
         }
       }
       class Net extends Base {
         fc = new nn.Linear(3, 3)
       }`,
      isDefined,
    )
    const net = new Net()
    expect(names(net.namedChildren())).toEqual(['fc', 'tail'])
    expect(net.parameters()[0]!.shape).toEqual([3, 3])
    expect(() => (net.fc = 5 as never)).toThrow(/cannot assign 5 as child 'fc'/)
  })

  test('a frozen module is read as it is', () => {
    const net = make()
    Object.freeze(net)
    expect(Object.keys(net.stateDict())).toEqual(['scale', 'mean', 'fc.weight', 'fc.bias'])
    expect(names(net.deepcopy().namedParameters())).toEqual(['scale', 'fc.weight', 'fc.bias'])
  })
})

describe("the package's own layers are checked from the start", () => {
  test('where a value of the wrong kind is assigned', () => {
    const linear = new nn.Linear(2, 2)
    const bare = new nn.Linear(2, 2, { bias: false })
    const norm = new nn.BatchNorm2d(2)
    const conv = new nn.Conv2d(1, 1, 1)
    const resnet = models.resnet18()
    const refused: [() => unknown, RegExp][] = [
      // @ts-expect-error A tensor is no Parameter.
      [() => (linear.weight = linear.weight.mul(0.1)), /cannot assign Tensor float32 \[2, 2\] as parameter 'weight' of Linear/],
      // @ts-expect-error A tensor is no Parameter.
      [() => (bare.bias = torch.ones([2])), /as parameter 'bias' of Linear/],
      // @ts-expect-error A tensor is no Parameter.
      [() => (conv.weight = torch.ones([1])), /as parameter 'weight' of Conv2d/],
      // @ts-expect-error A number is no Tensor.
      [() => (norm.runningMean = 5), /cannot assign 5 as buffer 'runningMean' of BatchNorm2d: expected a Tensor or null/],
      // @ts-expect-error A number is no Module.
      [() => (resnet.fc = 5), /cannot assign 5 as child 'fc' of ResNet/],
    ]
    for (const [assign, message] of refused) expect(assign).toThrow(message)
    expect(Object.keys(linear.stateDict())).toEqual(['weight', 'bias'])
    linear.weight = new nn.Parameter(torch.ones([2, 2]))
    linear.weight.data = torch.zeros([2, 2])
    linear.bias = null
    norm.runningMean = torch.ones([2])
    resnet.fc = new nn.Identity()
    expect(Object.keys(linear.stateDict())).toEqual(['weight'])
    expect(linear.call(torch.ones([1, 2])).tolist()).toEqual([[0, 0]])
    expect(norm.stateDict()['running_mean']!.tolist()).toEqual([1, 1])
    expect(names(resnet.namedParameters()).some((name) => name.startsWith('fc'))).toBe(false)
  })

  test('a buffer that is assigned outlives the scope', () => {
    const norm = new nn.BatchNorm1d(2)
    torch.scope(() => {
      norm.runningMean = torch.ones([2])
    })
    expect(norm.runningMean!.tolist()).toEqual([1, 1])
  })
})

describe("names are Python's", () => {
  /** Names that no camelCase field has in snake_case. */
  class Net extends nn.Module {
    W = new nn.Parameter(torch.full([1], 1))
    fcA = new nn.Linear(1, 1)
    runningScale = new nn.Parameter(torch.full([1], 2))
    Q1 = new nn.Linear(1, 1)
  }
  const python = `
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(torch.full((1,), 5.))
        self.fcA = nn.Linear(1, 1)
        self.running_scale = nn.Parameter(torch.full((1,), 6.))
        self.Q1 = nn.Linear(1, 1)
`

  test('of fields in camelCase, and with a capital first', () => {
    expect(Object.keys(new Net().stateDict())).toEqual(['W', 'running_scale', 'fc_a.weight', 'fc_a.bias', 'Q1.weight', 'Q1.bias'])
    expect(['runningMean', 'W', 'fcA', '_paramGenerator', '_W', 'layer1', 'LayerNorm'].map(nn.savedName)).toEqual([
      'running_mean',
      'W',
      'fc_a',
      '_param_generator',
      '_W',
      'layer1',
      'LayerNorm',
    ])
  })

  test('where a state of Python is loaded, changed and given back', async () => {
    const { state } = await runPython<{ state: Record<string, Tensor> }>(`${python}
outputs = {'state': dict(Net().state_dict())}
`)
    const net = new Net()
    expect(net.loadStateDict(state)).toEqual({ missingKeys: [], unexpectedKeys: [] })
    expect(net.W.item()).toBe(5)
    expect(net.fcA.weight).toEqualTensor(state['fcA.weight']!)
    expect(names(net.namedParameters()).sort()).toEqual(Object.keys(state).sort())
    expect(net.getParameter('fcA.weight') === net.fcA.weight).toBe(true)
    const copied = net.deepcopy()
    for (const module of [net, copied]) {
      torch.noGrad(() => module.fcA.bias!.fill_(7))
      const back = await runPython<{ bias: number; missing: string[] }>(
        `${python}
net = Net()
answer = net.load_state_dict(inputs['state'])
outputs = {'bias': net.fcA.bias.item(), 'missing': list(answer.missing_keys)}
`,
        { state: module.stateDict() },
      )
      expect(back).toEqual({ bias: 7, missing: [] })
    }
  })

  test('where a state of an earlier version of this package is loaded', () => {
    const net = new Net()
    const state = Object.fromEntries(
      Object.entries(net.stateDict()).map(([name, value]) => [name.replace('W', '_w').replace('Q1', '_q1'), value]),
    )
    expect(net.compareState(state)).toEqual({ missingKeys: [], unexpectedKeys: [], mismatches: [] })
    expect(net.loadStateDict(state, { assign: true })).toEqual({ missingKeys: [], unexpectedKeys: [] })
  })

  test('which must not collide', () => {
    class Twice extends nn.Module {
      fcA = new nn.Linear(1, 1)
      fc_a = new nn.Linear(1, 1)
    }
    expect(() => new Twice().stateDict()).toThrow(/'fcA' and 'fc_a' of Twice would both be saved as 'fc_a': rename one of them/)
    expect(() => new Net().registerModule('running_scale', new nn.ReLU())).toThrow(
      /'runningScale' and 'running_scale' of Net would both be saved/,
    )
    const { W, ...state } = new Net().stateDict()
    expect(() => new Net().loadStateDict({ ...state, _w: W!, W: W! })).toThrow(/Unexpected key\(s\) in the state: "_w"/)
    const { 'fc_a.bias': bias, ...rest } = new Net().stateDict()
    expect(() => new Net().loadStateDict({ ...rest, 'fcA.bias': bias!, 'fc_A.bias': bias! })).toThrow(
      /Unexpected key|spellings of one name/,
    )
  })

  test('as they are registered', () => {
    class Registered extends nn.Module {
      declare fcA: torch.nn.Linear
      constructor() {
        super()
        this.registerModule('fcA', new nn.Linear(1, 1))
        this.registerParameter('W', new nn.Parameter(torch.ones([1])))
        this.registerBuffer('running_mean', torch.ones([1]))
      }
      override forward(x: Tensor): Tensor {
        return this.fcA.call(x)
      }
    }
    const net = new Registered()
    expect(Object.keys(net.stateDict())).toEqual(['W', 'running_mean', 'fcA.weight', 'fcA.bias'])
    expect(net.call(torch.ones([1, 1])).shape).toEqual([1, 1])
    expect(Object.keys(net.deepcopy().stateDict())).toEqual(Object.keys(net.stateDict()))
    net.fcA = new nn.Linear(1, 1, { bias: false })
    expect(names(net.namedParameters())).toEqual(['W', 'fcA.weight'])
  })

  test('in the order of registration, also where they look like integers', async () => {
    const wanted = ['l', '2', '10', '1']
    const python = await runPython<{ names: string[]; sequence: string[] }>(`
      from collections import OrderedDict
      from torch import nn
      net = nn.Module()
      for name in ['l', '2', '10', '1']:
          net.add_module(name, nn.Linear(1, 1, bias=False))
      sequence = nn.Sequential(OrderedDict((name, nn.Linear(1, 1)) for name in ['l', '2', '10', '1']))
      outputs = {'names': [n for n, _ in net.named_parameters()], 'sequence': [n for n, _ in sequence.named_children()]}
    `)
    const net = new nn.Module()
    for (const name of wanted) net.registerModule(name, new nn.Linear(1, 1, { bias: false }))
    expect(names(net.namedParameters())).toEqual(python.names)
    expect(names(net.deepcopy().namedParameters())).toEqual(python.names)
    const sequence = new nn.Sequential(new Map(wanted.map((name) => [name, new nn.Linear(1, 1)])))
    expect(names(sequence.namedChildren())).toEqual(python.sequence)
    const mixed = new nn.Sequential({ first: new nn.ReLU() })
    mixed.registerModule('7', new nn.ReLU())
    mixed.registerModule('act', new nn.ReLU())
    expect(names(mixed.namedChildren())).toEqual(['first', '7', 'act'])
    expect(() => new nn.Sequential({ l: new nn.ReLU(), '2': new nn.ReLU() })).toThrow(
      /puts names like '2' first in a plain object.*give a Map/,
    )
    expect(() => new nn.Sequential({ '10': new nn.ReLU(), '2': new nn.ReLU() })).toThrow(/give a Map/)
    expect(names(new nn.Sequential({ '0': new nn.ReLU(), '1': new nn.ReLU() }).namedChildren())).toEqual(['0', '1'])
  })
})
