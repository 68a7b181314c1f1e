import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { pixelCLOptions, augmentationOptions } from '../../src/pixelcl'
import { mapLayer } from '../../src/pixelcl/internal'
import { RECIPES, RECIPE_NAMES, pretrainOptions, type PretrainOptions, type ResolvedPretrainOptions } from '../../src/training'
import { askedOf, choose, type Found } from '../../src/training/choose'
import { inputSizeFor, layered, learningRateFor, stepsFor, strideOf, viewSizeFor } from '../../src/training/recipes'
import { models } from '../../src/vision'
import { Small, warningsOf } from '../pixelcl/small'
import { expectWith } from '../support/expect'

const files = { backbone: { file: 'net.pt' }, data: { folder: 'photos' }, run: { out: 'run' } }

function chosen(given: Partial<PretrainOptions> = {}, found: Partial<Found> = {}): ResolvedPretrainOptions {
  const options: PretrainOptions = { ...files, ...given, data: { ...files.data, ...given.data } }
  return choose(options, askedOf(options), { net: new Small(), size: [180, 240], images: 367, ...found })
}

describe('the recipe dense', () => {
  test('is used where none is named, and every value of it holds', () => {
    const options = chosen()
    expect(options.recipe).toBe('dense')
    for (const [section, values] of Object.entries(RECIPES.dense.options))
      expect(options).toHaveProperty(section, expect.objectContaining(values ?? {}))
  })

  test('chooses the last layer whose map of a view can be measured', () => {
    expect(chosen().learner.hiddenLayerPixel).toBe('body')
    const resnet = models.resnet18()
    const at = (...size: [number, number]) => chosen({}, { net: resnet, size }).learner
    expect(at(192, 192).hiddenLayerPixel).toBe('layer4')
    // Views are at most as large as the images, and at 150 pixels layer4 has 5 × 7.
    expect(at(150, 200).hiddenLayerPixel).toBe('layer3')
    expect(at(96, 96).hiddenLayerPixel).toBe('layer3')
    for (const size of [48, 64, 100, 150, 180, 200, 224]) {
      const { hiddenLayerPixel, viewSize } = at(size, size)
      expectWith(Math.min(...mapLayer(resnet, hiddenLayerPixel, viewSize!)!.map), `${size}: ${hiddenLayerPixel}`).toBeGreaterThanOrEqual(6)
    }
    expect(chosen({ learner: { hiddenLayerPixel: 'layer2' } }, { net: resnet }).learner.hiddenLayerPixel).toBe('layer2')
  })

  test('looks into a child that gives no map itself', () => {
    class Wrapped extends torch.nn.Module<[torch.Tensor], torch.Tensor> {
      readonly net = new Small()

      override forward(images: torch.Tensor): torch.Tensor {
        return this.net.call(images)
      }
    }
    expect(chosen({}, { net: new Wrapped() }).learner.hiddenLayerPixel).toMatch(/^net\.body/)
  })

  /** A stem and four stages, each of which halves its map, in a container of a kind. */
  class Staged extends torch.nn.Module<[torch.Tensor], torch.Tensor> {
    readonly stem = new torch.nn.Conv2d(3, 4, 3, { stride: 2, padding: 1 })
    readonly stages: torch.nn.ModuleList | torch.nn.Sequential
    constructor(kind: 'ModuleList' | 'Sequential') {
      super()
      const stages = Array.from({ length: 4 }, () => new torch.nn.Conv2d(4, 4, 3, { stride: 2, padding: 1 }))
      this.stages = kind === 'ModuleList' ? new torch.nn.ModuleList(stages) : new torch.nn.Sequential(...stages)
    }

    override forward(images: torch.Tensor): torch.Tensor {
      const stem = this.stem.call(images)
      return [...this.stages].reduce((map, stage) => (stage as torch.nn.Conv2d).call(map), stem)
    }
  }

  test.each(['ModuleList', 'Sequential'] as const)('looks into a %s, whose last layers may have smaller maps', (kind) => {
    expect(chosen({}, { net: new Staged(kind), size: [64, 64] }).learner.hiddenLayerPixel).toBe('stages.1')
  })

  test('says that images are too small for a layer behind the stem', async () => {
    const said = async (size: number): Promise<string[]> =>
      (await warningsOf(() => void chosen({}, { net: new Staged('Sequential'), size: [size, size] }))).map(({ message }) => message)
    expect(await said(8)).toEqual([
      "images of 8 × 8 are too small for a layer behind 'stem', the first one: the map of 'stages.0' has 2 × 2 pixels. Larger images teach more: imageSize: 16",
    ])
    expect(await said(16)).toEqual([])
  })

  test('brings images to the one size that a network takes, and gives it views of that size', () => {
    class Fixed extends Small {
      override forward(images: torch.Tensor): torch.Tensor {
        if (images.shape.slice(2).some((side) => side !== 64)) throw new Error('Wrong image height! Expected 64')
        return super.forward(images)
      }
    }
    expect(chosen({}, { net: new Fixed(), size: [60, 90] })).toMatchObject({
      data: { inputSize: [64, 64] },
      learner: { imageSize: 64, hiddenLayerPixel: 'body', viewSize: [64, 64] },
    })
    // Images of a third of the size are left to the learner, whose error names the size.
    expect(chosen({}, { net: new Fixed(), size: [20, 20] }).data.inputSize).toEqual([20, 20])
    expect(chosen({ learner: { imageSize: 64, viewSize: [32, 32] } }, { net: new Fixed() }).learner.viewSize).toEqual([32, 32])
  })

  test('takes images at their own size, and views by size and stride', () => {
    // The stride of Small is 4.
    expect(chosen()).toMatchObject({ data: { inputSize: [180, 240] }, learner: { imageSize: 180, viewSize: [108, 144] } })
    expect(chosen({ data: { folder: 'photos', inputSize: [100, 200] } })).toMatchObject({
      learner: { imageSize: 100, viewSize: [60, 120] },
    })
    const square = chosen({ learner: { imageSize: 64 } })
    expect(square.data.inputSize).toBeUndefined()
    expect(square.learner.viewSize).toEqual([40, 40])
    expect(chosen({ learner: { viewSize: [50, 60] } }).learner.viewSize).toEqual([50, 60])
    expect(chosen({}, { size: null }).data.inputSize).toEqual([256, 256])
  })

  test('raises the rate with the batch', () => {
    expect(chosen().optimizer.lr).toBe(0.0042)
    expect(chosen({ data: { folder: 'photos', batchSize: 32 } }).optimizer.lr).toBe(0.012)
    expect(chosen({ optimizer: { lr: 0.1 } }).optimizer.lr).toBe(0.1)
  })

  test('leaves a backbone without a map to the learner, which explains it', () => {
    const net = new torch.nn.Sequential(new torch.nn.Flatten(), new torch.nn.Linear(3 * 180 * 180, 2), new torch.nn.ReLU())
    expect(chosen({}, { net }).learner.hiddenLayerPixel).toBe(-2)
  })
})

describe('the recipe reference', () => {
  test("has the schema's defaults, which are the learner's, and chooses the steps alone", () => {
    const options = chosen({ recipe: 'reference' })
    const { schedule, ...rest } = options
    const { schedule: defaults, ...expected } = pretrainOptions.parse({ ...files, recipe: 'reference' })
    expect(rest).toEqual(expected)
    expect({ ...schedule, steps: undefined }).toEqual({ ...defaults, steps: undefined })
    expect(options.learner).toEqual(
      expect.objectContaining(pixelCLOptions.omit({ augmentFn: true, augmentFn2: true }).parse({ imageSize: 256 })),
    )
    expect(options.augmentation).toEqual(augmentationOptions.parse({}))
  })
})

describe('the length of a training', () => {
  test('is by default a number of steps that grows with the root of the number of images', () => {
    expect([1, 100, 400, 10_000].map((images) => stepsFor(images, 4))).toEqual([200, 275, 550, 2750])
    // Of 367 images 32 are held out.
    expect(chosen().schedule).toMatchObject({ steps: stepsFor(335, 4), warmupSteps: Math.floor(stepsFor(335, 4) / 20) })
  })

  test('may be given in steps, or in passes over the images that are trained on', () => {
    expect(chosen({ schedule: { steps: 40 } }).schedule).toMatchObject({ steps: 40, warmupSteps: 2 })
    const { schedule } = chosen({ schedule: { epochs: 2 }, evaluation: { heldOut: 7 } })
    expect(schedule.steps).toBe((2 * 360) / 4)
    expect(schedule).not.toHaveProperty('epochs')
    expect(chosen({ recipe: 'reference', schedule: { epochs: 0.5 }, evaluation: { heldOut: 7 } }).schedule.steps).toBe(Math.round(180 / 16))
    expect(() => chosen({ schedule: { epochs: 2, steps: 3 } })).toThrow(
      'steps and epochs both set the length of the training: give one of them',
    )
  })
})

test('images are brought to at most 256² pixels, in their own shape unless it is very long', () => {
  expect(inputSizeFor([180, 240])).toEqual([180, 240])
  expect(inputSizeFor([3000, 4000])).toEqual([222, 296])
  expect(inputSizeFor([100, 1000])).toEqual([100, 200])
  expect(inputSizeFor([1000, 400])).toEqual([362, 181])
})

test.each([
  [256, 8, 32],
  [249, 7, 32],
  [249, 8, 32],
  [224, 14, 16],
  // Patches of 14 pixels.
  [518, 37, 14],
  [180, 45, 4],
  [64, 64, 1],
])('a side of %d pixels and a map of %d mean a stride of %d', (side, map, stride) => {
  expect(strideOf(side, map)).toBe(stride)
})

test('views are whole strides, neither too few nor too many, and no larger than the image', () => {
  expect(viewSizeFor([256, 256], 32)).toEqual([224, 224])
  expect(viewSizeFor([128, 256], 32)).toEqual([128, 224])
  expect(viewSizeFor([1000, 500], 8)).toEqual([320, 160])
})

test('the rate falls with the width of the layer and rises with the root of the batch', () => {
  expect(learningRateFor(8, 64)).toBe(0.006)
  expect(learningRateFor(16, 128)).toBe(0.0085)
  expect(learningRateFor(8, 2048)).toBe(0.00038)
})

test('of layers of options the last wins, and undefined is none', () => {
  expect(layered({ optimizer: { lr: 1, weightDecay: 2 } }, { optimizer: { lr: 3, weightDecay: undefined }, learner: undefined })).toEqual({
    optimizer: { lr: 3, weightDecay: 2 },
    learner: {},
  })
})

test('every recipe holds known options of right values', () => {
  for (const name of RECIPE_NAMES) {
    expect(() => askedOf({ ...files, recipe: name })).not.toThrow()
    for (const { section, name: option } of RECIPES[name].choices) {
      const shape =
        (pretrainOptions.shape[section] as unknown as { unwrap(): { shape: object } }).unwrap?.().shape ??
        (pretrainOptions.shape[section] as unknown as { shape: object }).shape
      expect(Object.keys(shape)).toContain(option)
    }
  }
})
