import { beforeAll, describe, expect, test } from '@jest/globals'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import * as torch from '../../src/torch'
import { PixelCL } from '../../src/pixelcl'
import {
  EventStream,
  ImageLoader,
  Loop,
  pretrainingLoop,
  loopOptions,
  type LoopEvent,
  type LoopState,
  type PixelValues,
  type LoopOptions,
} from '../../src/training'
import { ImageFolder } from '../../src/vision/datasets'
import { expectWith } from '../support/expect'
import { temporary } from '../support/files'

const { nn } = torch

/** Eleven images of noise, and one file that is none. */
beforeAll(async () => {
  mkdirSync(temporary('noise'))
  const noise = (seed: number) => Buffer.from(Array.from({ length: 12 * 12 * 3 }, (_, i) => (i * (37 + 6 * seed) + seed * 91) % 256))
  const write = (i: number) =>
    sharp(noise(i), { raw: { width: 12, height: 12, channels: 3 } }).toFile(join(temporary('noise'), `${String(i)}.png`))
  await Promise.all(Array.from({ length: 11 }, (_, i) => write(i)))
  writeFileSync(join(temporary('noise'), 'damaged.png'), 'no image')
})

interface Made {
  readonly loop: Loop<torch.Tensor, PixelValues>
  readonly learner: PixelCL
  readonly losses: number[]
  readonly events: EventStream<LoopEvent>
}

const STEPS = 9

interface Options {
  readonly optimizer?: LoopOptions['optimizer']
  readonly schedule?: Partial<LoopOptions['schedule']>
  readonly prefetch?: number
}

/** Everything anew, as in another process: learner, optimizer, schedule, loader, and a generator that has gone its own way. */
function fresh({ optimizer, schedule, prefetch = 2 }: Options = {}, seed = 0): Made {
  torch.manualSeed(seed)
  const net = new nn.Sequential(new nn.Conv2d(3, 4, 3, { padding: 1 }), new nn.BatchNorm2d(4), new nn.ReLU(), new nn.Dropout(0.2))
  const learner = new PixelCL(net, {
    imageSize: 12,
    hiddenLayerPixel: 2,
    hiddenLayerInstance: 2,
    projectionSize: 4,
    projectionHiddenSize: 8,
    cutoutRatioRange: [0.7, 1],
    cropPer: 'sample',
  })
  const resolved = loopOptions.parse({
    schedule: { steps: STEPS, warmupSteps: 2, movingAverageDecayEnd: 1, ...schedule },
    optimizer: { lr: 0.01, ...optimizer },
  })
  const folder = new ImageFolder(temporary('noise'), { size: [12, 12] })
  const loader = new ImageLoader(folder, { batchSize: 4, seed: 0, prefetch })
  const events = new EventStream<LoopEvent>()
  const losses: number[] = []
  events.subscribe((event) => {
    if (event.type === 'step') losses.push(event.metrics.loss)
  })
  return { loop: pretrainingLoop(learner, loader, resolved, events), learner, losses, events }
}

/** Takes some steps, then saves the loop's whole state. */
async function saved(path: string, steps: number, options: Options): Promise<number[]> {
  const { loop, losses } = fresh(options)
  expect(await loop.run(() => losses.length === steps)).toBe(steps)
  torch.save(loop.state(), path)
  return losses
}

function expectSameState(one: PixelCL, two: PixelCL): void {
  const [a, b] = [one.stateDict(), two.stateDict()]
  expect(Object.keys(a)).toEqual(Object.keys(b))
  for (const [name, tensor] of Object.entries(a)) expectWith(torch.equal(tensor, b[name]!), name).toBe(true)
}

/** Tensors as their values, dtype and shape. */
function plain(value: unknown): unknown {
  if (torch.isTensor(value)) return { dtype: value.dtype, shape: value.shape, values: [...value.flatten().toTypedArray()] }
  if (value instanceof Map) return [...value].map(plain)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}

describe('a saved and loaded loop continues bit for bit', () => {
  test.each<[number, Options]>([
    [1, { optimizer: { algorithm: 'adam' } }],
    [4, { prefetch: 0 }],
    [5, { optimizer: { algorithm: 'adamw', weightDecay: 0.1 }, prefetch: 5 }],
    [7, { optimizer: { algorithm: 'sgd' }, schedule: { shape: 'constant' } }],
  ])('after %d steps with %j', async (taken, options) => {
    const whole = fresh(options)
    await whole.loop.run()
    const path = temporary(`loop-${taken}.pt`)
    const before = await saved(path, taken, options)
    const resumed = fresh(options, 99)
    torch.rand([17])
    resumed.loop.load(torch.load(path) as LoopState)
    expect(resumed.loop.step).toBe(taken)
    expect(await resumed.loop.run()).toBe(STEPS)
    expect([...before, ...resumed.losses]).toEqual(whole.losses)
    expect(whole.losses).toHaveLength(STEPS)
    expectSameState(resumed.learner, whole.learner)
    // What only later steps would show: moments, learning rate, position, generators.
    torch.save(whole.loop.state(), temporary('whole.pt'))
    torch.save(resumed.loop.state(), temporary('resumed.pt'))
    const [one, two] = ['whole.pt', 'resumed.pt'].map((name) => plain({ ...(torch.load(temporary(name)) as LoopState), seconds: 0 }))
    expect(two).toEqual(one)
  })

  test('in another order where the loader or the generators are not given back', async () => {
    const whole = fresh()
    await whole.loop.run()
    await saved(temporary('partly.pt'), 3, {})
    const state = torch.load(temporary('partly.pt')) as LoopState
    const elsewhere = { ...state, generators: { cpu: new torch.Generator().manualSeed(5).getState() } }
    const start = {
      ...state,
      loader: new ImageLoader(new ImageFolder(temporary('noise'), { size: [12, 12] }), { batchSize: 4, seed: 0 }).stateDict(),
    }
    for (const other of [elsewhere, start]) {
      const resumed = fresh()
      resumed.loop.load(other)
      await resumed.loop.run()
      expect(resumed.losses).not.toEqual(whole.losses.slice(3))
    }
  })

  test('and tells its steps and seconds as one run', async () => {
    await saved(temporary('told.pt'), 2, {})
    const { loop, events } = fresh()
    const told: { step: number; seconds: number; lr: number }[] = []
    events.subscribe((event) => {
      if (event.type === 'step') told.push(event.metrics)
    })
    const state = torch.load(temporary('told.pt')) as LoopState
    loop.load({ ...state, seconds: 1000 })
    await loop.run()
    expect(told.map(({ step }) => step)).toEqual([3, 4, 5, 6, 7, 8, 9])
    expect(told.every(({ seconds }) => seconds > 1000)).toBe(true)
    expect(told[0]!.lr).toBe(0.01)
  })
})

describe('a state', () => {
  test('is refused where it is none, or does not fit', async () => {
    const { loop } = fresh()
    expect(() => loop.load({} as LoopState)).toThrow("expected the state of a loop, whose format is 'pixelcl loop 1', but received none")
    expect(() => loop.load(null as never)).toThrow('expected the state of a loop')
    const state = loop.state()
    expect(() => loop.load({ ...state, loader: null as never })).toThrow("lacks its part 'loader'")
    expect(() => loop.load({ ...state, step: 1.5 })).toThrow('must count its step and seconds but has 1.5')
    expect(() => loop.load({ ...state, generators: {} })).toThrow('the state has generators , but this loop has cpu')
    expect(() => loop.load({ ...state, loader: { ...state.loader, images: 3 } })).toThrow('of a loader of 3 images, but this one has 12')
    expect(() => loop.load({ ...state, scheduler: { base_lrs: [1, 2], last_epoch: 0 } })).toThrow('base_lrs')
  })

  test('cannot be taken in the middle of a step', async () => {
    const { loop, events } = fresh()
    let failure: unknown
    events.subscribe((event) => {
      if (event.type !== 'loss') return
      try {
        loop.state()
      } catch (error) {
        failure = error
      }
    })
    await loop.run(() => loop.step === 1)
    expect(failure).toMatchObject({ code: 'TRAINING', message: expect.stringContaining('between two steps') })
  })

  test("of generators of a loop's own is kept, too", async () => {
    const make = () => {
      const weight = torch.zeros([3], { requiresGrad: true })
      const own = new torch.Generator().manualSeed(1)
      const none = { stateDict: () => ({}), loadStateDict: () => undefined }
      const task = {
        parameters: () => [weight],
        step: () => ({ loss: weight.mul(torch.rand([3], { generator: own })).sum(), examples: 1, values: {} }),
        stateDict: () => ({ weight }),
        loadStateDict: (state: { weight: torch.Tensor }) => void torch.noGrad(() => weight.copy_(state.weight)),
      }
      const loader = { ...none, next: () => Promise.resolve({ done: false as const, value: torch.zeros([1]) }) }
      const scheduler = { ...none, step: () => undefined }
      const optimizer = new torch.optim.SGD([weight], 0.1)
      return { weight, loop: new Loop({ task, optimizer, scheduler, loader, steps: 4, generators: { own } }) }
    }
    const whole = make()
    await whole.loop.run()
    const first = make()
    await first.loop.run(() => first.loop.step === 2)
    torch.save(first.loop.state(), temporary('own.pt'))
    const second = make()
    second.loop.load(torch.load(temporary('own.pt')) as LoopState)
    await second.loop.run()
    expect(second.weight).toEqualTensor(whole.weight)
  })
})
