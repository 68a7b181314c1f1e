import { describe, expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'

const F = torch.nn.functional

interface Case {
  readonly ours: (...inputs: Tensor[]) => Tensor
  readonly python: string
  readonly shapes: readonly (readonly number[])[]
}

const image = [[2, 3, 7, 9]]

const cases: Record<string, Case> = {
  linear: { ours: (a, b, c) => F.linear(a!, b!, c!), python: 'F.linear(a, b, c)', shapes: [[4, 5], [3, 5], [3]] },
  conv2d: { ours: (a, b, c) => F.conv2d(a!, b!, c!, 2, 1), python: 'F.conv2d(a, b, c, 2, 1)', shapes: [[2, 3, 7, 9], [4, 3, 3, 3], [4]] },
  'batchNorm in training': {
    ours: (a, b, c) => F.batchNorm(a!, null, null, b!, c!, true),
    python: 'F.batch_norm(a, None, None, b, c, True)',
    shapes: [[2, 3, 7, 9], [3], [3]],
  },
  'batchNorm with running statistics': {
    ours: (a, b, c) => F.batchNorm(a!, b!.detach(), c!.detach().abs(), { eps: 1e-3 }),
    python: 'F.batch_norm(a, b.detach(), c.detach().abs(), eps=1e-3)',
    shapes: [[2, 3, 4], [3], [3]],
  },
  relu: { ours: (a) => F.relu(a!), python: 'F.relu(a)', shapes: image },
  maxPool2d: {
    ours: (a) => F.maxPool2d(a!, 3, { stride: 2, padding: 1 }),
    python: 'F.max_pool2d(a, 3, stride=2, padding=1)',
    shapes: image,
  },
  avgPool2d: { ours: (a) => F.avgPool2d(a!, [2, 3], { ceilMode: true }), python: 'F.avg_pool2d(a, (2, 3), ceil_mode=True)', shapes: image },
  adaptiveAvgPool2d: { ours: (a) => F.adaptiveAvgPool2d(a!, [null, 4]), python: 'F.adaptive_avg_pool2d(a, (None, 4))', shapes: image },
  dropout: { ours: (a) => F.dropout(a!, 0.4), python: 'F.dropout(a, 0.4)', shapes: image },
  'dropout out of training': {
    ours: (a) => F.dropout(a!, { p: 0.4, training: false }),
    python: 'F.dropout(a, 0.4, training=False)',
    shapes: image,
  },
  normalize: { ours: (a) => F.normalize(a!), python: 'F.normalize(a)', shapes: [[4, 5]] },
  'normalize by another norm, another dimension': {
    ours: (a) => F.normalize(a!, { p: 3, dim: -1, eps: 0.5 }),
    python: 'F.normalize(a, p=3, dim=-1, eps=0.5)',
    shapes: [[2, 3, 5]],
  },
  'normalize of what is smaller than eps': {
    ours: (a) => F.normalize(a!.mul(1e-3), { eps: 0.1 }),
    python: 'F.normalize(a * 1e-3, eps=0.1)',
    shapes: [[4, 5]],
  },
  cosineSimilarity: {
    ours: (a, b) => F.cosineSimilarity(a!, b!),
    python: 'F.cosine_similarity(a, b)',
    shapes: [
      [4, 5],
      [4, 5],
    ],
  },
  'cosineSimilarity of all pairs': {
    ours: (a, b) => F.cosineSimilarity(a!.unsqueeze(1), b!.unsqueeze(0), { dim: -1, eps: 1e-3 }),
    python: 'F.cosine_similarity(a[:, None], b[None], dim=-1, eps=1e-3)',
    shapes: [
      [4, 5],
      [3, 5],
    ],
  },
  tripletMarginWithDistanceLoss: {
    ours: (a, b, c) => F.tripletMarginWithDistanceLoss(a!, b!, c!),
    python: 'F.triplet_margin_with_distance_loss(a, b, c)',
    shapes: [
      [4, 5],
      [4, 5],
      [4, 5],
    ],
  },
  "tripletMarginWithDistanceLoss of one's own distance, swapped": {
    ours: (a, b, c) =>
      F.tripletMarginWithDistanceLoss(a!, b!, c!, {
        distanceFunction: (one, other) => one.sub(other).abs().amax([-1]),
        margin: 0.4,
        swap: true,
        reduction: 'none',
      }),
    python: `F.triplet_margin_with_distance_loss(
            a, b, c, distance_function=lambda x, y: (x - y).abs().amax(-1), margin=0.4, swap=True, reduction='none')`,
    shapes: [
      [6, 5],
      [6, 5],
      [6, 5],
    ],
  },
  'interpolate, nearest': { ours: (a) => F.interpolate(a!, [5, 13]), python: 'F.interpolate(a, (5, 13))', shapes: image },
  'interpolate, nearest-exact': {
    ours: (a) => F.interpolate(a!, { scaleFactor: 1.7, mode: 'nearest-exact' }),
    python: "F.interpolate(a, scale_factor=1.7, mode='nearest-exact')",
    shapes: image,
  },
  'interpolate, bilinear': {
    ours: (a) => F.interpolate(a!, { size: [5, 13], mode: 'bilinear' }),
    python: "F.interpolate(a, size=(5, 13), mode='bilinear')",
    shapes: image,
  },
  'interpolate, bilinear between corners': {
    ours: (a) => F.interpolate(a!, { scaleFactor: [2, 0.5], mode: 'bilinear', alignCorners: true }),
    python: "F.interpolate(a, scale_factor=(2, 0.5), mode='bilinear', align_corners=True)",
    shapes: image,
  },
  'interpolate, bilinear with antialias': {
    ours: (a) => F.interpolate(a!, { size: 4, mode: 'bilinear', antialias: true }),
    python: "F.interpolate(a, size=4, mode='bilinear', antialias=True)",
    shapes: image,
  },
  'interpolate, bicubic': {
    ours: (a) => F.interpolate(a!, { size: [11, 6], mode: 'bicubic' }),
    python: "F.interpolate(a, size=(11, 6), mode='bicubic')",
    shapes: image,
  },
  'interpolate, area': {
    ours: (a) => F.interpolate(a!, { size: 3, mode: 'area' }),
    python: "F.interpolate(a, size=3, mode='area')",
    shapes: image,
  },
  'interpolate with the factor recomputed': {
    ours: (a) => F.interpolate(a!, { scaleFactor: 1.3, mode: 'bilinear', recomputeScaleFactor: true }),
    python: "F.interpolate(a, scale_factor=1.3, mode='bilinear', recompute_scale_factor=True)",
    shapes: image,
  },
  'interpolate of a line': {
    ours: (a) => F.interpolate(a!, { size: 8, mode: 'linear' }),
    python: "F.interpolate(a, size=8, mode='linear')",
    shapes: [[2, 3, 5]],
  },
  'interpolate of a volume': {
    ours: (a) => F.interpolate(a!, { scaleFactor: 2, mode: 'trilinear' }),
    python: "F.interpolate(a, scale_factor=2, mode='trilinear')",
    shapes: [[1, 2, 3, 4, 3]],
  },
}

describe("a function has Python's outputs and gradients", () => {
  describe.each(['float32', 'float64'] as const)('in %s', (dtype) => {
    test.each(Object.entries(cases))('%s', async (_, { ours, python, shapes }) => {
      torch.manualSeed(23)
      const inputs = shapes.map((shape) => torch.randn(shape, { dtype }))
      const weights = torch.randn([2000], { dtype })
      const answer = runPython<{ y: Tensor; grads: (Tensor | null)[] }>(
        `
        from torch.nn import functional as F
        a, b, c = ([t.clone().requires_grad_() for t in inputs['inputs']] + [None, None])[:3]
        torch.manual_seed(6)
        y = ${python}
        (y * inputs['weights'][:y.numel()].view_as(y)).sum().backward()
        outputs = {'y': y.detach(), 'grads': [t.grad for t in (a, b, c) if t is not None]}
        `,
        { inputs, weights },
      )
      const own = inputs.map((input) => input.clone().requiresGrad_())
      torch.manualSeed(6)
      const y = ours(...own)
      y.mul(weights.narrow(0, 0, y.numel()).viewAs(y))
        .sum()
        .backward()
      const expected = await answer
      expect(y).toBeAllclose(expected.y)
      for (const [i, grad] of expected.grads.entries()) {
        if (grad === null) expect(own[i]!.grad).toBeNull()
        else expectWith(own[i]!.grad!, `input ${i}`).toBeAllclose(grad)
      }
    })
  })
})

test('batchNorm advances the running statistics', async () => {
  const x = torch.randn([6, 3])
  const python = await runPython(
    `
    mean, var = torch.zeros(3), torch.ones(3)
    torch.nn.functional.batch_norm(inputs['x'], mean, var, training=True, momentum=0.3)
    outputs = {'mean': mean, 'var': var}
    `,
    { x },
  )
  const [mean, variance] = [torch.zeros([3]), torch.ones([3])]
  F.batchNorm(x, mean, variance, { training: true, momentum: 0.3 })
  expect(mean).toBeAllclose(python['mean']!)
  expect(variance).toBeAllclose(python['var']!)
})

test('misuse is named', () => {
  const images = torch.ones([1, 3, 4, 4])
  expect(() => F.interpolate(images)).toThrow(/size|scaleFactor/)
  expect(() => F.interpolate(images, { size: 2, scaleFactor: 2 })).toThrow(/size|scaleFactor/)
  expect(() => F.interpolate(images, { size: 2, mode: 'bilinaer' as never })).toThrow(/bilinaer/)
  expect(() => F.interpolate(images, { size: 2, alignCorners: true })).toThrow(/alignCorners/)
  expect(() => F.interpolate(images, { size: [2, 2, 2], mode: 'bilinear' })).toThrow(torch.PixelclError)
  expect(() => F.interpolate(images, { scale_factor: 2 } as never)).toThrow(/did you mean 'scaleFactor'/)
  expect(() => F.tripletMarginWithDistanceLoss(images, images, images, { margin: 0 })).toThrow(
    /margin: expected a positive number but received 0/,
  )
  expect(() => F.tripletMarginWithDistanceLoss(images, images, torch.ones([2]))).toThrow(/\[1, 3, 4, 4\], \[1, 3, 4, 4\], \[2\]/)
  expect(() => F.dropout(images, -0.1)).toThrow(/dropout\(\): p: expected a number from 0 to 1 but received -0\.1/)
  expect(() => F.cosineSimilarity(torch.ones([2, 3]), torch.ones([2, 4]))).toThrow(/size of tensor a \(3\) must match/)
  expect(() => F.batchNorm(torch.ones([1, 3]), null, null, { training: true })).toThrow(/more than one value per channel/)
})

/** Each function's required arguments behind the input, in order, and a call by position. */
const required: Readonly<
  Record<string, readonly [call: (...args: unknown[]) => unknown, input: Tensor, others: Readonly<Record<string, unknown>>]>
> = (() => {
  const f = F as unknown as Record<string, (...args: unknown[]) => unknown>
  const t = torch as unknown as Record<string, (...args: unknown[]) => unknown>
  const [image, volume, line] = [torch.rand([2, 4, 4, 4]), torch.rand([1, 2, 4, 4, 4]), torch.rand([1, 2, 8])]
  const [scores, classes] = [torch.rand([2, 4]), torch.tensor([1n, 2n])]
  const [pooled, indices] = F.maxPool2d(image, 2, { returnIndices: true })
  const signs = torch.ones([2])
  return {
    maxPool1d: [f['maxPool1d']!, line, { kernelSize: 2 }],
    maxPool2d: [f['maxPool2d']!, image, { kernelSize: 2 }],
    maxPool3d: [f['maxPool3d']!, volume, { kernelSize: [2, 2, 2] }],
    maxUnpool2d: [f['maxUnpool2d']!, pooled, { indices, kernelSize: 2 }],
    lpPool2d: [f['lpPool2d']!, image, { normType: 2, kernelSize: 2 }],
    adaptiveAvgPool2d: [f['adaptiveAvgPool2d']!, image, { outputSize: 1 }],
    adaptiveAvgPool3d: [f['adaptiveAvgPool3d']!, volume, { outputSize: [1, null, 2] }],
    adaptiveMaxPool2d: [f['adaptiveMaxPool2d']!, image, { outputSize: 2 }],
    layerNorm: [f['layerNorm']!, image, { normalizedShape: [4] }],
    rmsNorm: [f['rmsNorm']!, image, { normalizedShape: [4] }],
    groupNorm: [f['groupNorm']!, image, { numGroups: 2 }],
    localResponseNorm: [f['localResponseNorm']!, image, { size: 2 }],
    batchNorm: [f['batchNorm']!, image, { runningMean: torch.zeros([4]), runningVar: torch.ones([4]) }],
    pad: [f['pad']!, image, { pad: [1, 1] }],
    unfold: [f['unfold']!, image, { kernelSize: 2 }],
    fold: [f['fold']!, torch.rand([1, 4, 9]), { outputSize: 4, kernelSize: 2 }],
    gridSample: [f['gridSample']!, image, { grid: torch.zeros([2, 3, 3, 2]) }],
    affineGrid: [f['affineGrid']!, torch.rand([1, 2, 3]), { size: [1, 1, 2, 2] }],
    embedding: [f['embedding']!, classes, { weight: scores.t() }],
    threshold: [f['threshold']!, scores, { threshold: 0.5, value: 2 }],
    mseLoss: [f['mseLoss']!, scores, { target: scores.neg() }],
    smoothL1Loss: [f['smoothL1Loss']!, scores, { target: scores.neg() }],
    crossEntropy: [f['crossEntropy']!, scores, { target: classes }],
    nllLoss: [f['nllLoss']!, scores, { target: classes }],
    gaussianNllLoss: [f['gaussianNllLoss']!, scores, { target: scores.neg(), variance: 2 }],
    marginRankingLoss: [f['marginRankingLoss']!, signs, { input2: signs.neg(), target: signs }],
    tripletMarginLoss: [f['tripletMarginLoss']!, scores, { positive: scores.neg(), negative: scores.exp() }],
    ctcLoss: [f['ctcLoss']!, torch.zeros([5, 1, 4]), { targets: torch.tensor([[1n, 2n]]), inputLengths: [5], targetLengths: [2] }],
    split: [t['split']!, scores, { splitSizeOrSections: 1 }],
    fullLike: [t['fullLike']!, scores, { fillValue: 3 }],
    stft: [t['stft']!, torch.rand([32]), { nFft: 8, returnComplex: true }],
  }
})()

describe.each(Object.entries(required))('%s', (name, [call, input, others]) => {
  const values = Object.values(others)
  const list = (result: unknown): number[][] =>
    (Array.isArray(result) ? result : [result]).map(
      (tensor: Tensor) => (tensor.isComplex() ? tensor.abs() : tensor).flatten().tolist() as number[],
    )

  test('takes every argument by name, too', () => {
    const [first] = Object.keys(others)
    const byPosition = name === 'stft' ? call(input, 8, { returnComplex: true }) : call(input, ...values)
    expect(list(call(input, others))).toEqual(list(byPosition))
    expect(list(call(input, values[0], Object.fromEntries(Object.entries(others).slice(1))))).toEqual(list(byPosition))
    expect(() => call(input, values[0], { [first!]: values[0] })).toThrow(new RegExp(`^${name}\\(\\): ${first} is given both`))
  })

  test('names itself in errors, and the argument', () => {
    const own = new RegExp(`^${name}\\(`)
    expect(() => call()).toThrow(new RegExp(`^${name}\\(\\): \\w+ is missing; expected ${name}\\(`))
    expect(() => call(5)).toThrow(own)
    expect(() => call(input)).toThrow(new RegExp(`^${name}\\(\\): ${Object.keys(others)[0]} is missing`))
    expect(() => call(input, {}, ...values.slice(1))).toThrow(own)
    expect(() => call(input, 'bad', ...values.slice(1))).toThrow(
      new RegExp(`^${name}\\(\\): ${Object.keys(others)[0]}: expected .* but received 'bad'`),
    )
    expect(() => call(input, { ...others, nonsense: 1 })).toThrow(new RegExp(`^${name}\\(\\): unknown option 'nonsense'`))
  })
})

test('floats where classes belong are refused with the way to write classes', () => {
  const scores = torch.rand([2, 4])
  const hint = /expected whole numbers but received Tensor float32 \[2\]: use bigints, torch\.tensor\(\[1n, 2n\]\), or \{ dtype: 'int64' \}/
  expect(() => F.crossEntropy(scores, torch.tensor([1, 2]))).toThrow(hint)
  expect(() => F.nllLoss(scores, torch.tensor([1, 2]))).toThrow(hint)
  expect(() => F.embedding(torch.tensor([1, 2]), scores)).toThrow(hint)
  expect(() => F.oneHot(torch.tensor([1, 2]))).toThrow(hint)
  expect(F.crossEntropy(scores, scores.softmax(1)).dim()).toBe(0)
})

test("multilabelSoftMarginLoss rounds as Python's does, in bfloat16", async () => {
  torch.manualSeed(4)
  const input = torch.randn([16, 7]).to('bfloat16')
  const target = torch.rand([16, 7]).gt(0.5).to('bfloat16')
  const { y, z } = await runPython(
    `
    loss = torch.nn.functional.multilabel_soft_margin_loss
    outputs = {'y': loss(inputs['input'], inputs['target'], reduction='none'), 'z': loss(inputs['input'], inputs['target'])}
    `,
    { input, target },
  )
  expect(F.multilabelSoftMarginLoss(input, target, { reduction: 'none' })).toEqualTensor(y!)
  expect(F.multilabelSoftMarginLoss(input, target)).toEqualTensor(z!)
})

test("null is a value where Python's None is one, and stands for the default elsewhere", () => {
  expect(F.normalize(torch.ones([2, 2]), { dim: null }).tolist()).toEqual([
    [0.5, 0.5],
    [0.5, 0.5],
  ])
  expect(F.softmin(torch.ones([2, 2]), { dim: null }).tolist()).toEqual([
    [0.5, 0.5],
    [0.5, 0.5],
  ])
  expect(F.maxPool1d(torch.ones([1, 1, 4]), 2, { stride: null }).shape).toEqual([1, 1, 2])
  expect(F.avgPool2d(torch.ones([1, 1, 4, 4]), 2, { stride: null } as never).shape).toEqual([1, 1, 2, 2])
  expect(F.smoothL1Loss(torch.zeros([1]), torch.full([1], 2), { beta: null }).item()).toBe(1.5)
})

test("what Python refuses is refused, and a broadcast loss sums over Python's dimension", async () => {
  const two = torch.ones([2])
  expect(() => F.hardtanh(two, 1, -1)).toThrow(/hardtanh\(\): minVal: expected a number up to maxVal/)
  expect(() => F.tripletMarginLoss(two, two, two, { margin: -1 })).toThrow(/tripletMarginLoss\(\): margin: expected a positive number/)
  expect(() => F.batchNorm(torch.ones([2, 3]), null, null, { training: true, eps: -1 })).toThrow(/batchNorm\(\): eps: expected a positive/)
  expect(() => F.marginRankingLoss(two, two.unsqueeze(0), two)).toThrow(
    /as many dimensions as each other but received \[2\], \[1, 2\], \[2\]/,
  )
  expect(() => F.binaryCrossEntropy(torch.tensor(0.5), torch.zeros([0]))).toThrow(/target: expected a Tensor of the input's shape \[\]/)
  expect(() => F.binaryCrossEntropyWithLogits(two, torch.zeros([0]))).toThrow(/target: expected a Tensor of the input's shape \[2\]/)
  expect(() => F.mseLoss(two, two, 'batchmean' as never)).toThrow(
    /mseLoss\(\): reduction: expected 'none', 'mean' or 'sum' but received 'batchmean'/,
  )
  expect(() => F.multiMarginLoss(torch.ones([2, 3]), torch.tensor([1n, 2n]), 3)).toThrow(/p: expected a whole number from 1 to 2/)
  const [input, target] = [torch.randn([4, 3]), torch.rand([1, 4, 3]).round()]
  const { loss } = await runPython(
    "outputs = {'loss': torch.nn.functional.multilabel_soft_margin_loss(inputs['input'], inputs['target'])}",
    {
      input,
      target,
    },
  )
  expect(F.multilabelSoftMarginLoss(input, target)).toBeAllclose(loss!)
})

test.each([
  ['query, key and value', 'F.multi_head_attention_forward(x, x, x,'],
  ['key and value', 'F.multi_head_attention_forward(y, x, x,'],
  ['no two', 'F.multi_head_attention_forward(y, x, x.clone(),'],
] as const)("attention's gradients equal Python's to the bit where %s are one tensor", async (_, call) => {
  torch.manualSeed(0)
  const inputs = {
    x: torch.randn([5, 3, 8]),
    y: torch.randn([5, 3, 8]),
    weight: torch.randn([24, 8]),
    bias: torch.randn([24]),
    out: torch.randn([8, 8]),
  }
  const python = await runPython<Record<string, Tensor>>(
    `
    from torch.nn import functional as F
    x, y, weight, bias = (inputs[k].requires_grad_() for k in ('x', 'y', 'weight', 'bias'))
    output, _ = ${call} 8, 2, weight, bias, None, None, False, 0.0, inputs['out'], None)
    output.sum().backward()
    outputs = {'x': x.grad, 'weight': weight.grad, 'bias': bias.grad}
    `,
    inputs,
  )
  for (const name of ['x', 'y', 'weight', 'bias'] as const) inputs[name].requiresGrad_()
  const { x, y, weight, bias, out } = inputs
  const query = call.includes('(x, x, x') ? x : y
  const value = call.includes('clone') ? x.clone() : x
  const [output] = F.multiHeadAttentionForward(query, x, value, 8, 2, weight, bias, null, null, false, 0, out, null)
  output.sum().backward()
  expect(x.grad!).toEqualTensor(python['x']!)
  expect(weight.grad!).toEqualTensor(python['weight']!)
  expect(bias.grad!).toEqualTensor(python['bias']!)
})
