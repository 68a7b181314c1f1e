import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'
import { cases } from './layers'

const folder = mkdtempSync(join(tmpdir(), 'pixelcl-layers-'))

interface Run {
  readonly path: string
  readonly x: Tensor
  readonly trained: Tensor
  readonly evaluated: Tensor
  readonly state: Record<string, Tensor>
}

interface Answer {
  readonly trained: Tensor
  readonly evaluated: Tensor
  readonly state: Record<string, Tensor>
  readonly parameters: string[]
}

const runs: Run[] = []
let answers: Answer[]

beforeAll(async () => {
  torch.manualSeed(31)
  for (const [i, { make, shape }] of Object.values(cases).entries()) {
    const layer = make()
    const path = join(folder, `${i}.pt`)
    torch.save(layer, path)
    const x = torch.randn(shape)
    torch.manualSeed(7)
    const trained = layer.call(x.mul(1))
    const state = Object.fromEntries(Object.entries(layer.stateDict()).map(([name, value]) => [name, value.clone()]))
    runs.push({ path, x, trained, evaluated: layer.eval().call(x.mul(1)), state })
  }
  answers = (
    await runPython<{ answers: Answer[] }>(
      `
      outputs = {'answers': []}
      for run in inputs['runs']:
          layer = torch.jit.load(run['path'])
          assert layer.training
          torch.manual_seed(7)
          trained = layer(run['x'] * 1)
          state = {name: value.clone() for name, value in layer.state_dict().items()}
          parameters = [name for name, _ in layer.named_parameters()]
          outputs['answers'].append({'trained': trained, 'state': state, 'parameters': parameters, 'evaluated': layer.eval()(run['x'] * 1)})
      `,
      { runs: runs.map(({ path, x }) => ({ path, x })) },
    )
  ).answers
})

afterAll(() => rmSync(folder, { recursive: true }))

test.each(Object.keys(cases).map((name, i) => [name, i] as const))('%s runs in Python as it runs here', (name, i) => {
  const [run, answer] = [runs[i]!, answers[i]!]
  expect(answer.trained).toBeAllclose(run.trained)
  expect(answer.evaluated).toBeAllclose(run.evaluated)
  expect(Object.keys(answer.state)).toEqual(Object.keys(run.state))
  for (const [key, value] of Object.entries(run.state)) expectWith(answer.state[key]!, key).toBeAllclose(value)
  expect(answer.parameters).toEqual([...cases[name]!.make().namedParameters()].map(([key]) => key))
})
