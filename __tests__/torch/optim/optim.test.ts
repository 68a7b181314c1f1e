import { describe, expect, test } from '@jest/globals'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import type { OptimizerState } from '../../../src/torch/optim'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'

type Kind = 'SGD' | 'Adam' | 'AdamW'

const shapes = [[4, 3], [5], [2, 3, 2, 2], []]

const cases: Record<string, { kind: Kind; options: Record<string, unknown> }> = {
  SGD: { kind: 'SGD', options: {} },
  'SGD with decay': { kind: 'SGD', options: { lr: 0.1, weightDecay: 0.05 } },
  'SGD with momentum': { kind: 'SGD', options: { lr: 0.1, momentum: 0.9 } },
  'SGD with momentum, dampening and decay': { kind: 'SGD', options: { lr: 0.1, momentum: 0.8, dampening: 0.3, weightDecay: 0.01 } },
  'SGD with Nesterov momentum': { kind: 'SGD', options: { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.02 } },
  'SGD that climbs': { kind: 'SGD', options: { lr: 0.1, momentum: 0.9, maximize: true } },
  Adam: { kind: 'Adam', options: {} },
  'Adam with all of its numbers': { kind: 'Adam', options: { lr: 0.02, betas: [0.7, 0.95], eps: 1e-4, weightDecay: 0.03 } },
  'Adam without memory': { kind: 'Adam', options: { lr: 0.02, betas: [0, 0] } },
  'Adam with amsgrad': { kind: 'Adam', options: { lr: 0.02, amsgrad: true } },
  'Adam that climbs': { kind: 'Adam', options: { lr: 0.02, maximize: true, weightDecay: 0.1 } },
  AdamW: { kind: 'AdamW', options: {} },
  'Adam in one kernel': { kind: 'Adam', options: { lr: 0.02, weightDecay: 0.1, fused: true } },
  'AdamW in one kernel, with amsgrad': { kind: 'AdamW', options: { lr: 0.02, weightDecay: 0.1, amsgrad: true, fused: true } },
  'AdamW with all of its numbers': {
    kind: 'AdamW',
    options: { lr: 0.02, betas: [0.7, 0.95], eps: 1e-4, weightDecay: 0.3, amsgrad: true, maximize: true },
  },
}

const snake = (options: object) =>
  Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value as unknown]),
  )

type Build = (params: torch.optim.Params<torch.optim.SGDOptions>, options?: object) => torch.optim.Optimizer<{ lr: number }>

/** The constructors in one form: each has overloads of its own, of which TypeScript calls no union. */
const build = Object.fromEntries(
  Object.entries(torch.optim).map(([name, made]) => [
    name,
    (...given: unknown[]) => new (made as new (...given: unknown[]) => unknown)(...given),
  ]),
) as unknown as Readonly<Record<Kind, Build>>

function make(kind: Kind, params: readonly Tensor[], options: Record<string, unknown>) {
  const groups = [{ params: params.slice(0, 2) }, { params: params.slice(2), lr: 0.07 }]
  return build[kind](groups, options)
}

const pythonSteps = `
def build(options):
    options = {name: tuple(float(item) for item in value) if isinstance(value, list) else value for name, value in options.items()}
    params = [p.clone().requires_grad_() for p in inputs['params']]
    return params, getattr(torch.optim, inputs['kind'])([{'params': params[:2]}, {'params': params[2:], 'lr': 0.07}], **options)

def run(params, optimizer, grads):
    trail = []
    for step in grads:
        optimizer.zero_grad()
        for p, g in zip(params, step):
            p.grad = None if g is None else g.clone()
        optimizer.step()
        trail.append([p.detach().clone() for p in params])
    return trail
`

/** Gradients of five steps; the second parameter has none in the first two. */
function gradients(dtype: 'float32' | 'float64'): (Tensor | null)[][] {
  return [0, 1, 2, 3, 4].map((step) => shapes.map((shape, i) => (i === 1 && step < 2 ? null : torch.randn(shape, { dtype }))))
}

function run(
  params: readonly Tensor[],
  optimizer: { zeroGrad(): void; step(): void },
  grads: readonly (readonly (Tensor | null)[])[],
): Tensor[][] {
  return grads.map((step) => {
    optimizer.zeroGrad()
    step.forEach((grad, i) => (params[i]!.grad = grad === null ? null : grad.clone()))
    optimizer.step()
    return params.map((param) => param.detach().clone())
  })
}

const fresh = (params: readonly Tensor[]) => params.map((param) => param.clone().requiresGrad_())

/** Everything of a state that can be compared, tensors aside. */
function plain(state: OptimizerState): unknown {
  return JSON.parse(
    JSON.stringify(state.param_groups.map((group) => Object.fromEntries(Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1))))),
  )
}

/** An empty dict of Python comes without its kind of keys. */
const entriesOf = (state: OptimizerState) => (state.state instanceof Map ? [...state.state] : []).sort(([a], [b]) => a - b)

function expectSameState(ours: OptimizerState, python: OptimizerState, kind: Kind): void {
  expect(entriesOf(ours).map(([number]) => number)).toEqual(entriesOf(python).map(([number]) => number))
  for (const [number, values] of entriesOf(python)) {
    const own = ours.state.get(number)!
    expectWith(Object.keys(own).sort(), `parameter ${number}`).toEqual(Object.keys(values).sort())
    for (const [key, value] of Object.entries(values))
      expectSame(own[key] as Tensor, value as Tensor, kind, `${key} of parameter ${number}`)
  }
  expect(plain(ours)).toEqual(plain(python))
}

/** JavaScript's powers of the betas differ from Python's in the last place of a double, which float32 does not see. */
function expectSame(received: Tensor, expected: Tensor, kind: Kind, name: string): void {
  if (kind === 'SGD' || expected.dtype === 'float32') expectWith(received, name).toEqualTensor(expected)
  else expectWith(received, name).toBeAllclose(expected, { rtol: 1e-14, atol: 1e-15 })
}

describe.each(['float32', 'float64'] as const)("five steps give Python's numbers to the last bit, in %s", (dtype) => {
  test.each(Object.entries(cases))('%s', async (_, { kind, options }) => {
    torch.manualSeed(3)
    const params = shapes.map((shape) => torch.randn(shape, { dtype }))
    const grads = gradients(dtype)
    const python = runPython<{ trail: Tensor[][]; state: OptimizerState }>(
      `${pythonSteps}
params, optimizer = build(inputs['options'])
outputs = {'trail': run(params, optimizer, inputs['grads']), 'state': optimizer.state_dict()}
`,
      { params, grads, kind, options: snake(options) },
    )
    const own = fresh(params)
    const optimizer = make(kind, own, options)
    const trail = run(own, optimizer, grads)
    const expected = await python
    for (const [step, tensors] of expected.trail.entries()) {
      for (const [i, tensor] of tensors.entries()) expectSame(trail[step]![i]!, tensor, kind, `parameter ${i} after step ${step + 1}`)
    }
    expectSameState(optimizer.stateDict(), expected.state, kind)
  })
})

describe("training continues from the other side's state", () => {
  test.each(['SGD with Nesterov momentum', 'Adam with amsgrad', 'AdamW with all of its numbers', 'AdamW in one kernel, with amsgrad'])(
    '%s',
    async (name) => {
      const { kind, options } = cases[name]!
      torch.manualSeed(4)
      const params = shapes.map((shape) => torch.randn(shape))
      const [before, after] = [gradients('float32'), gradients('float32')]

      const own = fresh(params)
      const optimizer = make(kind, own, options)
      run(own, optimizer, before)
      const python = await runPython<{ trail: Tensor[][]; state: OptimizerState; middle: Tensor[]; first: OptimizerState }>(
        `${pythonSteps}
import copy
params, optimizer = build({})
optimizer.load_state_dict(inputs['state'])
with torch.no_grad():
    for p, value in zip(params, inputs['trained']):
        p.copy_(value)
outputs = {'trail': run(params, optimizer, inputs['after']), 'state': optimizer.state_dict()}
params, optimizer = build(inputs['options'])
outputs['middle'] = run(params, optimizer, inputs['before'])[-1]
outputs['first'] = copy.deepcopy(optimizer.state_dict())
`,
        { params, before, after, kind, options: snake(options), state: optimizer.stateDict(), trained: own.map((param) => param.detach()) },
      )

      // Python took our state; we go on ourselves, and take Python's.
      const there = fresh(python.middle)
      const second = make(kind, there, {})
      second.loadStateDict(python.first)
      const continued = run(there, second, after)
      const here = run(own, optimizer, after)
      for (const [step, tensors] of python.trail.entries()) {
        for (const [i, tensor] of tensors.entries()) {
          expectWith(here[step]![i]!, `ours, parameter ${i}, step ${step}`).toEqualTensor(tensor)
          expectWith(continued[step]![i]!, `Python's, parameter ${i}, step ${step}`).toEqualTensor(tensor)
        }
      }
      expectSameState(second.stateDict(), python.state, kind)
    },
  )

  test('by the file, with the network, there and back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pixelcl-optim-'))
    const [ours, theirs] = [join(folder, 'ours.pt'), join(folder, 'theirs.pt')]
    try {
      const net = new torch.nn.Linear(3, 2)
      const optimizer = new torch.optim.AdamW(net.parameters(), { lr: 0.05 })
      const x = torch.randn([4, 3])
      const advance = () => {
        optimizer.zeroGrad()
        net.call(x).square().mean().backward()
        optimizer.step()
      }
      advance()
      torch.save({ model: net.stateDict(), optimizer: optimizer.stateDict(), epoch: 1 }, ours)
      await runPython(
        `
        saved = torch.load(inputs['ours'])
        net = torch.nn.Linear(3, 2)
        net.load_state_dict(saved['model'])
        optimizer = torch.optim.AdamW(net.parameters())
        optimizer.load_state_dict(saved['optimizer'])
        assert optimizer.param_groups[0]['lr'] == 0.05 and optimizer.param_groups[0]['betas'] == (0.9, 0.999)
        for _ in range(2):
            optimizer.zero_grad()
            net(inputs['x']).square().mean().backward()
            optimizer.step()
        torch.save({'model': net.state_dict(), 'optimizer': optimizer.state_dict(), 'epoch': saved['epoch'] + 2}, inputs['theirs'])
        `,
        { ours, theirs, x },
      )
      for (let i = 0; i < 2; i++) advance()
      const saved = torch.load<{ model: Record<string, Tensor>; optimizer: OptimizerState; epoch: number }>(theirs)
      expect(saved.epoch).toBe(3)
      for (const [name, value] of Object.entries(saved.model))
        expectWith(net.stateDict()[name]!, name).toBeAllclose(value, { rtol: 1e-6, atol: 1e-7 })
      const next = new torch.optim.AdamW(net.parameters())
      next.loadStateDict(saved.optimizer)
      expect(plain(next.stateDict())).toEqual(plain(optimizer.stateDict()))
      expect((next.state.get(net.weight)!['step'] as Tensor).item()).toBe(3)
      const fresh = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })])
      torch.save(fresh.stateDict(), ours)
      fresh.loadStateDict(torch.load(ours))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('what a scheduler left in a group stays, and older forms are read', async () => {
    const param = torch.ones([2], { requiresGrad: true })
    const python = await runPython<{ state: OptimizerState }>(`
      p = torch.ones(2, requires_grad=True)
      optimizer = torch.optim.Adam([p], lr=torch.tensor(0.5))
      scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
      p.sum().backward()
      optimizer.step()
      outputs = {'state': optimizer.state_dict()}
    `)
    const optimizer = new torch.optim.Adam([param])
    python.state.state.get(0)!['step'] = 1
    optimizer.loadStateDict(python.state)
    expect(optimizer.paramGroups[0]!.lr).toBe(0.5)
    expect(optimizer.stateDict().param_groups[0]).toMatchObject({ initial_lr: expect.anything() as unknown, lr: 0.5, foreach: null })
    param.sum().backward()
    optimizer.step()
    expect((optimizer.state.get(param)!['step'] as Tensor).item()).toBe(2)
  })

  test('state keys that were turned into strings are read', () => {
    const param = torch.ones([2], { requiresGrad: true })
    const optimizer = new torch.optim.SGD([param], { momentum: 0.5 })
    const state = { state: { '0': { momentum_buffer: torch.tensor([3, 4]) } }, param_groups: optimizer.stateDict().param_groups }
    optimizer.loadStateDict(state as never)
    expect((optimizer.state.get(param)!['momentum_buffer'] as Tensor).tolist()).toEqual([3, 4])
  })
})

test('one kernel serves parameters of several dtypes, and differs from many in the last places only', () => {
  torch.manualSeed(6)
  const data = [torch.randn([5, 4]), torch.randn([3], { dtype: 'float64' })]
  const [many, one] = [null, true].map((fused) => {
    const params = fresh(data)
    const optimizer = new torch.optim.Adam(params, { lr: 0.1, fused })
    for (let i = 0; i < 3; i++) {
      params.forEach((param) => (param.grad = param.detach().sin()))
      optimizer.step()
    }
    return params
  })
  for (const i of [0, 1]) expect(one![i]!.detach()).toBeAllclose(many![i]!.detach(), { rtol: 1e-6, atol: 1e-7 })
  expect(one![0]!.detach()).not.toBeAllclose(data[0]!)
})

test("a network trains as in Python, through the optimizer's whole life", async () => {
  torch.manualSeed(9)
  const net = new torch.nn.Sequential(
    new torch.nn.Linear(3, 8),
    new torch.nn.BatchNorm1d(8),
    new torch.nn.ReLU(),
    new torch.nn.Linear(8, 1),
  )
  const x = torch.randn([16, 3])
  const python = runPython<{ losses: number[]; state: Record<string, Tensor> }>(
    `
    from torch import nn
    net = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    net.load_state_dict(inputs['state'])
    optimizer = torch.optim.AdamW(net[0].parameters(), lr=0.01)
    losses = []
    for step in range(5):
        if step == 2:
            optimizer.add_param_group({'params': list(net[3].parameters()), 'lr': 0.1, 'weight_decay': 0.0})
        if step == 3:
            optimizer.param_groups[0]['lr'] = 0.001
        optimizer.zero_grad()
        loss = net(inputs['x']).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    outputs = {'losses': losses, 'state': net.state_dict()}
    `,
    { state: Object.fromEntries(Object.entries(net.stateDict()).map(([key, value]) => [key, value.clone()])), x },
  )
  const optimizer = new torch.optim.AdamW(net.at(0).parameters(), { lr: 0.01 })
  const losses = [0, 1, 2, 3, 4].map((step) => {
    if (step === 2) optimizer.addParamGroup({ params: net.at(3).parameters(), lr: 0.1, weightDecay: 0 })
    if (step === 3) optimizer.paramGroups[0]!.lr = 0.001
    optimizer.zeroGrad()
    const loss = net.call(x).square().mean()
    loss.backward()
    optimizer.step()
    return loss.item()
  })
  const expected = await python
  losses.forEach((loss, i) => expect(loss / expected.losses[i]!).toBeCloseTo(1, 5))
  for (const [name, value] of Object.entries(expected.state))
    expectWith(net.stateDict()[name]!, name).toBeAllclose(value, { rtol: 1e-4, atol: 1e-6 })
})

test('complex parameters are trained in both of their parts', async () => {
  const data = torch.randn([3], { dtype: 'complex64' })
  const grad = torch.randn([3], { dtype: 'complex64' })
  const bytes = (tensor: Tensor) => torch.viewAsReal(tensor).clone()
  const python = await runPython(
    `
    outputs = {}
    for kind, options in (('SGD', {'momentum': 0.9}), ('Adam', {'amsgrad': True}), ('AdamW', {})):
        p = torch.view_as_complex(inputs['data'].clone()).requires_grad_()
        optimizer = getattr(torch.optim, kind)([p], lr=0.1, **options)
        for _ in range(3):
            p.grad = torch.view_as_complex(inputs['grad'].clone())
            optimizer.step()
        outputs[kind] = torch.view_as_real(p.detach())
    `,
    { data: bytes(data), grad: bytes(grad) },
  )
  for (const [kind, options] of Object.entries({ SGD: { momentum: 0.9 }, Adam: { amsgrad: true }, AdamW: {} })) {
    const param = data.clone().requiresGrad_()
    const optimizer = build[kind as Kind]([param], { lr: 0.1, ...options })
    for (let i = 0; i < 3; i++) {
      param.grad = grad.clone()
      optimizer.step()
    }
    expectWith(torch.viewAsReal(param.detach()), kind).toBeAllclose(python[kind]!)
  }
})

describe('options', () => {
  test("come by position in Python's order, by name, or both", async () => {
    const python = await runPython<Record<string, { order: string[]; group: Record<string, unknown> }>>(`
      import inspect
      def described(kind, *args, **options):
          order = [name for name, p in inspect.signature(kind).parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
          group = kind([torch.ones(1, requires_grad=True)], *args, **options).param_groups[0]
          return {'order': order, 'group': {name: value for name, value in group.items() if name != 'params'}}
      optim = torch.optim
      outputs = {'SGD': described(optim.SGD, .1, .9, 0.25, .5, maximize=True), 'Adam': described(optim.Adam, 1e-3, (.5, .75), weight_decay=.25),
                 'AdamW': described(optim.AdamW, 1e-3, (.5, .75), 1e-4, .25, True)}
    `)
    const params = () => [torch.ones([1], { requiresGrad: true })]
    const optimizers = {
      SGD: new torch.optim.SGD(params(), 0.1, 0.9, 0.25, 0.5, { maximize: true }),
      Adam: new torch.optim.Adam(params(), 1e-3, [0.5, 0.75], { weightDecay: 0.25 }),
      AdamW: new torch.optim.AdamW(params(), 1e-3, [0.5, 0.75], 1e-4, 0.25, true),
    }
    expect(python['SGD']!.order).toEqual(['params', 'lr', 'momentum', 'dampening', 'weight_decay', 'nesterov'])
    for (const kind of ['Adam', 'AdamW'] as const)
      expect(python[kind]!.order).toEqual(['params', 'lr', 'betas', 'eps', 'weight_decay', 'amsgrad'])
    for (const [kind, optimizer] of Object.entries(optimizers)) {
      const { params: _, ...group } = optimizer.stateDict().param_groups[0]!
      expectWith(group, kind).toEqual(python[kind]!.group)
    }
  })

  test.each(['SGD', 'Adam', 'AdamW'] as const)('of a group of %s are checked before every step, which then changes nothing', (kind) => {
    const params = [torch.ones([2], { requiresGrad: true }), torch.ones([2], { requiresGrad: true })]
    const optimizer = build[kind](params.map((param) => ({ params: [param] })))
    for (const param of params) param.grad = torch.ones([2])
    const group = optimizer.paramGroups[1] as unknown as Record<string, unknown>
    for (const [name, value, message] of [
      ['lr', undefined, /lr: expected a Tensor or a number from 0 but received undefined/],
      ['lr', NaN, /lr: expected a Tensor or a number from 0 but received NaN/],
      ['lr', torch.ones([2]), /lr: expected a number or a Tensor of one element/],
      ['weightDecay', null, /weightDecay: expected a number from 0 but received null/],
      ['maximize', 'no', /maximize: expected true or false but received 'no'/],
      ['weight_decay', 0.5, new RegExp(`${kind}\\(\\): unknown option 'weight_decay' of a group \\(did you mean 'weightDecay'\\?\\)`)],
    ] as const) {
      const before = group[name]
      group[name] = value
      expect(() => optimizer.step()).toThrow(message)
      expect(() => optimizer.step()).toThrow(torch.ArgumentError)
      if (name === 'weight_decay') expect(() => optimizer.stateDict()).toThrow(message)
      if (before === undefined) Reflect.deleteProperty(group, name)
      else group[name] = before
    }
    for (const param of params) expect(param.tolist()).toEqual([1, 1])
    group['initial_lr'] = 3
    optimizer.step()
    expect(params[1]!.tolist()).not.toEqual([1, 1])
  })

  test.each(['SGD', 'Adam', 'AdamW'] as const)('%s reads a learning rate that is a tensor at every step, as in Python', async (kind) => {
    const data = torch.randn([3])
    const grad = torch.randn([3])
    const python = await runPython(
      `
      p = inputs['data'].clone().requires_grad_()
      lr = torch.tensor(0.5)
      optimizer = getattr(torch.optim, inputs['kind'])([p], lr=lr)
      for rate in (0.5, 0.125, 0.25):
          p.grad = inputs['grad'].clone()
          if rate == 0.25:
              optimizer.param_groups[0]['lr'] = torch.tensor([0.25])
          else:
              lr.fill_(rate)
          optimizer.step()
      outputs = {'p': p.detach()}
      `,
      { data, grad, kind },
    )
    const param = data.clone().requiresGrad_()
    const lr = torch.tensor(0.5)
    const optimizer = build[kind]([param], { lr })
    for (const rate of [0.5, 0.125, 0.25]) {
      param.grad = grad.clone()
      if (rate === 0.25) optimizer.paramGroups[0]!.lr = torch.tensor([0.25]) as never
      else lr.fill_(rate)
      optimizer.step()
    }
    expect(param.detach()).toBeAllclose(python['p']!)
    expect(build[kind]([param.detach().requiresGrad_()], lr).paramGroups[0]!.lr).toBe(lr)
  })

  test('are printed as Python prints them', async () => {
    const python = await runPython<Record<string, string>>(`
      p = lambda: torch.ones(1, requires_grad=True)
      optim = torch.optim
      outputs = {
          'SGD': str(optim.SGD([p()], 0.1, momentum=0.9)),
          'Adam': str(optim.Adam([{'params': [p()]}, {'params': [p()], 'lr': torch.tensor(0.5), 'weight_decay': 1e-5}], betas=(0.5, 0.9))),
          'AdamW': str(optim.AdamW([p()], torch.tensor([0.5]), amsgrad=True, fused=True)),
          'AdamW with a tensor': str(optim.AdamW([p()], torch.tensor(2.0))),
          'Adadelta': str(optim.Adadelta([{'params': [p()]}, {'params': [p()], 'lr': 2, 'rho': 1}])),
          'ASGD': str(optim.ASGD([p()], lambd=1, t0=20)),
          'ASGD of defaults': str(optim.ASGD([p()])),
          'Rprop': str(optim.Rprop([p()], etas=(0.5, 2))),
      }
    `)
    const p = () => torch.ones([1], { requiresGrad: true })
    const { SGD, Adam, AdamW, Adadelta, ASGD, Rprop } = torch.optim
    const optimizers = {
      SGD: new SGD([p()], 0.1, { momentum: 0.9 }),
      Adam: new Adam([{ params: [p()] }, { params: [p()], lr: torch.tensor(0.5), weightDecay: 1e-5 }], { betas: [0.5, 0.9] }),
      AdamW: new AdamW([p()], torch.tensor([0.5]), { amsgrad: true, fused: true }),
      'AdamW with a tensor': new AdamW([p()], torch.tensor(2)),
      Adadelta: new Adadelta([{ params: [p()] }, { params: [p()], lr: 2, rho: 1 }]),
      ASGD: new ASGD([p()], { lambd: 1, t0: 20 }),
      'ASGD of defaults': new ASGD([p()]),
      Rprop: new Rprop([p()], { etas: [0.5, 2] }),
    }
    for (const [kind, optimizer] of Object.entries(optimizers)) {
      expectWith(String(optimizer), kind).toBe(python[kind])
      expectWith(inspect(optimizer), kind).toBe(python[kind])
    }
  })
})

test('the types of options are those of the optimizers that are there', () => {
  const source = readFileSync(join(__dirname, '../../../src/torch/generated/declared/optim.ts'), 'utf8')
  const named = Array.from(source.matchAll(/^export interface (\w+)Options /gm), ([, name]) => name!)
  const here = Object.entries(torch.optim).filter(([name, value]) => typeof value === 'function' && name !== 'Optimizer')
  expect(named.sort()).toEqual(here.map(([name]) => name).sort())
})

describe('an optimizer of its own', () => {
  class Sign extends torch.optim.Optimizer<{ lr: number }> {
    protected override update(param: Tensor, grad: Tensor, state: torch.optim.ParamState, { lr }: { lr: number }): void {
      state['count'] = Number(state['count'] ?? 0) + 1
      param.sub_(grad.sign().mul(lr))
    }
  }

  test('needs no more than update', () => {
    const param = torch.ones([2], { requiresGrad: true })
    const optimizer = new Sign([param], { lr: 0.25 })
    param.sum().backward()
    optimizer.step()
    expect(param.tolist()).toEqual([0.75, 0.75])
    const next = new Sign([param], { lr: 1 })
    next.loadStateDict(optimizer.stateDict())
    next.step()
    expect(param.tolist()).toEqual([0.5, 0.5])
    expect(next.state.get(param)).toEqual({ count: 2 })
    expect(String(next)).toBe('Sign (\nParameter Group 0\n    lr: 0.25\n)')
    expect(() => new Sign([{ params: [param], rate: 1 } as never], { lr: 1 })).toThrow(
      /Sign\(\): unknown option 'rate' of a group; known are lr/,
    )
  })

  test('without one is an error', () => {
    // @ts-expect-error JavaScript lets update be left out.
    class Idle extends torch.optim.Optimizer<object> {}
    const param = torch.ones([2], { requiresGrad: true })
    const optimizer = new Idle([param])
    param.sum().backward()
    expect(() => optimizer.step()).toThrow(/Idle has no update\(param, grad, state, group\)/)
    expect(() => optimizer.step()).toThrow(torch.ArgumentError)
  })
})

describe('gradients', () => {
  test('zeroGrad forgets them, or zeroes them', () => {
    const param = torch.ones([2], { requiresGrad: true })
    const optimizer = new torch.optim.SGD([param])
    param.sum().backward()
    const { grad } = param
    for (const zero of [() => optimizer.zeroGrad({ setToNone: false }), () => optimizer.zeroGrad(false)]) {
      grad!.fill_(3)
      zero()
      expect(param.grad).toBe(grad)
      expect(grad!.tolist()).toEqual([0, 0])
    }
    expect(() => optimizer.zeroGrad({ set_to_none: false } as never)).toThrow(/did you mean 'setToNone'/)
    optimizer.zeroGrad()
    expect(param.grad).toBeNull()
    optimizer.step()
    expect(param.tolist()).toEqual([1, 1])
    expect(optimizer.state.size).toBe(0)
  })

  test('a closure computes the loss with grad mode on, and step returns it', () => {
    const param = torch.ones([2], { requiresGrad: true })
    const optimizer = new torch.optim.SGD([param], { lr: 1 })
    const loss = torch.noGrad(() =>
      optimizer.step(() => {
        optimizer.zeroGrad()
        const value = param.square().sum()
        value.backward()
        return value
      }),
    )
    expect(loss.item()).toBe(2)
    expect(param.tolist()).toEqual([-1, -1])
    expect(param.requiresGrad).toBe(true)
  })

  test('states live on where the step runs in a scope', () => {
    const param = torch.ones([2], { requiresGrad: true })
    const optimizer = new torch.optim.Adam([param], { amsgrad: true })
    for (let i = 0; i < 2; i++) {
      torch.scope(() => {
        param.square().sum().backward()
        optimizer.step()
      })
    }
    expect((optimizer.state.get(param)!['step'] as Tensor).item()).toBe(2)
  })
})

test.each([
  ['SGD', { momentum: 0.9, nesterov: true, weightDecay: 0.1, maximize: true }],
  ['SGD', { momentum: 0.9, weightDecay: 0.1 }],
  ['Adam', { weightDecay: 0.1, maximize: true, amsgrad: true }],
  ['AdamW', {}],
  ['Adam', { fused: true }],
] as const)('%s (%o) holds no memory after zeroGrad but its state, without a collection', (kind, options) => {
  const weight = torch.ones([1000, 1000], { requiresGrad: true })
  const optimizer = build[kind]([weight], options)
  const round = () => {
    const loss = torch.scope(() => weight.sum())
    loss.backward()
    loss.dispose()
    optimizer.step()
    optimizer.zeroGrad()
  }
  round()
  const before = torch.memoryStats().liveBytes
  for (let i = 0; i < 5; i++) round()
  expect(torch.memoryStats().liveBytes - before).toBeLessThan(1e6)
})

describe('misuse', () => {
  const param = () => torch.ones([2], { requiresGrad: true })
  const { SGD, Adam, AdamW } = torch.optim

  test('of what is trained', () => {
    expect(() => new Adam([])).toThrow(/Adam\(\): params: expected at least one parameter but received \[\]/)
    expect(() => new Adam(param() as never)).toThrow(
      /Adam\(\): params: expected a list of tensors, as module\.parameters\(\) gives, or of groups .* but received Tensor float32 \[2\]/,
    )
    expect(() => new Adam(new torch.nn.Linear(1, 1) as never)).toThrow(/as module\.parameters\(\) gives, .* but received Linear/)
    expect(() => new Adam([param(), 3 as never])).toThrow(/params\[1\]: expected a Tensor but received 3/)
    expect(() => new Adam([3 as never])).toThrow(/Adam\(\): paramGroup: expected \{ params, … \} but received 3/)
    expect(() => new Adam([param().mul(2)])).toThrow(
      /params\[0\]: expected a leaf but received Tensor float32 \[2\], the result of an operation/,
    )
    const shared = param()
    expect(() => new Adam([shared, shared])).toThrow(
      /params\[1\]: expected each parameter once, in one group but received Tensor float32 \[2\] again/,
    )
    expect(() => new SGD([{ params: [shared] }, { params: [shared] }])).toThrow(/expected each parameter once, in one group/)
    expect(() => new SGD([{ params: [shared], lrr: 1 } as never])).toThrow(
      /SGD\(\): unknown option 'lrr' of a group \(did you mean 'lr'\?\)/,
    )
  })

  test('of options', () => {
    expect(() => new Adam([param()], '1e-3' as never)).toThrow(/Adam\(\): lr: expected a Tensor or a number from 0 but received '1e-3'/)
    // @ts-expect-error given twice
    expect(() => new Adam([param()], 1e-3, { lr: 1 })).toThrow(/Adam\(\): lr is given both by position \(0\.001\) and by name \(1\)/)
    expect(() => new SGD([param()], 1, 0, 0, 0, false, true as never)).toThrow(
      /SGD\(\): expected at most 6 by position \(params, lr, momentum, .*\) but received 7/,
    )
    expect(() => new SGD([param()], { maximize: 1 as never })).toThrow(/SGD\(\): maximize: expected true or false but received 1/)
    expect(() => new AdamW([param()], { amsgrad: 'yes' as never })).toThrow(/AdamW\(\): amsgrad: expected true or false but received 'yes'/)
    expect(() => new SGD([param()], { lr: torch.ones([2]) })).toThrow(
      /lr: expected a number or a Tensor of one element but received Tensor float32 \[2\]/,
    )
    expect(() => new SGD([param()], { lr: torch.tensor(-1) })).toThrow(/lr: expected a Tensor or a number from 0 but received -1/)
    expect(() => new Adam([param()], { weight_decay: 0.1 } as never)).toThrow(
      /unknown option 'weight_decay' \(did you mean 'weightDecay'\?\)/,
    )
    expect(() => new Adam([param()], { lr: -1 })).toThrow(/lr: expected a Tensor or a number from 0 but received -1/)
    expect(() => new Adam([param()], { lr: NaN })).toThrow(/lr: expected a Tensor or a number from 0/)
    expect(() => new Adam([param()], { lr: '0.1' as never })).toThrow(/lr: expected a Tensor or a number from 0 but received '0\.1'/)
    expect(() => new Adam([param()], { betas: [0.9, 1] })).toThrow(
      /betas: expected an array of 2 numbers from 0 to below 1 but received \[0\.9, 1\]/,
    )
    expect(() => new Adam([param()], { betas: 0.9 as never })).toThrow(
      /betas: expected an array of 2 numbers from 0 to below 1 but received 0\.9/,
    )
    expect(() => new AdamW([param()], { fused: 1 as never })).toThrow(/fused: expected true or false but received 1/)
    expect(() => new AdamW([param()], { eps: -1e-8 })).toThrow(/eps: expected a number from 0 but received/)
    expect(() => new AdamW([{ params: [param()], weightDecay: -1 }])).toThrow(/weightDecay: expected a number from 0/)
    expect(() => new SGD([param()], { momentum: -1 })).toThrow(/momentum: expected a number from 0/)
    expect(() => new SGD([param()], { nesterov: true })).toThrow(/nesterov: expected a momentum above 0/)
  })

  test('of sparse gradients', () => {
    const weight = torch.ones([3, 2], { requiresGrad: true })
    const loss = () => torch.nn.functional.embedding(torch.tensor([1n]), weight, { sparse: true }).sum()
    loss().backward()
    expect(weight.grad!.isSparse).toBe(true)
    expect(() => new Adam([weight]).step()).toThrow(/Adam\(\): expected dense gradients but received a sparse one: use SGD/)
    new SGD([weight], { lr: 1 }).step()
    expect(weight.tolist()).toEqual([
      [1, 1],
      [0, 0],
      [1, 1],
    ])
  })

  test('of states changes nothing', () => {
    const one = param()
    const optimizer = new Adam([one])
    one.sum().backward()
    optimizer.step()
    const before = optimizer.stateDict()
    const sgd = new SGD([param()], { momentum: 0.5 })
    sgd.paramGroups[0]!.params[0]!.grad = torch.ones([2])
    sgd.step()
    const good = new Adam([param()]).stateDict()
    const named = { step: 1, exp_avg: torch.ones([3]), exp_avg_sq: torch.ones([3]) }
    for (const [state, message] of [
      [new Adam([param(), param()]).stateDict(), /the state has groups of 2 parameters, but this Adam has groups of 1/],
      [
        sgd.stateDict(),
        /the state is of another optimizer: parameter 0 remembers momentum_buffer, but Adam expects step, exp_avg, exp_avg_sq, perhaps max_exp_avg_sq/,
      ],
      [{ ...good, state: new Map([[0, named]]) }, /exp_avg of parameter 0 is \[3\] in the state, but the parameter is \[2\]/],
      [{ ...good, state: new Map([[5, named]]) }, /the state remembers parameter 5, which is in none of its groups/],
      [{ ...good, param_groups: [{ ...good.param_groups[0], lr: -3 }] }, /lr: expected a Tensor or a number from 0/],
      [{ weight: torch.ones([1]) }, /loadStateDict\(\): dict: expected { state, param_groups } of Adam, as stateDict\(\) gives/],
      [null, /but received null/],
      [{ ...good, state: null }, /expected { state, param_groups } of Adam/],
      [{ ...good, param_groups: [null] }, /dict.param_groups\[0\]: expected { params: \[0, 1, …\], … } but received null/],
      [{ ...good, param_groups: [{ params: [null] }] }, /dict.param_groups\[0\]: expected { params/],
      [{ ...good, state: new Map([[0, null]]) }, /dict.state\[0\]: expected values by name but received null/],
      [{ ...good, state: new Map([[0, { ...named, step: 'a' }]]) }, /dict.state\[0\].step: expected a number from 0 but received 'a'/],
      [{ ...good, state: new Map([[0, { ...named, exp_avg: 1 }]]) }, /dict.state\[0\].exp_avg: expected a Tensor but received 1/],
      [{ ...good, state: new Map([[0, { ...named, exp_avg: null }]]) }, /dict.state\[0\].exp_avg: expected a Tensor but received null/],
    ] as const) {
      expect(() => optimizer.loadStateDict(state as never)).toThrow(message)
      expect(() => optimizer.loadStateDict(state as never)).toThrow(torch.ArgumentError)
    }
    expectSameState(optimizer.stateDict(), before, 'Adam')
  })
})
