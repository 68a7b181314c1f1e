import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { camelCase } from '../../../src/common/text'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'
import { skipIf } from '../../support/skip'
import { generatedOnly, isGeneratedVersion } from '../../support/versions'

const HERE = ['ASGD', 'Adadelta', 'Adagrad', 'Adam', 'AdamW', 'Adamax', 'NAdam', 'RAdam', 'RMSprop', 'Rprop', 'SGD'] as const
const SHAPES = [[3, 2], [5], [2, 1, 2]]
const STEPS = 20
const HALF = 10
/** The greatest difference, relative to values above 1. */
const TOLERANCES = { float32: 1e-6, float64: 1e-12 } as const

type Kind = (typeof HERE)[number]
type Dtype = keyof typeof TOLERANCES
type Options = Readonly<Record<string, unknown>>
interface Input {
  readonly desc: string
  readonly options: Options
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pixelcl-optim-db-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const PYTHON = `
  import torch
  from torch.testing._internal.common_optimizers import optim_db
  def plain(value):
      return {'tensor': value.item()} if isinstance(value, torch.Tensor) else list(value) if isinstance(value, tuple) else value
  def entries():
      return [{'name': o.optim_cls.__name__, 'inputs': [{'desc': i.desc, 'options': {k: plain(v) for k, v in i.kwargs.items()}} for i in o.optim_inputs_func('cpu')]} for o in optim_db]
  def split(flat):
      shapes, parts, at = ${JSON.stringify(SHAPES)}, [], 0
      for shape in shapes:
          count = torch.Size(shape).numel()
          parts.append(flat[at:at + count].reshape(shape).clone())
          at += count
      return parts
  def join(params):
      return torch.cat([p.detach().reshape(-1) for p in params])
  def made(cls, i, flat):
      params = [p.requires_grad_() for p in split(flat)]
      return params, cls(params, **i.kwargs)
  def steps(params, optimizer, grads):
      for row in grads:
          for p, g in zip(params, split(row)): p.grad = g
          optimizer.step()
`

const count = SHAPES.reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0)

function split(flat: Tensor): Tensor[] {
  let at = 0
  return SHAPES.map((shape) => {
    const size = shape.reduce((product, next) => product * next, 1)
    at += size
    return flat
      .narrow(0, at - size, size)
      .reshape(shape)
      .clone()
  })
}

const joined = (params: readonly Tensor[]): Tensor => torch.cat(params.map((param) => param.detach().reshape([-1])))

function make(kind: Kind, options: Options, flat: Tensor) {
  const params = split(flat).map((param) => param.requiresGrad_())
  const named = Object.entries(options).map(([name, value]) => [camelCase(name), optionOf(value)])
  const build = torch.optim[kind] as unknown as new (params: Tensor[], options: object) => torch.optim.SGD
  return { params, optimizer: new build(params, Object.fromEntries(named) as object) }
}

/** A learning rate that is a tensor comes as `{ tensor: … }`. */
function optionOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'tensor' in value ? torch.tensor(value.tensor as number) : value
}

function steps({ params, optimizer }: ReturnType<typeof make>, grads: Tensor, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    for (const [j, grad] of split(grads.select(0, i)).entries()) params[j]!.grad = grad
    optimizer.step()
  }
}

function expectClose(ours: Tensor, theirs: Tensor, tolerance: number, note: string): void {
  const scale = theirs.abs().clamp({ min: 1 })
  const difference = ours.sub(theirs).abs().div(scale).max().item<number>()
  expectWith(difference <= tolerance, `${note}: differs by ${difference}`).toBe(true)
}

describe("every sample of PyTorch's optimizer database", () => {
  test.each(HERE.flatMap((kind) => (['float32', 'float64'] as const).map((dtype) => [kind, dtype] as [Kind, Dtype])))(
    '%s in %s: from the start, from Python’s state, and Python from ours',
    async (kind, dtype) => {
      torch.manualSeed(3)
      const start = torch.randn([count], { dtype })
      const grads = torch.randn([STEPS, count], { dtype })
      const sent = { start, grads }
      const path = (name: string, i: number) => join(folder, `${kind}-${dtype}-${name}-${i}.pt`)
      const python = await runPython<{ inputs: Input[]; halves: Tensor[]; ends: Tensor[] }>(
        `${PYTHON}
  outputs = {'inputs': [e for e in entries() if e['name'] == '${kind}'][0]['inputs'], 'halves': [], 'ends': []}
  entry = [o for o in optim_db if o.optim_cls.__name__ == '${kind}'][0]
  for n, i in enumerate(entry.optim_inputs_func('cpu')):
      params, optimizer = made(entry.optim_cls, i, inputs['start'])
      steps(params, optimizer, inputs['grads'][:${HALF}])
      outputs['halves'].append(join(params))
      torch.save(optimizer.state_dict(), ${JSON.stringify(path('python', 0)).replace('-0.pt', '-')} + str(n) + '.pt')
      steps(params, optimizer, inputs['grads'][${HALF}:])
      outputs['ends'].append(join(params))
`,
        sent,
      )
      expect(python.inputs.length).toBeGreaterThan(3)
      const halves: Record<string, Tensor> = {}
      const ends: Tensor[] = []
      for (const [i, { desc, options }] of python.inputs.entries()) {
        const note = `${kind} ${desc} ${dtype}`
        const whole = make(kind, options, start)
        steps(whole, grads, 0, HALF)
        halves[`half${i}`] = joined(whole.params)
        torch.save(whole.optimizer.stateDict(), path('ours', i))
        steps(whole, grads, HALF, STEPS)
        ends.push(joined(whole.params))
        expectClose(joined(whole.params), python.ends[i]!, TOLERANCES[dtype], `${note} from the start`)
        const resumed = make(kind, options, python.halves[i]!)
        resumed.optimizer.loadStateDict(torch.load(path('python', i)) as torch.optim.OptimizerState)
        steps(resumed, grads, HALF, STEPS)
        expectClose(joined(resumed.params), python.ends[i]!, TOLERANCES[dtype], `${note} from Python's state`)
      }
      const back = await runPython<{ ends: Tensor[] }>(
        `${PYTHON}
  outputs = {'ends': []}
  entry = [o for o in optim_db if o.optim_cls.__name__ == '${kind}'][0]
  for n, i in enumerate(entry.optim_inputs_func('cpu')):
      params, optimizer = made(entry.optim_cls, i, inputs['half' + str(n)])
      optimizer.load_state_dict(torch.load(${JSON.stringify(path('ours', 0)).replace('-0.pt', '-')} + str(n) + '.pt'))
      steps(params, optimizer, inputs['grads'][${HALF}:])
      outputs['ends'].append(join(params))
`,
        { ...halves, grads },
      )
      for (const [i, end] of ends.entries())
        expectClose(end, back.ends[i]!, TOLERANCES[dtype], `${kind} input ${i} ${dtype}, Python from ours`)
    },
  )
})

skipIf(!isGeneratedVersion, generatedOnly).test('docs/OPTIMIZERS.md names every optimizer of the database: there, or not yet', async () => {
  const { entries } = await runPython<{ entries: { name: string; inputs: Input[] }[] }>(`${PYTHON}
  outputs = {'entries': entries()}
`)
  const rows = entries.map(({ name, inputs }) =>
    name in torch.optim ? `| \`${name}\` | ${inputs.length} sets of options agree |` : `| \`${name}\` | not there yet |`,
  )
  expect(
    entries
      .map(({ name }) => name)
      .filter((name) => name in torch.optim)
      .toSorted(),
  ).toEqual(HERE.toSorted())
  const text = [
    '# Optimizers',
    '',
    "What PyTorch's own optimizer database (`optim_db` of 2.13) says about `torch.optim` of `pixelcl/torch`: 20 steps from the start, from",
    "Python's state and by Python from a state that is made here, within 1e-6 in float32 and 1e-12 in float64.",
    '`__tests__/torch/optim/optim-db.test.ts` writes this list.',
    '',
    '| optimizer | standing |',
    '| --- | --- |',
    ...rows,
    '',
  ].join('\n')
  expect(text).toMatchFile('docs/OPTIMIZERS.md')
})

describe('what a loaded state asks for', () => {
  const loaded = (kind: 'Adam' | 'SGD', more: object) => {
    const param = torch.ones([2], { requiresGrad: true })
    const optimizer = kind === 'Adam' ? new torch.optim.Adam([param]) : new torch.optim.SGD([param])
    const state = optimizer.stateDict()
    return { param, optimizer, load: () => optimizer.loadStateDict({ ...state, param_groups: [{ ...state.param_groups[0], ...more }] }) }
  }

  test('acts: decoupled weight decay, foreach and the fused step', () => {
    const { param, optimizer, load } = loaded('Adam', { decoupled_weight_decay: true, weight_decay: 0.5, lr: 0.1 })
    load()
    const other = torch.ones([2], { requiresGrad: true })
    const adamW = new torch.optim.AdamW([other], { lr: 0.1, weightDecay: 0.5 })
    for (const one of [param, other]) one.grad = torch.tensor([1, -2])
    optimizer.step()
    adamW.step()
    expect(param.tolist()).toEqual(other.tolist())
    expect(optimizer.stateDict().param_groups[0]!['decoupled_weight_decay']).toBe(true)
    for (const name of ['foreach', 'fused']) {
      const sgd = loaded('SGD', { [name]: true, lr: 0.5 })
      sgd.load()
      sgd.param.grad = torch.ones([2])
      sgd.optimizer.step()
      expect(sgd.param.tolist()).toEqual([0.5, 0.5])
      expect(sgd.optimizer.stateDict().param_groups[0]![name]).toBe(true)
    }
  })

  test('leaves AdamW what it is, as in Python', async () => {
    const python = await runPython<{ values: number[]; decoupled: boolean }>(`
      param = torch.nn.Parameter(torch.ones(2))
      optimizer = torch.optim.AdamW([param], lr=0.1, weight_decay=0.5)
      state = optimizer.state_dict()
      state['param_groups'][0]['decoupled_weight_decay'] = False
      optimizer.load_state_dict(state)
      param.grad = torch.ones(2)
      optimizer.step()
      outputs = {'values': param.tolist(), 'decoupled': optimizer.state_dict()['param_groups'][0]['decoupled_weight_decay']}
    `)
    const param = torch.ones([2], { requiresGrad: true })
    const optimizer = new torch.optim.AdamW([param], { lr: 0.1, weightDecay: 0.5 })
    const state = optimizer.stateDict()
    optimizer.loadStateDict({ ...state, param_groups: [{ ...state.param_groups[0]!, decoupled_weight_decay: false }] } as typeof state)
    param.grad = torch.ones([2])
    optimizer.step()
    expect(param.tolist()).toEqual(python.values)
    expect(optimizer.stateDict().param_groups[0]!['decoupled_weight_decay']).toBe(python.decoupled)
  })

  test.each(['differentiable', 'capturable'])('or is refused: %s', (name) => {
    expect(loaded('Adam', { [name]: true }).load).toThrow(new RegExp(`Adam\\(\\): ${name}: expected false but received true`))
  })
})
