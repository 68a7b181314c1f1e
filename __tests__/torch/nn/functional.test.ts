import { describe, expect, test } from 'vitest'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
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
        else expect(own[i]!.grad!, `input ${i}`).toBeAllclose(grad)
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
  expect(() => F.tripletMarginWithDistanceLoss(images, images, images, { margin: 0 })).toThrow(/margin must be positive but is 0/)
  expect(() => F.tripletMarginWithDistanceLoss(images, images, torch.ones([2]))).toThrow(/\[1, 3, 4, 4\], \[1, 3, 4, 4\], \[2\]/)
  expect(() => F.dropout(images, -0.1)).toThrow(/p must lie in 0 … 1 but is -0\.1/)
  expect(() => F.cosineSimilarity(torch.ones([2, 3]), torch.ones([2, 4]))).toThrow(/size of tensor a \(3\) must match/)
  expect(() => F.batchNorm(torch.ones([1, 3]), null, null, { training: true })).toThrow(/more than one value per channel/)
})
