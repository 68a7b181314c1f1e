import { describe, expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'

const { lrScheduler: L } = torch.optim
type Optimizer = torch.optim.AnyOptimizer
type Scheduler = torch.optim.lrScheduler.LRScheduler

/** Each schedule in TypeScript and in Python; `metric` for those that step by one. */
const schedules: Record<string, readonly [make: (optimizer: Optimizer) => Scheduler, python: string]> = {
  LambdaLR: [(o) => new L.LambdaLR(o, (epoch) => 0.9 ** epoch), 'LambdaLR(o, lambda epoch: 0.9 ** epoch)'],
  'LambdaLR of each group': [
    (o) => new L.LambdaLR(o, [(epoch) => 1 / (epoch + 1), (epoch) => 0.5 ** epoch]),
    'LambdaLR(o, [lambda epoch: 1 / (epoch + 1), lambda epoch: 0.5 ** epoch])',
  ],
  MultiplicativeLR: [(o) => new L.MultiplicativeLR(o, (epoch) => 1 - epoch / 20), 'MultiplicativeLR(o, lambda epoch: 1 - epoch / 20)'],
  StepLR: [(o) => new L.StepLR(o, 3, 0.5), 'StepLR(o, 3, 0.5)'],
  MultiStepLR: [(o) => new L.MultiStepLR(o, [2, 5, 5, 9], { gamma: 0.3 }), 'MultiStepLR(o, [2, 5, 5, 9], gamma=0.3)'],
  ConstantLR: [(o) => new L.ConstantLR(o), 'ConstantLR(o)'],
  'ConstantLR of a factor': [(o) => new L.ConstantLR(o, { factor: 0.2, totalIters: 3 }), 'ConstantLR(o, factor=0.2, total_iters=3)'],
  LinearLR: [(o) => new L.LinearLR(o, 0.1, 0.9, 6), 'LinearLR(o, 0.1, 0.9, 6)'],
  ExponentialLR: [(o) => new L.ExponentialLR(o, 0.8), 'ExponentialLR(o, 0.8)'],
  PolynomialLR: [(o) => new L.PolynomialLR(o, 7, 1.5), 'PolynomialLR(o, 7, 1.5)'],
  CosineAnnealingLR: [(o) => new L.CosineAnnealingLR(o, 5, { etaMin: 0.01 }), 'CosineAnnealingLR(o, 5, eta_min=0.01)'],
  CosineAnnealingWarmRestarts: [(o) => new L.CosineAnnealingWarmRestarts(o, 2, 2, 0.001), 'CosineAnnealingWarmRestarts(o, 2, 2, 0.001)'],
  'CosineAnnealingWarmRestarts of one length': [(o) => new L.CosineAnnealingWarmRestarts(o, 4), 'CosineAnnealingWarmRestarts(o, 4)'],
  CyclicLR: [(o) => new L.CyclicLR(o, 0.01, [0.1, 0.2], 3), 'CyclicLR(o, 0.01, [0.1, 0.2], 3)'],
  'CyclicLR triangular2': [
    (o) => new L.CyclicLR(o, 0.01, 0.1, { stepSizeUp: 2, stepSizeDown: 3, mode: 'triangular2' }),
    "CyclicLR(o, 0.01, 0.1, step_size_up=2, step_size_down=3, mode='triangular2')",
  ],
  'CyclicLR expRange': [
    (o) => new L.CyclicLR(o, 0.01, 0.1, { stepSizeUp: 2, mode: 'expRange', gamma: 0.9, cycleMomentum: false }),
    "CyclicLR(o, 0.01, 0.1, step_size_up=2, mode='exp_range', gamma=0.9, cycle_momentum=False)",
  ],
  'CyclicLR of a function': [
    (o) => new L.CyclicLR(o, 0.01, 0.1, { stepSizeUp: 2, scaleFn: (x) => 1 / x, scaleMode: 'cycle' }),
    "CyclicLR(o, 0.01, 0.1, step_size_up=2, scale_fn=lambda x: 1 / x, scale_mode='cycle')",
  ],
  OneCycleLR: [(o) => new L.OneCycleLR(o, 0.5, { totalSteps: 14 }), 'OneCycleLR(o, 0.5, total_steps=14)'],
  'OneCycleLR in three phases': [
    (o) => new L.OneCycleLR(o, [0.5, 0.25], { epochs: 3, stepsPerEpoch: 5, annealStrategy: 'linear', threePhase: true }),
    "OneCycleLR(o, [0.5, 0.25], epochs=3, steps_per_epoch=5, anneal_strategy='linear', three_phase=True)",
  ],
  SequentialLR: [
    (o) => new L.SequentialLR(o, [new L.LinearLR(o, 0.1, 1, 3), new L.CosineAnnealingLR(o, 6), new L.ExponentialLR(o, 0.5)], [3, 9]),
    'SequentialLR(o, [LinearLR(o, 0.1, 1, 3), CosineAnnealingLR(o, 6), ExponentialLR(o, 0.5)], [3, 9])',
  ],
  ChainedScheduler: [
    (o) => new L.ChainedScheduler([new L.ConstantLR(o, 0.1, 4), new L.ExponentialLR(o, 0.9)]),
    'ChainedScheduler([ConstantLR(o, 0.1, 4), ExponentialLR(o, 0.9)])',
  ],
  'SequentialLR of chained ones': [
    (o) =>
      new L.SequentialLR(
        o,
        [new L.ChainedScheduler([new L.ConstantLR(o, 0.5, 2), new L.StepLR(o, 2, 0.7)], o), new L.PolynomialLR(o, 8)],
        [4],
      ),
    'SequentialLR(o, [ChainedScheduler([ConstantLR(o, 0.5, 2), StepLR(o, 2, 0.7)], o), PolynomialLR(o, 8)], [4])',
  ],
  ReduceLROnPlateau: [
    (o) => new L.ReduceLROnPlateau(o, { patience: 1, factor: 0.5, cooldown: 1 }),
    'ReduceLROnPlateau(o, patience=1, factor=0.5, cooldown=1)',
  ],
  'ReduceLROnPlateau of a maximum': [
    (o) => new L.ReduceLROnPlateau(o, 'max', 0.1, 0, 0.05, 'abs', { minLr: [0.01, 0.02] }),
    "ReduceLROnPlateau(o, 'max', 0.1, 0, 0.05, 'abs', min_lr=[0.01, 0.02])",
  ],
}

const METRICS = [3, 2.9, 2.95, 2.99, 2.98, 1, 1.1, 1.2, 1.3, 0.9, 0.95, 0.96]
const STEPS = METRICS.length
const HALF = 5

const PYTHON = `
  import json
  from torch.optim.lr_scheduler import *
  METRICS = ${JSON.stringify(METRICS)}
  def optimizer(kind):
      a, b = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
      groups = [{'params': [a]}, {'params': [b], 'lr': 0.04}]
      return torch.optim.SGD(groups, lr=0.1, momentum=0.9) if kind == 'SGD' else torch.optim.Adam(groups, lr=0.1)
  def move(s, i):
      s.step(METRICS[i]) if isinstance(s, ReduceLROnPlateau) else s.step()
  def seen(o, s):
      return {'lr': [g['lr'] for g in o.param_groups], 'momentum': [g['momentum'] if 'momentum' in g else g['betas'][0] for g in o.param_groups], 'last': s.get_last_lr()}
  def plain(value):
      if isinstance(value, dict): return {str(k): plain(v) for k, v in value.items() if k != '_get_lr_called_within_step'}
      if isinstance(value, (list, tuple)): return [plain(v) for v in value]
      return str(value) if isinstance(value, float) and value in (float('inf'), float('-inf')) else value
`

function optimizer(kind: 'SGD' | 'Adam'): Optimizer {
  const param = () => torch.ones([1], { requiresGrad: true })
  const groups = [{ params: [param()] }, { params: [param()], lr: 0.04 }]
  return kind === 'SGD' ? new torch.optim.SGD(groups, { lr: 0.1, momentum: 0.9 }) : new torch.optim.Adam(groups, { lr: 0.1 })
}

function move(scheduler: Scheduler, at: number): void {
  if (scheduler instanceof L.ReduceLROnPlateau) scheduler.step(METRICS[at]!)
  else scheduler.step()
}

function seen(owner: Optimizer, scheduler: Scheduler) {
  const groups = owner.paramGroups as unknown as Record<string, unknown>[]
  return {
    lr: groups.map(({ lr }) => lr),
    momentum: groups.map(({ momentum, betas }) => momentum ?? (betas as number[])[0]),
    last: scheduler.getLastLr(),
  }
}

const plain = (value: unknown): unknown => {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]))
  if (Array.isArray(value)) return value.map(plain)
  if (value === Infinity || value === -Infinity) return value > 0 ? 'inf' : '-inf'
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
    : value
}

/** Equal numbers to twelve places, all else exactly. */
function expectClose(ours: unknown, theirs: unknown, at: string): void {
  if (typeof ours === 'number' && typeof theirs === 'number') {
    expectWith(Math.abs(ours - theirs) <= 1e-12 * Math.max(1, Math.abs(theirs)), `${at}: ${ours} for ${theirs}`).toBe(true)
  } else if (typeof ours === 'object' && ours !== null && typeof theirs === 'object' && theirs !== null) {
    expectWith(Object.keys(ours).sort(), at).toEqual(Object.keys(theirs).sort())
    for (const key of Object.keys(ours))
      expectClose((ours as Record<string, unknown>)[key], (theirs as Record<string, unknown>)[key], `${at}.${key}`)
  } else expectWith(ours, at).toEqual(theirs)
}

describe.each(['SGD', 'Adam'] as const)('with %s, step by step as in Python:', (kind) => {
  test.each(Object.entries(schedules))('%s', async (name, [make, code]) => {
    const ours = optimizer(kind)
    const scheduler = make(ours)
    const rows = [seen(ours, scheduler)]
    for (let i = 0; i < STEPS; i++) {
      move(scheduler, i)
      rows.push(seen(ours, scheduler))
    }
    const python = await runPython<{ rows: unknown[]; state: unknown; half: Record<string, unknown>; groups: Record<string, unknown>[] }>(
      `${PYTHON}
  o = optimizer(${JSON.stringify(kind)})
  s = ${code}
  rows, half = [seen(o, s)], None
  for i in range(len(METRICS)):
      move(s, i)
      rows.append(seen(o, s))
      if i == ${HALF - 1}:
          half, groups = json.loads(json.dumps(plain(s.state_dict()))), json.loads(json.dumps([{k: v for k, v in g.items() if k != 'params'} for g in o.param_groups]))
  outputs = {'rows': rows, 'state': plain(s.state_dict()), 'half': half, 'groups': groups}
`,
    )
    expectClose(rows, python.rows, name)
    expectClose(plain(scheduler.stateDict()), python.state, `${name}.state`)
    resume(kind, name, make, python)
  })
})

/** A scheduler that takes Python's state in the middle goes on as Python's does. */
function resume(
  kind: 'SGD' | 'Adam',
  name: string,
  make: (optimizer: Optimizer) => Scheduler,
  { rows, half, groups }: { rows: unknown[]; half: Record<string, unknown>; groups: Record<string, unknown>[] },
): void {
  if (name.startsWith('MultiStep'))
    half['milestones'] = new Map(Object.entries(half['milestones'] as object).map(([k, v]) => [Number(k), v as unknown]))
  const ours = optimizer(kind)
  const scheduler = make(ours)
  const own = ours as unknown as { stateDict(): { state: unknown; param_groups: object[] }; loadStateDict(state: unknown): void }
  const numbers = own.stateDict().param_groups.map((group) => (group as { params: unknown }).params)
  own.loadStateDict({ state: new Map(), param_groups: groups.map((group, i) => ({ ...group, params: numbers[i] })) })
  scheduler.loadStateDict(half)
  for (let i = HALF; i < STEPS; i++) {
    move(scheduler, i)
    expectClose(seen(ours, scheduler), rows[i + 1], `${name} resumed at ${i}`)
  }
}

test('Python goes on from a state that is made here', async () => {
  const states = Object.fromEntries(
    Object.entries(schedules)
      .filter(([name]) => !/Lambda|Multiplicative|MultiStep|function|Plateau/.test(name))
      .map(([name, [make]]) => {
        const ours = optimizer('SGD')
        const scheduler = make(ours)
        for (let i = 0; i < HALF; i++) move(scheduler, i)
        const groups = (ours as unknown as torch.optim.SGD).stateDict().param_groups.map(({ params: _, ...rest }) => rest)
        const state = plain(scheduler.stateDict())
        for (let i = HALF; i < STEPS; i++) move(scheduler, i)
        return [name, { state, groups, python: schedules[name]![1], end: seen(ours, scheduler) }]
      }),
  )
  const { ends } = await runPython<{ ends: Record<string, unknown> }>(`${PYTHON}
  outputs = {'ends': {}}
  for name, given in json.loads(${JSON.stringify(JSON.stringify(states))}).items():
      o = optimizer('SGD')
      s = eval(given['python'])
      for group, values in zip(o.param_groups, given['groups']):
          group.update(values)
      s.load_state_dict(given['state'])
      for i in range(${HALF}, len(METRICS)):
          move(s, i)
      outputs['ends'][name] = seen(o, s)
`)
  for (const [name, { end }] of Object.entries(states)) expectClose(end, ends[name], name)
})

test('an epoch by number takes the closed form, as in Python', async () => {
  const closed = [
    'StepLR',
    'MultiStepLR',
    'ConstantLR',
    'LinearLR',
    'ExponentialLR',
    'PolynomialLR',
    'CosineAnnealingLR',
    'CosineAnnealingWarmRestarts',
  ]
  const { rows } = await runPython<{ rows: Record<string, unknown> }>(`${PYTHON}
  import warnings
  warnings.simplefilter('ignore')
  outputs = {'rows': {}}
  for name, code in json.loads(${JSON.stringify(JSON.stringify(closed.map((name) => [name, schedules[name]![1]])))}):
      o = optimizer('SGD')
      s = eval(code)
      s.step(6)
      outputs['rows'][name] = seen(o, s)
`)
  for (const name of closed) {
    const ours = optimizer('SGD')
    const scheduler = schedules[name]![0](ours)
    scheduler.step(6)
    expectClose(seen(ours, scheduler), rows[name], name)
  }
})

test('a learning rate that is a tensor keeps its object', () => {
  const lr = torch.tensor(1)
  const ours = new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr })
  const scheduler = new L.ExponentialLR(ours, 0.5)
  scheduler.step()
  expect((ours.paramGroups[0] as unknown as { lr: unknown }).lr).toBe(lr)
  expect(lr.item()).toBe(0.5)
})

describe('misuse', () => {
  const owner = () => optimizer('SGD')
  test.each<[string, () => unknown, RegExp]>([
    ['no optimizer', () => new L.StepLR([] as never, 2), /StepLR\(\): optimizer: expected an object but received \[\]/],
    ['another object', () => new L.StepLR({} as never, 2), /StepLR/],
    ['a missing option', () => new (L.StepLR as unknown as new (o: unknown) => unknown)(owner()), /StepLR\(\): stepSize is missing/],
    [
      'an unknown option',
      () => new L.StepLR(owner(), { stepSize: 2, gama: 1 } as never),
      /unknown option 'gama' \(did you mean 'gamma'\?\)/,
    ],
    ['an epoch without its rate', () => new L.StepLR(owner(), 2, 0.1, 3), /group 0 has no initialLr/],
    ['functions for other groups', () => new L.LambdaLR(owner(), [() => 1]), /lrLambda: expected one for each of the optimizer's 2 groups/],
    [
      'no length',
      () => new L.OneCycleLR(owner(), 1),
      /OneCycleLR\(\): totalSteps: expected a whole number from 1, or epochs and stepsPerEpoch/,
    ],
    [
      'no momentum',
      () => new L.CyclicLR(new torch.optim.Adagrad([torch.ones([1], { requiresGrad: true })]), 0.1, 1),
      /cycleMomentum: expected false, for the optimizer has neither momentum nor betas/,
    ],
    ['no schedulers', () => new L.SequentialLR(owner(), [], []), /schedulers: expected one scheduler at least/],
    [
      'a scheduler of another optimizer',
      () => new L.SequentialLR(owner(), [new L.StepLR(owner(), 2)], []),
      /schedulers\[0\]: expected a scheduler of the same optimizer/,
    ],
    ['no getLr', () => new (L.LRScheduler as unknown as new (o: unknown) => unknown)(owner()), /LRScheduler has no getLr\(\)/],
    ['no metric', () => new L.ReduceLROnPlateau(owner()).step(), /step\(\): metrics: expected a number but received null/],
  ])('%s', (_, body, message) => {
    expect(body).toThrow(message)
    expect(body).toThrow(torch.ArgumentError)
  })
})
