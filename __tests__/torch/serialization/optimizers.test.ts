import { describe, expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { temporary } from '../../support/files'
import { runPython } from '../../support/python'

type AnyOptimizer = torch.optim.SGD | torch.optim.Adam | torch.optim.AdamW
type Make = (parameters: readonly Tensor[]) => AnyOptimizer

const optimizers: readonly (readonly [string, string, Make])[] = [
  [
    'SGD',
    'torch.optim.SGD(parameters, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)',
    (p) => new torch.optim.SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  ],
  ['Adam', 'torch.optim.Adam(parameters, lr=0.01, amsgrad=True)', (p) => new torch.optim.Adam(p, { lr: 0.01, amsgrad: true })],
  ['AdamW', 'torch.optim.AdamW(parameters, lr=0.01, betas=(0.8, 0.95))', (p) => new torch.optim.AdamW(p, { lr: 0.01, betas: [0.8, 0.95] })],
]

const start = () => [
  torch.tensor([
    [1, -2],
    [0.5, 3],
  ]),
  torch.tensor([0.25, -1]),
]

/** Steps on `sum(w²·scale)`, as the Python below does. */
function step(optimizer: AnyOptimizer, parameters: readonly Tensor[], count: number): void {
  for (let i = 0; i < count; i++) {
    optimizer.zeroGrad()
    for (const parameter of parameters)
      parameter
        .mul(parameter)
        .mul(0.5 + i)
        .sum()
        .backward()
    optimizer.step()
  }
}

const stepInPython = `
def steps(optimizer, parameters, count):
    for i in range(count):
        optimizer.zero_grad()
        for parameter in parameters:
            (parameter * parameter * (0.5 + i)).sum().backward()
        optimizer.step()
`

describe.each(optimizers)('the state of %s', (_, python, make) => {
  test('continues training in Python without a difference', async () => {
    const path = temporary('optimizer.pt')
    const parameters = start().map((value) => new torch.nn.Parameter(value))
    const optimizer = make(parameters)
    step(optimizer, parameters, 3)
    torch.save({ optimizer: optimizer.stateDict(), parameters: parameters.map((parameter) => parameter.detach()) }, path)
    const code = `${stepInPython}
saved = torch.load(inputs['path'], weights_only=True)
parameters = [torch.nn.Parameter(p.clone()) for p in saved['parameters']]
optimizer = ${python}
optimizer.load_state_dict(saved['optimizer'])
steps(optimizer, parameters, 2)
straight = [torch.nn.Parameter(p.clone()) for p in inputs['start']]
parameters, continued = straight, parameters
optimizer = ${python}
steps(optimizer, straight, 3)
steps(optimizer, straight, 2)
outputs = {'continued': continued, 'straight': straight, 'keys': sorted(saved['optimizer']), 'state': sorted(saved['optimizer']['state'])}`
    const { continued, straight, keys, state } = await runPython<{
      continued: Tensor[]
      straight: Tensor[]
      keys: string[]
      state: number[]
    }>(code, { path, start: start() })
    expect([keys, state]).toEqual([
      ['param_groups', 'state'],
      [0, 1],
    ])
    straight.forEach((expected, i) => expect(continued[i]).toBeAllclose(expected))
  })

  test('comes from Python, and we train on as if nothing had been', async () => {
    const path = temporary('optimizer.pt')
    const code = `${stepInPython}
parameters = [torch.nn.Parameter(p.clone()) for p in inputs['start']]
optimizer = ${python}
steps(optimizer, parameters, 3)
torch.save({'optimizer': optimizer.state_dict(), 'parameters': [p.detach() for p in parameters]}, inputs['path'])
steps(optimizer, parameters, 2)
outputs = {'expected': parameters}`
    const { expected } = await runPython<{ expected: Tensor[] }>(code, { path, start: start() })
    const saved = torch.load<{ optimizer: torch.optim.OptimizerState; parameters: Tensor[] }>(path)
    const parameters = saved.parameters.map((value) => new torch.nn.Parameter(value.clone()))
    const optimizer = make(parameters)
    optimizer.loadStateDict(saved.optimizer)
    step(optimizer, parameters, 2)
    expected.forEach((value, i) => expect(parameters[i]).toBeAllclose(value))
  })
})

test('a whole checkpoint makes the round trip here', () => {
  const path = temporary('checkpoint.pt')
  const net = new torch.nn.Linear(3, 2)
  const optimizer = new torch.optim.Adam(net.parameters(), { lr: 0.1 })
  net
    .call(torch.ones([1, 3]))
    .sum()
    .backward()
  optimizer.step()
  torch.save(
    { net: net.stateDict(), optimizer: optimizer.stateDict(), epoch: 3, rng: torch.getRngState(), history: [0.5, torch.float(1)] },
    path,
  )
  const drawn = torch.rand([3])
  const saved = torch.load<{
    net: torch.nn.StateDict
    optimizer: torch.optim.OptimizerState
    epoch: number
    rng: Tensor
    history: number[]
  }>(path)
  torch.setRngState(saved.rng)
  expect(torch.rand([3])).toEqualTensor(drawn)
  expect([saved.epoch, saved.history]).toEqual([3, [0.5, 1]])
  const fresh = new torch.nn.Linear(3, 2)
  fresh.loadStateDict(saved.net)
  expect(fresh.weight.detach()).toEqualTensor(net.weight.detach())
})
