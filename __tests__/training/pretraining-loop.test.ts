import { describe, expect, jest, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { PixelCL, type PixelCLOptions } from '../../src/pixelcl'
import { EventStream, pretrainingLoop, loopOptions, type LoopEvent, type LoopOptions, type StepMetrics } from '../../src/training'
import { expectWith } from '../support/expect'
import { endless } from './support'

const { nn } = torch

function learnerOf(options: Partial<PixelCLOptions> = {}): { net: torch.nn.Sequential; learner: PixelCL } {
  torch.manualSeed(0)
  const net = new nn.Sequential(new nn.Conv2d(3, 4, 3, { padding: 1 }), new nn.BatchNorm2d(4), new nn.ReLU())
  return { net, learner: learnerOn(net, options) }
}

function learnerOn(net: torch.nn.Sequential, options: Partial<PixelCLOptions> = {}): PixelCL {
  return new PixelCL(net, {
    imageSize: 8,
    hiddenLayerPixel: 2,
    hiddenLayerInstance: 2,
    projectionSize: 4,
    projectionHiddenSize: 8,
    cutoutRatioRange: [0.9, 1],
    ...options,
  })
}

const random = () => endless(() => torch.rand([2, 3, 8, 8]))

type Options = LoopOptions['schedule'] & LoopOptions['optimizer']

interface Watching {
  onStep?: (metrics: StepMetrics) => void
  shouldStop?: () => boolean
}

function sectionsOf({ algorithm, lr, weightDecay, ...schedule }: Options): LoopOptions {
  return { schedule, optimizer: { algorithm, lr, weightDecay } }
}

/** Trains, and gives the steps that were taken. */
function train(learner: PixelCL, images: ReturnType<typeof endless>, options: Options, watching: Watching = {}): Promise<number> {
  const events = new EventStream<LoopEvent>()
  events.subscribe((event) => {
    if (event.type === 'step') watching.onStep?.(event.metrics)
  })
  return pretrainingLoop(learner, images, loopOptions.parse(sectionsOf(options)), events).run(watching.shouldStop)
}

async function metricsOf(options: Options, learner = learnerOf().learner): Promise<StepMetrics[]> {
  const metrics: StepMetrics[] = []
  await train(learner, random(), options, { onStep: (step) => metrics.push(step) })
  return metrics
}

describe('training', () => {
  test('takes the steps, each with its loss and positive pairs', async () => {
    const metrics = await metricsOf({ steps: 3 })
    expect(metrics.map(({ step }) => step)).toEqual([1, 2, 3])
    for (const { loss, positivePairs, imagesPerSecond } of metrics) {
      expect(Number.isFinite(loss)).toBe(true)
      expect(positivePairs).toBeGreaterThan(0)
      expect(imagesPerSecond).toBeGreaterThan(0)
    }
    expect(metrics.map(({ seconds }) => seconds)).toEqual([...metrics.map(({ seconds }) => seconds)].sort((a, b) => a - b))
  })

  test('follows the schedule of the learning rate', async () => {
    const rates = (options: Partial<Options>) => metricsOf({ steps: 4, lr: 0.1, ...options }).then((metrics) => metrics.map(({ lr }) => lr))
    expect(await rates({ shape: 'constant', warmupSteps: 0 })).toEqual([0.1, 0.1, 0.1, 0.1])
    expect(await rates({ shape: 'cosine', warmupSteps: 0 })).toEqual(
      [0, 1, 2, 3].map((step) => (0.1 * (1 + Math.cos((Math.PI * step) / 4))) / 2),
    )
  })

  test.each(['adam', 'adamw', 'sgd'] as const)('moves the backbone with %s, and the target behind it', async (algorithm) => {
    const { net, learner } = learnerOf()
    const before = net.parameters().map((parameter) => parameter.detach().clone())
    const target = learner.targetEncoder!.parameters()[0]!.clone()
    await train(learner, random(), { steps: 2, algorithm, lr: 0.01, warmupSteps: 0 })
    const [moved, followed] = [net.parameters()[0]!, learner.targetEncoder!.parameters()[0]!]
    expect(torch.equal(moved, before[0]!)).toBe(false)
    expect(torch.equal(followed, target)).toBe(false)
    expect(followed.sub(target).abs().max().item()).toBeLessThan(moved.sub(before[0]!).abs().max().item())
  })

  test('is the loop that the README shows', async () => {
    const batches = Array.from({ length: 3 }, () => torch.rand([2, 3, 8, 8]))
    const byTrainer = learnerOf()
    torch.manualSeed(1)
    await train(
      byTrainer.learner,
      endless((step) => batches[step]!.clone()),
      { steps: 3, lr: 0.01, shape: 'constant', warmupSteps: 0 },
    )
    const byHand = learnerOf()
    torch.manualSeed(1)
    const optimizer = new torch.optim.Adam(byHand.learner.parameters(), { lr: 0.01 })
    for (const images of batches) {
      const loss = byHand.learner.forward(images)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      byHand.learner.updateMovingAverage()
    }
    const [one, two] = [byTrainer.learner.stateDict(), byHand.learner.stateDict()]
    for (const [name, tensor] of Object.entries(one)) expectWith(torch.equal(tensor, two[name]!), name).toBe(true)
  })

  test("moves the target's decay to its end along a cosine", async () => {
    const { learner } = learnerOf({ movingAverageDecay: 0.9 })
    const move = jest.spyOn(learner, 'updateMovingAverage')
    await train(learner, random(), { steps: 4, movingAverageDecayEnd: 1 })
    expect(move.mock.calls.flat()).toEqual([0, 1, 2, 3].map((step) => 1 - (0.1 * (1 + Math.cos((Math.PI * step) / 4))) / 2))
    expect(learner.options.movingAverageDecay).toBe(0.9)
  })

  test('stops after the step at which shouldStop returns true', async () => {
    const { learner } = learnerOf()
    let asked = 0
    const steps = await train(learner, random(), { steps: 9 }, { shouldStop: () => ++asked === 2 })
    expect(steps).toBe(2)
  })

  test('stops while it waits for images that do not come', async () => {
    const { learner } = learnerOf()
    const stuck = endless((step) => (step === 0 ? torch.rand([2, 3, 8, 8]) : new Promise<torch.Tensor>(() => undefined)))
    const began = Date.now()
    expect(await train(learner, stuck, { steps: 9 }, { shouldStop: () => Date.now() - began > 500 })).toBe(1)
  })

  test('yields to the event loop every step', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    await metricsOf({ steps: 5 })
    clearInterval(timer)
    expect(turns).toBeGreaterThanOrEqual(4)
  })

  test('keeps no tensor of a step', async () => {
    const { learner } = learnerOf()
    const live: number[] = []
    await train(learner, random(), { steps: 6 }, { onStep: () => live.push(torch.memoryStats().liveTensors) })
    expect(live[5]! - live[2]!).toBeLessThanOrEqual(12)
  })
})

test('a backbone that no gradient reaches is refused at the first step', async () => {
  const net = new nn.Sequential(new nn.Conv2d(3, 4, 3, { padding: 1 }), new nn.BatchNorm2d(4), new nn.ReLU(), new nn.Conv2d(4, 4, 1))
  for (const parameter of net.parameters().slice(0, 4)) parameter.requiresGrad_(false)
  await expect(train(learnerOn(net), random(), { steps: 3 })).rejects.toMatchObject({
    code: 'TRAINING',
    message: expect.stringContaining('no gradient reaches the backbone'),
  })
})

describe('a loss that is not finite', () => {
  test('stops before it reaches the weights, and says where to look', async () => {
    const { net, learner } = learnerOf({ augmentFn: (images) => images.mul(Infinity).sub(Infinity) })
    const before = net.parameters().map((parameter) => parameter.detach().clone())
    await expect(train(learner, random(), { steps: 3, lr: 0.5 })).rejects.toMatchObject({
      code: 'TRAINING',
      message: expect.stringMatching(/the loss is NaN at step 1, before any weight was changed/),
    })
    net.parameters().forEach((parameter, i) => expect(torch.equal(parameter, before[i]!)).toBe(true))
  })
})
