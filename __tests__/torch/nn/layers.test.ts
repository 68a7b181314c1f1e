import { describe, expect, test } from 'vitest'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { runPython } from '../../support/python'

const { nn } = torch
type Tensors = Record<string, Tensor>

interface Case {
  readonly make: () => torch.nn.Module
  readonly python: string
  readonly shape: readonly number[]
}

const sequence = () =>
  new nn.Sequential(new nn.Conv2d(2, 3, 3), new nn.BatchNorm2d(3), new nn.ReLU({ inplace: true }), new nn.Flatten(), new nn.Linear(12, 4))

const cases: Record<string, Case> = {
  Linear: { make: () => new nn.Linear(5, 3), python: 'nn.Linear(5, 3)', shape: [4, 5] },
  'Linear over more dimensions, without a bias': {
    make: () => new nn.Linear(5, 3, { bias: false }),
    python: 'nn.Linear(5, 3, bias=False)',
    shape: [2, 4, 5],
  },
  Conv2d: { make: () => new nn.Conv2d(3, 6, 3), python: 'nn.Conv2d(3, 6, 3)', shape: [2, 3, 7, 9] },
  'Conv2d with all of its options': {
    make: () => new nn.Conv2d(4, 6, [3, 2], { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2, bias: false }),
    python: 'nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2, bias=False)',
    shape: [2, 4, 8, 9],
  },
  "Conv2d with 'same' padding of an even kernel": {
    make: () => new nn.Conv2d(2, 3, [4, 3], { padding: 'same', dilation: [1, 2] }),
    python: "nn.Conv2d(2, 3, (4, 3), padding='same', dilation=(1, 2))",
    shape: [1, 2, 6, 7],
  },
  "Conv2d with 'valid' padding": {
    make: () => new nn.Conv2d(2, 3, 2, { padding: 'valid' }),
    python: "nn.Conv2d(2, 3, 2, padding='valid')",
    shape: [1, 2, 6, 7],
  },
  'Conv2d that reflects': {
    make: () => new nn.Conv2d(2, 3, 3, { padding: [2, 1], paddingMode: 'reflect' }),
    python: "nn.Conv2d(2, 3, 3, padding=(2, 1), padding_mode='reflect')",
    shape: [1, 2, 6, 7],
  },
  "Conv2d that wraps round, 'same', an even kernel": {
    make: () => new nn.Conv2d(2, 3, [2, 4], { padding: 'same', paddingMode: 'circular' }),
    python: "nn.Conv2d(2, 3, (2, 4), padding='same', padding_mode='circular')",
    shape: [1, 2, 6, 7],
  },
  'Conv2d that repeats its border': {
    make: () => new nn.Conv2d(2, 3, 3, { padding: 1, paddingMode: 'replicate', stride: 2 }),
    python: "nn.Conv2d(2, 3, 3, padding=1, padding_mode='replicate', stride=2)",
    shape: [2, 2, 6, 7],
  },
  'Conv2d of one image': { make: () => new nn.Conv2d(2, 3, 3), python: 'nn.Conv2d(2, 3, 3)', shape: [2, 6, 7] },
  BatchNorm1d: { make: () => new nn.BatchNorm1d(4), python: 'nn.BatchNorm1d(4)', shape: [6, 4] },
  'BatchNorm1d over lengths': {
    make: () => new nn.BatchNorm1d(4, { eps: 1e-3, momentum: 0.3 }),
    python: 'nn.BatchNorm1d(4, eps=1e-3, momentum=0.3)',
    shape: [2, 4, 5],
  },
  BatchNorm2d: { make: () => new nn.BatchNorm2d(3), python: 'nn.BatchNorm2d(3)', shape: [2, 3, 4, 5] },
  'BatchNorm2d with a cumulative average': {
    make: () => new nn.BatchNorm2d(3, { momentum: null }),
    python: 'nn.BatchNorm2d(3, momentum=None)',
    shape: [2, 3, 4, 5],
  },
  'BatchNorm2d without scale': {
    make: () => new nn.BatchNorm2d(3, { affine: false }),
    python: 'nn.BatchNorm2d(3, affine=False)',
    shape: [2, 3, 4, 5],
  },
  'BatchNorm2d without shift': {
    make: () => new nn.BatchNorm2d(3, { bias: false }),
    python: 'nn.BatchNorm2d(3, bias=False)',
    shape: [2, 3, 4, 5],
  },
  'BatchNorm2d without running statistics': {
    make: () => new nn.BatchNorm2d(3, { trackRunningStats: false }),
    python: 'nn.BatchNorm2d(3, track_running_stats=False)',
    shape: [2, 3, 4, 5],
  },
  ReLU: { make: () => new nn.ReLU(), python: 'nn.ReLU()', shape: [3, 4] },
  MaxPool2d: { make: () => new nn.MaxPool2d(2), python: 'nn.MaxPool2d(2)', shape: [2, 3, 7, 9] },
  'MaxPool2d with all of its options': {
    make: () => new nn.MaxPool2d([3, 2], { stride: [2, 1], padding: [1, 0], dilation: [1, 2], ceilMode: true }),
    python: 'nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), ceil_mode=True)',
    shape: [2, 3, 8, 9],
  },
  AvgPool2d: { make: () => new nn.AvgPool2d(2), python: 'nn.AvgPool2d(2)', shape: [2, 3, 7, 9] },
  'AvgPool2d with all of its options': {
    make: () => new nn.AvgPool2d(3, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }),
    python: 'nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True, count_include_pad=False)',
    shape: [2, 3, 8, 9],
  },
  'AvgPool2d with a divisor of its own': {
    make: () => new nn.AvgPool2d([2, 3], { divisorOverride: 5 }),
    python: 'nn.AvgPool2d((2, 3), divisor_override=5)',
    shape: [2, 3, 8, 9],
  },
  AdaptiveAvgPool2d: { make: () => new nn.AdaptiveAvgPool2d([1, 1]), python: 'nn.AdaptiveAvgPool2d((1, 1))', shape: [2, 3, 5, 7] },
  'AdaptiveAvgPool2d to uneven windows': {
    make: () => new nn.AdaptiveAvgPool2d(3),
    python: 'nn.AdaptiveAvgPool2d(3)',
    shape: [2, 3, 5, 7],
  },
  'AdaptiveAvgPool2d of one dimension': {
    make: () => new nn.AdaptiveAvgPool2d([null, 2]),
    python: 'nn.AdaptiveAvgPool2d((None, 2))',
    shape: [2, 3, 5, 7],
  },
  Flatten: { make: () => new nn.Flatten(), python: 'nn.Flatten()', shape: [2, 3, 4] },
  'Flatten of some dimensions': { make: () => new nn.Flatten(0, -2), python: 'nn.Flatten(0, -2)', shape: [2, 3, 4] },
  Dropout: { make: () => new nn.Dropout(0.3), python: 'nn.Dropout(0.3)', shape: [50] },
  'Dropout of everything': { make: () => new nn.Dropout(1), python: 'nn.Dropout(1)', shape: [5] },
  Identity: { make: () => new nn.Identity(), python: 'nn.Identity()', shape: [2, 3] },
  Sequential: {
    make: sequence,
    python: 'nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(12, 4))',
    shape: [3, 2, 4, 4],
  },
  'Sequential with names': {
    make: () => new nn.Sequential({ first: new nn.Linear(3, 4), drop: new nn.Dropout(), last: new nn.Sequential(new nn.Linear(4, 2)) }),
    python: "nn.Sequential(OrderedDict([('first', nn.Linear(3, 4)), ('drop', nn.Dropout()), ('last', nn.Sequential(nn.Linear(4, 2)))]))",
    shape: [3, 3],
  },
}

interface Answer {
  readonly text: string
  readonly initial: Tensors
  readonly trained: Tensor[]
  readonly grads: Tensors
  readonly input: Tensor
  readonly state: Tensors
  readonly evaluated: Tensor
}

describe("a layer has Python's initial weights, outputs, gradients, buffers and printed form", () => {
  describe.each(['float32', 'float64'] as const)('in %s', (dtype) => {
    test.each(Object.entries(cases))('%s', async (_, { make, python, shape }) => {
      torch.manualSeed(17)
      const inputs = torch.randn([3, ...shape], { dtype })
      const weights = torch.randn([1000], { dtype })
      torch.setDefaultDtype(dtype)
      const answer = runPython<Answer>(
        `
        from collections import OrderedDict
        from torch import nn
        torch.set_default_dtype(getattr(torch, inputs['dtype']))
        torch.manual_seed(4)
        layer = ${python}
        initial = {name: value.clone() for name, value in layer.state_dict().items()}
        layer.load_state_dict(inputs['state'], strict=True)
        torch.manual_seed(5)
        trained = []
        for x in inputs['x'][:2]:
            x = x.clone().requires_grad_()
            # Layers in place write into what they are given.
            y = layer(x * 1)
            (y * inputs['weights'][:y.numel()].view_as(y)).sum().backward()
            trained.append(y)
        state = {name: value.clone() for name, value in layer.state_dict().items()}
        outputs = {'text': str(layer), 'initial': initial, 'trained': trained, 'input': x.grad, 'state': state,
                   'grads': {name: p.grad for name, p in layer.named_parameters()}, 'evaluated': layer.eval()(inputs['x'][2])}
        `,
        {
          x: inputs,
          weights,
          dtype,
          state: Object.fromEntries(Object.entries((torch.manualSeed(4), make()).stateDict()).map(([key, value]) => [key, value.clone()])),
        },
      )
      try {
        torch.manualSeed(4)
        const layer = make()
        const initial = Object.fromEntries(Object.entries(layer.stateDict()).map(([key, value]) => [key, value.clone()]))
        torch.manualSeed(5)
        let x = inputs
        const trained = [0, 1].map((step) => {
          x = inputs.select(0, step).clone().requiresGrad_()
          const y = layer.call(x.mul(1))
          y.mul(weights.narrow(0, 0, y.numel()).viewAs(y))
            .sum()
            .backward()
          return y
        })
        const state = Object.fromEntries(Object.entries(layer.stateDict()).map(([key, value]) => [key, value.clone()]))
        const text = layer.toString()
        const evaluated = layer.eval().call(inputs.select(0, 2))

        const expected = await answer
        expect(text).toBe(expected.text)
        expect(Object.keys(initial)).toEqual(Object.keys(expected.initial))
        for (const [name, value] of Object.entries(expected.initial)) expect(initial[name]!, name).toEqualTensor(value)
        for (const [step, value] of expected.trained.entries()) expect(trained[step]!).toBeAllclose(value)
        expect(x.grad!).toBeAllclose(expected.input)
        expect([...layer.namedParameters()].map(([name]) => name)).toEqual(Object.keys(expected.grads))
        for (const [name, grad] of Object.entries(expected.grads)) expect(layer.getParameter(name).grad!, name).toBeAllclose(grad)
        for (const [name, value] of Object.entries(expected.state)) expect(state[name]!, name).toBeAllclose(value)
        expect(evaluated).toBeAllclose(expected.evaluated)
        expect(make().loadStateDict(expected.state)).toEqual({ missingKeys: [], unexpectedKeys: [] })
      } finally {
        torch.setDefaultDtype('float32')
      }
    })
  })
})

test('layers in place write into what they are given', () => {
  const x = torch.tensor([-1, 2])
  expect(new nn.ReLU({ inplace: true }).call(x).tolist()).toEqual([0, 2])
  expect(x.tolist()).toEqual([0, 2])
  new nn.Dropout(1, { inplace: true }).call(x)
  expect(x.tolist()).toEqual([0, 0])
})

test("a layer's own tensors are made in the dtype asked for", () => {
  for (const layer of [
    new nn.Linear(2, 2, { dtype: 'float64' }),
    new nn.Conv2d(1, 1, 1, { dtype: 'float64', device: 'cpu' }),
    new nn.BatchNorm2d(2, { dtype: 'float64' }),
  ]) {
    for (const [name, tensor] of layer.stateTensors()) expect(tensor.dtype, name).toBe(name === 'num_batches_tracked' ? 'int64' : 'float64')
  }
})

test('a batch norm starts anew', () => {
  const layer = new nn.BatchNorm1d(2)
  layer.call(torch.randn([4, 2]).add(5))
  layer.resetRunningStats()
  expect(layer.runningMean!.tolist()).toEqual([0, 0])
  expect(layer.runningVar!.tolist()).toEqual([1, 1])
  expect(layer.numBatchesTracked!.item()).toBe(0)
})

describe('misuse', () => {
  const misuses: Record<string, [() => unknown, RegExp]> = {
    'options by position': [
      () => new nn.Conv2d(3, 8, 3, 2 as never),
      /Conv2d takes its options by name, { stride, padding, .* }, but received 2/,
    ],
    'a bias by position': [
      () => new nn.Linear(3, 8, false as never),
      /Linear takes its options by name, { bias, dtype, device }, but received false/,
    ],
    "Python's spelling": [
      () => new nn.MaxPool2d(2, { ceil_mode: true } as never),
      /unknown option 'ceil_mode' \(did you mean 'ceilMode'\?\)/,
    ],
    'an unknown option': [
      () => new nn.BatchNorm2d(2, { momentun: 0.2 } as never),
      /BatchNorm2d: unknown option 'momentun' \(did you mean 'momentum'\?\)/,
    ],
    'no kernel': [() => new nn.Conv2d(3, 8, undefined as never), /Conv2d: kernelSize must be a whole number from 1 on but is undefined/],
    'a broken size': [() => new nn.Linear(2.5, 1), /Linear: inFeatures must be a whole number from 0 on but is 2\.5/],
    'a negative size': [() => new nn.BatchNorm1d(-1), /BatchNorm1d: numFeatures must be a whole number from 0 on but is -1/],
    'three sizes': [() => new nn.AvgPool2d([1, 2, 3] as never), /AvgPool2d: kernelSize must be one number or \[height, width\]/],
    'a stride of 0': [() => new nn.MaxPool2d(2, { stride: 0 }), /MaxPool2d: stride must be a whole number from 1 on but is 0/],
    groups: [() => new nn.Conv2d(3, 8, 1, { groups: 2 }), /inChannels \(3\) and outChannels \(8\) must be multiples of groups \(2\)/],
    "'same' with a stride": [() => new nn.Conv2d(3, 8, 3, { padding: 'same', stride: 2 }), /padding 'same' needs a stride of 1/],
    'a padding mode': [
      () => new nn.Conv2d(3, 8, 3, { paddingMode: 'mirror' as never }),
      /paddingMode must be one of zeros, reflect, replicate, circular but is 'mirror'/,
    ],
    'a probability': [() => new nn.Dropout(1.5), /lies between 0 and 1 but is 1\.5/],
    'an output size': [() => new nn.AdaptiveAvgPool2d(undefined as never), /AdaptiveAvgPool2d: outputSize must be a whole number/],
    'no tensor': [() => new nn.Linear(2, 1).call([1, 2] as never), /linear/],
    'too many features': [() => new nn.Linear(2, 1).call(torch.ones([3, 4])), /mat1 and mat2 shapes cannot be multiplied \(3x4 and 2x1\)/],
    'another dtype': [() => new nn.Linear(2, 1).call(torch.ones([3, 2], { dtype: 'float64' })), /dtype|Double/],
    'a wrong rank': [() => new nn.BatchNorm2d(3).call(torch.ones([2, 3])), /BatchNorm2d takes \[N, C, H, W\] but received \[2, 3\]/],
    'one value per channel': [() => new nn.BatchNorm1d(3).call(torch.ones([1, 3])), /more than one value per channel/],
    'other channels': [() => new nn.BatchNorm2d(3).call(torch.ones([2, 4, 2, 2])), /running_mean should contain 4 elements not 3/],
    'no module in a Sequential': [() => new nn.Sequential(new nn.ReLU(), 3 as never), /Sequential takes modules, but '1' is 3/],
    'a ModuleList that is called': [
      () => (new nn.ModuleList([]) as unknown as torch.nn.Module).call(torch.ones([1])),
      /computes nothing: call its modules/,
    ],
  }
  test.each(Object.entries(misuses))('%s', (_, [body, message]) => {
    expect(body).toThrow(message)
    expect(body).toThrow(torch.PixelclError)
  })
})
