import { describe, expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'
import { cases } from './layers'

const { nn } = torch
type Tensors = Record<string, Tensor>

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
        for (const [name, value] of Object.entries(expected.initial)) expectWith(initial[name]!, name).toEqualTensor(value)
        for (const [step, value] of expected.trained.entries()) expect(trained[step]!).toBeAllclose(value)
        expect(x.grad!).toBeAllclose(expected.input)
        expect([...layer.namedParameters()].map(([name]) => name)).toEqual(Object.keys(expected.grads))
        for (const [name, grad] of Object.entries(expected.grads)) expectWith(layer.getParameter(name).grad!, name).toBeAllclose(grad)
        for (const [name, value] of Object.entries(expected.state)) expectWith(state[name]!, name).toBeAllclose(value)
        expect(evaluated).toBeAllclose(expected.evaluated)
        expect(make().loadStateDict(expected.state)).toEqual({ missingKeys: [], unexpectedKeys: [] })
      } finally {
        torch.setDefaultDtype('float32')
      }
    })
  })
})

test("a layer's options have Python's order", async () => {
  const python = await runPython<Record<string, string[]>>(`
    import inspect
    from torch import nn
    kinds = [nn.Linear, nn.Conv2d, nn.BatchNorm1d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.ReLU, nn.Dropout, nn.Flatten]
    outputs = {kind.__name__: [name for name, p in inspect.signature(kind).parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD] for kind in kinds}
  `)
  const norm = ['num_features', 'eps', 'momentum', 'affine', 'track_running_stats', 'device', 'dtype']
  expect(python).toEqual({
    Linear: ['in_features', 'out_features', 'bias', 'device', 'dtype'],
    Conv2d: [
      ...['in_channels', 'out_channels', 'kernel_size', 'stride', 'padding', 'dilation', 'groups', 'bias', 'padding_mode'],
      ...['device', 'dtype'],
    ],
    BatchNorm1d: norm,
    BatchNorm2d: norm,
    MaxPool2d: ['kernel_size', 'stride', 'padding', 'dilation', 'return_indices', 'ceil_mode'],
    AvgPool2d: ['kernel_size', 'stride', 'padding', 'ceil_mode', 'count_include_pad', 'divisor_override'],
    ReLU: ['inplace'],
    Dropout: ['p', 'inplace'],
    Flatten: ['start_dim', 'end_dim'],
  })
  expect(new nn.Linear(1, 1, true, 'cpu', 'float64').weight.dtype).toBe('float64')
  expect(new nn.BatchNorm2d(1, 1e-5, 0.1, true, true, 'cpu', 'float64').weight!.dtype).toBe('float64')
  expect(new nn.Conv2d(1, 1, 1, 1, 0, 1, 1, true, 'zeros', 'cpu', 'float64').weight.dtype).toBe('float64')
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
    for (const [name, tensor] of layer.ownStateTensors())
      expectWith(tensor.dtype, name).toBe(name === 'num_batches_tracked' ? 'int64' : 'float64')
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
  const endless: unknown[] = []
  endless.push(endless)
  const misuses: Record<string, [() => unknown, RegExp]> = {
    'a bias that is none': [() => new nn.Linear(3, 8, 0 as never), /Linear\(\): bias: expected true or false but received 0/],
    'an option by position and by name': [
      () => new nn.Conv2d(3, 8, 3, 2, { stride: 1 } as never),
      /Conv2d\(\): stride is given both by position \(2\) and by name \(1\)/,
    ],
    'what comes by name alone': [
      () => new (nn.BatchNorm2d as unknown as new (...given: unknown[]) => unknown)(3, 1e-5, 0.1, true, true, 'cpu', 'float32', false),
      /BatchNorm2d\(\): expected at most 7 by position \(numFeatures, eps, momentum, .* but received 8/,
    ],
    'an order of its own': [() => new nn.AvgPool2d(2, 2, 0, 5 as never), /AvgPool2d\(\): ceilMode: expected true or false but received 5/],
    'a momentum that is none': [
      () => new nn.BatchNorm1d(3, 1e-5, true as never),
      /BatchNorm1d\(\): momentum: expected a number but received true/,
    ],
    'a probability by another name': [() => new nn.Dropout({ P: 0.2 } as never), /Dropout\(\): unknown option 'P' \(did you mean 'p'\?\)/],
    'a dimension that is none': [() => new nn.Flatten('all' as never), /Flatten\(\): startDim: expected a whole number but received 'all'/],
    "Python's spelling": [
      () => new nn.MaxPool2d(2, { ceil_mode: true } as never),
      /unknown option 'ceil_mode' \(did you mean 'ceilMode'\?\)/,
    ],
    'an unknown option': [
      () => new nn.BatchNorm2d(2, { momentun: 0.2 } as never),
      /BatchNorm2d\(\): unknown option 'momentun' \(did you mean 'momentum'\?\)/,
    ],
    'no kernel': [() => new nn.Conv2d(3, 8, undefined as never), /Conv2d\(\): kernelSize is missing/],
    'an array that holds itself': [
      () => new nn.ReLU(endless as never),
      /ReLU\(\): inplace: expected true or false but received \[\[\[\[\[…\]/,
    ],
    'an input that holds itself': [() => new nn.ReLU().call(endless as never), /ReLU\(\): input: expected a Tensor but received/],
    'a broken size': [() => new nn.Linear(2.5, 1), /Linear\(\): inFeatures: expected a whole number from 0 but received 2\.5/],
    'a negative size': [() => new nn.BatchNorm1d(-1), /BatchNorm1d\(\): numFeatures: expected a whole number from 0 but received -1/],
    'three sizes': [
      () => new nn.AvgPool2d([1, 2, 3] as never),
      /AvgPool2d\(\): kernelSize: expected a whole number from 1 or an array of 2 whole numbers from 1 but received \[1, 2, 3\]/,
    ],
    'a stride of 0': [() => new nn.MaxPool2d(2, { stride: 0 }), /MaxPool2d\(\): stride: expected a whole number from 1 .* but received 0/],
    groups: [() => new nn.Conv2d(3, 8, 1, { groups: 2 }), /Conv2d\(\): inChannels: expected a multiple of groups \(2\) but received 3/],
    "'same' with a stride": [
      () => new nn.Conv2d(3, 8, 3, { padding: 'same', stride: 2 }),
      /stride: expected 1 with the padding 'same' but received \[2, 2\]/,
    ],
    'a padding mode': [
      () => new nn.Conv2d(3, 8, 3, { paddingMode: 'mirror' as never }),
      /paddingMode: expected 'zeros', 'reflect', 'replicate' or 'circular' but received 'mirror'/,
    ],
    'a probability': [() => new nn.Dropout(1.5), /Dropout\(\): p: expected a number from 0 to 1 but received 1\.5/],
    'an output size': [() => new nn.AdaptiveAvgPool2d(undefined as never), /AdaptiveAvgPool2d\(\): outputSize is missing/],
    'no tensor': [() => new nn.Linear(2, 1).call([1, 2] as never), /linear/],
    'too many features': [() => new nn.Linear(2, 1).call(torch.ones([3, 4])), /mat1 and mat2 shapes cannot be multiplied \(3x4 and 2x1\)/],
    'another dtype': [() => new nn.Linear(2, 1).call(torch.ones([3, 2], { dtype: 'float64' })), /dtype|Double/],
    'a wrong rank': [
      () => new nn.BatchNorm2d(3).call(torch.ones([2, 3])),
      /BatchNorm2d\(\): input: expected \[N, C, H, W\] but received Tensor float32 \[2, 3\]/,
    ],
    'one value per channel': [() => new nn.BatchNorm1d(3).call(torch.ones([1, 3])), /more than one value per channel/],
    'other channels': [() => new nn.BatchNorm2d(3).call(torch.ones([2, 4, 2, 2])), /running_mean should contain 4 elements not 3/],
    'no module in a Sequential': [
      () => new nn.Sequential(new nn.ReLU(), 3 as never),
      /Sequential\(\): 1: expected a Module but received 3/,
    ],
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

describe('a field of a layer that was set to something else', () => {
  const layers: [string, () => torch.nn.AnyModule, RegExp][] = [
    ['padding', () => new nn.Conv2d(1, 1, 1), /^Conv2d\(\): padding: expected 'same' or 'valid' or a whole number from 0/],
    ['outputPadding', () => new nn.ConvTranspose2d(1, 1, 1), /^ConvTranspose2d\(\): outputPadding: expected a whole number/],
    ['kernelSize', () => new nn.MaxUnpool2d(2), /^MaxUnpool2d\(\): kernelSize: expected a whole number from 1/],
    ['eps', () => new nn.BatchNorm2d(1), /^BatchNorm2d\(\): eps: expected a number/],
    ['negativeSlope', () => new nn.LeakyReLU(), /^LeakyReLU\(\): negativeSlope: expected a number/],
  ]
  test.each(layers)('is printed as it is, and refused when TorchScript is written: %s', (name, make, message) => {
    for (const value of [NaN, 'x', {}]) {
      const layer = make()
      Reflect.set(layer, name, value)
      expect(String(layer)).toMatch(/^\w+\(.*\)$/)
      if (typeof value === 'number' && name !== 'padding' && name !== 'kernelSize' && name !== 'outputPadding') continue
      expect(() => layer.torchScript()).toThrow(torch.ArgumentError)
      expect(() => layer.torchScript()).toThrow(message)
    }
  })

  test('may have the forms that the constructor takes', () => {
    const unpool = new nn.MaxUnpool2d(2)
    Reflect.set(unpool, 'kernelSize', 3)
    expect(unpool.torchScript()).toContain('(input.size(-1) - 1) * 2 + 3')
    const conv = new nn.Conv2d(1, 1, 3)
    Reflect.set(conv, 'padding', 1)
    expect(String(conv)).toContain('padding=1')
    expect(conv.torchScript()).toContain('torch.conv2d')
  })
})

test('a layer without its input says what is missing, and does not calculate with its own fields', () => {
  const { Bilinear, Flatten, GroupNorm, Linear, MSELoss, PReLU } = torch.nn
  const call = (layer: { call(...inputs: never[]): unknown }, ...inputs: unknown[]) => layer.call(...(inputs as never[]))
  expect(() => call(new Linear(2, 2))).toThrow(/^linear\(\): input is missing/)
  expect(() => call(new Flatten())).toThrow(/^flatten\(\): input is missing/)
  expect(() => call(new GroupNorm(1, 2))).toThrow(/^groupNorm\(\): input is missing/)
  expect(() => call(new PReLU())).toThrow(/^prelu\(\): input is missing/)
  expect(() => call(new Bilinear(2, 2, 2), torch.ones([2]))).toThrow(/^bilinear\(\): input2 is missing/)
  expect(() => call(new MSELoss(), torch.ones([2]))).toThrow(/^mseLoss\(\): target is missing/)
})
