import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
import { PixelCL } from '../../src/pixelcl'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'
import { referenceLearner } from './reference'
import { Small, copyOf, gradientsOf, overlapping, smallImages, smallLearner, smallOptions, smallReference } from './small'

const folder = mkdtempSync(join(tmpdir(), 'pixelcl-state-'))
afterAll(() => rmSync(folder, { recursive: true }))

beforeEach(() => {
  torch.manualSeed(14)
})

const python = `${referenceLearner}${smallReference}`

interface Answer {
  readonly state: Record<string, Tensor>
}

/** A learner whose parts have all been moved by a training step. */
function trained(options: Parameters<typeof smallLearner>[0]): PixelCL {
  const learner = smallLearner({ augmentFn: undefined, ...options })
  learner.forward(smallImages(), { views: overlapping }).backward()
  new torch.optim.Adam(learner.parameters(), { lr: 0.1 }).step()
  learner.updateMovingAverage()
  return learner
}

function expectSameState(received: Record<string, Tensor>, expected: Record<string, Tensor>): void {
  expect(Object.keys(received)).toEqual(Object.keys(expected))
  for (const [name, value] of Object.entries(expected)) expectWith(received[name], name).toEqualTensor(value)
}

describe("a learner's state and Python's", () => {
  test.each([
    ['PixPro, with the default augmentations', {}, ''],
    ['PixPro with two layers', { ppmNumLayers: 2 }, 'ppm_num_layers=2'],
    ['PixContrast', { usePixpro: false }, 'use_pixpro=False'],
  ] as const)('go into each other strictly, in the same order, with equal values: %s', async (_, options, pythonOptions) => {
    const learner = trained(options)
    const there = join(folder, 'there.pt')
    const back = join(folder, 'back.pt')
    torch.save(learner.stateDict(), there)
    const { state } = await runPython<Answer>(
      `${python}
learner = small_learner(${pythonOptions})
print(learner.load_state_dict(torch.load(inputs['there']), strict=True))
state = {name: value.clone() for name, value in learner.state_dict().items()}
loss = learner(torch.rand(3, 3, 32, 32))
loss.backward()
torch.optim.Adam(learner.parameters(), lr=0.1).step()
learner.update_moving_average()
torch.save(learner.state_dict(), inputs['back'])
outputs = {'state': state}
`,
      { there, back },
    )
    expectSameState(learner.stateDict(), state)
    expect(Object.keys(state)).toEqual(
      expect.arrayContaining([
        'augment1.3._param_generator.thresholds',
        'augment2.3._param_generator.additions',
        'target_encoder.net.fc.weight',
      ]),
    )

    const file = torch.load(back) as Record<string, Tensor>
    const other = smallLearner({ augmentFn: undefined, ...options })
    expect(other.loadStateDict(file)).toEqual({ missingKeys: [], unexpectedKeys: [] })
    expectSameState(other.stateDict(), file)
    expect(other.stateDict()['online_predictor.net.0.weight']).not.toBeAllclose(state['online_predictor.net.0.weight']!)
  })

  test('without a target, after resetMovingAverage on both sides', async () => {
    const learner = trained({})
    learner.resetMovingAverage()
    const path = join(folder, 'reset.pt')
    torch.save(learner.stateDict(), path)
    const { state } = await runPython<Answer>(
      `${python}
learner = small_learner()
learner.reset_moving_average()
learner.load_state_dict(torch.load(inputs['path']), strict=True)
outputs = {'state': dict(learner.state_dict())}
`,
      { path },
    )
    expectSameState(learner.stateDict(), state)
    const other = smallLearner({ augmentFn: undefined })
    expect(() => other.loadStateDict(state)).toThrow(/Missing key\(s\) in the state: "target_encoder\.net/)
    other.resetMovingAverage()
    other.loadStateDict(state)
    expectSameState(other.stateDict(), state)
  })

  test('of a TorchScript backbone go into those of the module it was made from', async () => {
    const [backbone, path] = [join(folder, 'backbone.pt'), join(folder, 'script.pt')]
    await runPython(
      `${python}\ntorch.jit.trace(Small().train(), torch.rand(2, 3, 32, 32), check_trace=False).save(inputs['backbone'])\noutputs = {}`,
      { backbone },
    )
    const learner = new PixelCL(torch.jit.load(backbone), smallOptions)
    torch.save(learner.stateDict(), path)
    const { state } = await runPython<Answer>(
      `${python}
learner = small_learner()
learner.load_state_dict(torch.load(inputs['path']), strict=True)
outputs = {'state': dict(learner.state_dict())}
`,
      { path },
    )
    expectSameState(learner.stateDict(), state)

    // The same weights in a native backbone give the same step.
    const silent = { ...smallOptions, augmentFn: (images: Tensor) => images }
    const script = new PixelCL(torch.jit.load(backbone), silent)
    const native = new PixelCL(new Small(), silent)
    native.loadStateDict(script.stateDict())
    const images = smallImages()
    const [one, two] = [script, native].map((each) => each.forward(images, { views: overlapping })) as [Tensor, Tensor]
    expect(one).toBeAllclose(two, { rtol: 1e-6 })
    one.backward()
    two.backward()
    const grads = gradientsOf(native)
    expect(Object.keys(gradientsOf(script))).toEqual(Object.keys(grads))
    for (const [name, grad] of Object.entries(gradientsOf(script)))
      expectWith(grad, name).toBeAllclose(grads[name]!, { rtol: 1e-4, atol: 1e-6 })
  })

  test("the optimizer's state goes along, for the parameters have the same order", async () => {
    const learner = trained({})
    const optimizer = new torch.optim.Adam(learner.parameters(), { lr: 0.1 })
    learner.forward(smallImages(), { views: overlapping }).backward()
    optimizer.step()
    const path = join(folder, 'optimizer.pt')
    torch.save({ learner: learner.stateDict(), optimizer: optimizer.stateDict() }, path)
    const { moments } = await runPython<{ moments: Record<string, Tensor> }>(
      `${python}
saved = torch.load(inputs['path'])
learner = small_learner()
learner.load_state_dict(saved['learner'])
optimizer = torch.optim.Adam(learner.parameters(), lr=1e-3)
optimizer.load_state_dict(saved['optimizer'])
outputs = {'moments': {name: optimizer.state[p]['exp_avg'] for name, p in learner.named_parameters() if p in optimizer.state}}
`,
      { path },
    )
    const grads = gradientsOf(learner)
    expect(Object.keys(moments).sort()).toEqual(Object.keys(grads).sort())
    // The first moment after one step is a tenth of the gradient.
    for (const [name, moment] of Object.entries(moments)) expectWith(moment, name).toBeAllclose(grads[name]!.mul(0.1), { rtol: 1e-6 })
  })
})

describe('loading a state', () => {
  test("tolerates that kornia's buffers are missing, and nothing else", () => {
    const learner = smallLearner({ augmentFn: undefined })
    const state = learner.stateDict()
    const without = Object.fromEntries(Object.entries(state).filter(([name]) => !name.includes('_param_generator')))
    expect(Object.keys(state).length - Object.keys(without).length).toBe(4)
    expect(learner.loadStateDict(without).missingKeys).toEqual([])
    const { 'online_predictor.net.3.bias': _, ...lacking } = without
    expect(() => learner.loadStateDict(lacking)).toThrow(/Missing key\(s\) in the state: "online_predictor.net.3.bias"/)
    expect(learner.loadStateDict(lacking, { strict: false }).missingKeys).toEqual(['online_predictor.net.3.bias'])
  })

  test('of another learner is an error that names what differs, and changes nothing', () => {
    const learner = smallLearner()
    const before = copyOf(learner.stateDict())
    expect(() => learner.loadStateDict(smallLearner({ projectionSize: 7 }).stateDict())).toThrow(
      /size mismatch for propagate_pixels.transform_net.weight/,
    )
    expect(() => learner.loadStateDict(smallLearner({ usePixpro: false }).stateDict())).toThrow(/Missing key.*propagate_pixels/)
    expectSameState(learner.stateDict(), before)
  })

  test('makes the next step the same as that of the learner it came from', () => {
    const learner = trained({ augmentFn: (images: Tensor) => images })
    const other = smallLearner({ augmentFn: (images: Tensor) => images }, new Small())
    other.loadStateDict(learner.stateDict())
    const images = smallImages()
    const [one, two] = [learner, other].map((each) => {
      each.zeroGrad()
      const loss = each.forward(images, { views: overlapping })
      loss.backward()
      return { loss, grads: gradientsOf(each) }
    }) as [{ loss: Tensor; grads: Record<string, Tensor> }, { loss: Tensor; grads: Record<string, Tensor> }]
    expect(two.loss).toEqualTensor(one.loss)
    for (const [name, grad] of Object.entries(one.grads)) expectWith(two.grads[name], name).toEqualTensor(grad)
  })
})
