import { describe, expect, jest, test } from '@jest/globals'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
import { PixelCL, type PixelCLOptions, type View } from '../../src/pixelcl'
import { BasicBlock, ResNet } from '../../src/vision/models/resnet'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'
import { followsCancelled, isCancelled } from './fixtures'
import { referenceLearner } from './reference'
import { copyOf, gradientsOf } from './small'

// Both sides carry a whole ResNet to and fro.
jest.setTimeout(180_000)

const small = { projectionSize: 32, projectionHiddenSize: 48 }

const cases: Record<string, { options: Omit<PixelCLOptions, 'imageSize'>; size: readonly [number, number] }> = {
  'PixPro with the default options': { options: { hiddenLayerPixel: 'layer3' }, size: [64, 64] },
  'PixPro without a transform, other interpolations, layers by index': {
    options: {
      hiddenLayerPixel: -4,
      ppmNumLayers: 0,
      ppmGamma: 1.5,
      cutoutInterpolateMode: 'bilinear',
      coordCutoutInterpolateMode: 'bicubic',
      distanceThres: 1.1,
      alpha: 0.3,
    },
    size: [64, 96],
  },
  'PixPro with two layers': { options: { hiddenLayerPixel: 'layer2.0.bn1', ppmNumLayers: 2 }, size: [80, 64] },
  PixContrast: {
    options: { hiddenLayerPixel: 'layer2', usePixpro: false, similarityTemperature: 0.1, movingAverageDecay: 0.9 },
    size: [64, 64],
  },
}

const views: readonly (readonly [View, View])[] = [
  [
    { box: { y0: 3, y1: 51, x0: 5, x1: 53 }, hflip: true },
    { box: { y0: 10, y1: 57, x0: 0, x1: 45 }, hflip: false },
  ],
  [
    { box: { y0: 0, y1: 40, x0: 12, x1: 60 }, hflip: true },
    { box: { y0: 8, y1: 50, x0: 20, x1: 64 }, hflip: true },
  ],
]

/** Makes the augmentations return their input; their buffers remain in the state. */
function silence(learner: PixelCL): void {
  for (const augment of [learner.augment1, learner.augment2]) (augment as torch.nn.Module).forward = (images: Tensor) => images
}

/** libtorch compares millions of elements; the matcher, which is slow, says which differ. */
function expectClose(received: Tensor, expected: Tensor, tolerance: { rtol: number; atol: number }, name: string): void {
  if (!received.to(expected.dtype).allclose(expected, tolerance.rtol, tolerance.atol))
    expectWith(received, name).toBeAllclose(expected, tolerance)
}

const snake = (options: object) =>
  Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value as unknown]),
  )

interface Answer {
  readonly steps: { loss: Tensor; pairs: number; grads: Record<string, Tensor> }[]
  readonly state: Record<string, Tensor>
  readonly names: string[]
}

describe('a native ResNet learner and a live run of the published package agree', () => {
  test.each(Object.entries(cases))('%s', async (_, { options, size }) => {
    torch.manualSeed(1)
    const imageSize = Math.max(...size)
    const net = new ResNet(BasicBlock, [1, 1, 1, 1], 10).to('float64')
    const learner = new PixelCL(net, { imageSize, ...small, ...options })
    silence(learner)
    const images = torch.rand([2, 3, 3, ...size], { dtype: 'float64' })
    const optimizer = new torch.optim.Adam(learner.parameters(), { lr: 1e-3 })
    learner.resetMovingAverage()
    const state = copyOf(learner.stateDict())

    const python = runPython<Answer>(
      `${referenceLearner}
learner = build(inputs['options']).double()
learner.reset_moving_average()
learner.load_state_dict(inputs['state'], strict=True)
learner.augment1.forward = lambda images: images
optimizer = torch.optim.Adam(learner.parameters(), lr=1e-3)
steps = []
for images, views in zip(inputs['images'], inputs['views']):
    force(views)
    loss, pairs = learner(images, return_positive_pairs=True)
    optimizer.zero_grad()
    loss.backward()
    grads = {name: p.grad.clone() for name, p in learner.named_parameters() if p.grad is not None} if not steps else {}
    steps.append({'loss': loss.detach(), 'pairs': int(pairs), 'grads': grads})
    optimizer.step()
    learner.update_moving_average()
outputs = {'steps': steps, 'state': dict(learner.state_dict()), 'names': [name for name, _ in learner.named_parameters()]}
`,
      { options: snake({ imageSize, ...small, ...options }), state, images, views },
    )

    const own = [0, 1].map((step) => {
      const [loss, pairs] = learner.forward(images.select(0, step), { returnPositivePairs: true, views: views[step]! })
      optimizer.zeroGrad()
      loss.backward()
      const grads = step === 0 ? copyOf(gradientsOf(learner)) : {}
      optimizer.step()
      learner.updateMovingAverage()
      return { loss, pairs, grads }
    })

    const expected = await python
    expect([...learner.namedParameters()].map(([name]) => name)).toEqual(expected.names)
    for (const [step, { loss, pairs, grads }] of own.entries()) {
      const there = expected.steps[step]!
      expect(pairs).toBe(there.pairs)
      expect(pairs).toBeGreaterThan(0)
      expect(loss).toBeAllclose(there.loss, { rtol: 1e-8 })
      // Adam turns rounding noise into whole steps for biases that a batch norm cancels, so gradients compare at the first step.
      if (step > 0) continue
      expect(Object.keys(grads).sort()).toEqual(Object.keys(there.grads).sort())
      for (const [name, grad] of Object.entries(there.grads)) expectClose(grads[name]!, grad, { rtol: 1e-7, atol: 1e-10 }, name)
    }

    const twoLayers = options.ppmNumLayers === 2
    const final = learner.stateDict()
    for (const [name, value] of Object.entries(expected.state)) {
      if (isCancelled(name, twoLayers) || followsCancelled(name, twoLayers)) continue
      expectClose(final[name]!, value, { rtol: 1e-6, atol: 1e-8 }, name)
    }

    const back = learner.loadStateDict(expected.state, { strict: true })
    expect(back).toEqual({ missingKeys: [], unexpectedKeys: [] })
    for (const [name, value] of Object.entries(learner.stateDict())) expectClose(value, expected.state[name]!, { rtol: 0, atol: 0 }, name)
  })
})
