import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { ArgumentError, PixelCL, pixelCLOptions, type PixelCLOptions } from '../../src/pixelcl'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'
import { referenceLearner } from './reference'
import { Small, overlapping, smallImages, smallLearner, smallOptions } from './small'

function messageOf(options: Record<string, unknown>): string {
  try {
    new PixelCL(new Small(), { ...smallOptions, ...options })
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError)
    return (error as Error).message
  }
  throw new Error('nothing was thrown')
}

test("the defaults are the published package's", async () => {
  const { defaults } = await runPython<{ defaults: Record<string, unknown> }>(
    `${referenceLearner}
import inspect
outputs = {'defaults': {name: p.default for name, p in inspect.signature(package.PixelCL.__init__).parameters.items() if p.default is not p.empty}}
`,
  )
  const own: Record<string, unknown> = pixelCLOptions.parse({ imageSize: 1 })
  for (const [name, value] of Object.entries(defaults)) {
    const camelCase = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    expectWith(own[camelCase] ?? null, name).toEqual(value)
  }
  expect(Object.keys(defaults)).toHaveLength(17)
  expect(own).toMatchObject({ instanceWeight: 1, contrast: 'batch', cropPer: 'batch', distance: 'image' })
})

describe('wrong options', () => {
  test('with an unknown name say which one was meant, in the Python spelling too', () => {
    expect(messageOf({ ppmGama: 2 })).toMatch(/PixelCL received wrong options:\n {2}unknown option 'ppmGama' \(did you mean 'ppmGamma'\?\)/)
    for (const [python, own] of [
      ['image_size', 'imageSize'],
      ['use_pixpro', 'usePixpro'],
      ['hidden_layer_pixel', 'hiddenLayerPixel'],
      ['augment_fn2', 'augmentFn2'],
      ['coord_cutout_interpolate_mode', 'coordCutoutInterpolateMode'],
    ]) {
      expect(messageOf({ [python!]: 1 })).toContain(`unknown option '${python}' (did you mean '${own}'?)`)
    }
    expect(messageOf({ learningRate: 1 })).toMatch(
      /unknown option 'learningRate'; known are imageSize, channels, hiddenLayerPixel, .*distance/,
    )
  })

  test('are all named at once', () => {
    expect(messageOf({ use_pixpro: true, alpha: 'x', ppmNumLayers: 3 }).split('\n')).toHaveLength(4)
  })

  test.each<[Record<string, unknown>, string]>([
    [{ imageSize: undefined }, 'imageSize: expected a number but received undefined'],
    [{ imageSize: 0 }, 'imageSize: expected a number above 0 but received 0'],
    [{ imageSize: 32.5 }, 'imageSize: expected a whole number but received 32.5'],
    [{ cutoutRatioRange: [0.6, 1.2] }, 'cutoutRatioRange: expected 0 < low ≤ high ≤ 1 but received [0.6, 1.2]'],
    [{ cutoutRatioRange: [0, 0.5] }, 'cutoutRatioRange: expected 0 < low ≤ high ≤ 1 but received [0, 0.5]'],
    [{ cutoutRatioRange: [0.8, 0.6] }, 'cutoutRatioRange: expected 0 < low ≤ high ≤ 1 but received [0.8, 0.6]'],
    [{ cutoutRatioRange: 0.5 }, 'cutoutRatioRange: expected 2 numbers but received 0.5'],
    [{ cutoutRatioRange: [0.5] }, 'cutoutRatioRange: expected 2 values but received [0.5]'],
    [{ cutoutRatioRange: [NaN, 0.5] }, 'cutoutRatioRange.0: expected a number but received NaN'],
    [{ ppmNumLayers: 3 }, 'ppmNumLayers: expected 0, 1 or 2 but received 3'],
    [{ probRandHflip: 1.5 }, 'probRandHflip: expected a number of at most 1 but received 1.5'],
    [{ movingAverageDecay: -0.1 }, 'movingAverageDecay: expected a number of at least 0 but received -0.1'],
    [{ similarityTemperature: 0 }, 'similarityTemperature: expected a number above 0 but received 0'],
    [{ distanceThres: -1 }, 'distanceThres: expected a number above 0 but received -1'],
    [{ instanceWeight: -1 }, 'instanceWeight: expected a number of at least 0 but received -1'],
    [{ alpha: Infinity }, 'alpha: expected a number but received Infinity'],
    [{ usePixpro: 'no' }, "usePixpro: expected true or false but received 'no'"],
    [{ contrast: 'pixels' }, "contrast: expected one of batch, pixel but received 'pixels'"],
    [{ cropPer: 'image' }, "cropPer: expected one of batch, sample but received 'image'"],
    [{ distance: 'bins' }, "distance: expected one of image, bin but received 'bins'"],
    [{ cutoutInterpolateMode: 'cubic' }, 'cutoutInterpolateMode: expected one of nearest, bilinear, bicubic, area, nearest-exact but'],
    [{ hiddenLayerPixel: 1.5 }, 'hiddenLayerPixel: expected a name or a whole number but received 1.5'],
    [{ viewSize: [32, -1] }, 'viewSize.1: expected a number above 0 but received -1'],
  ])('%o', (options, message) => {
    expect(messageOf(options)).toContain(message)
  })

  test('where there are none at all', () => {
    expect(() => new PixelCL(new Small(), undefined as never)).toThrow(/expected an object with imageSize.*received undefined/)
    expect(() => new PixelCL(new Small(), 256 as never)).toThrow(/expected an object with imageSize.*received 256/)
  })

  test('leave a box of at least one pixel', () => {
    expect(() => smallLearner({ imageSize: 1 })).toThrow(/1 × 1 are too small: the smallest box has 0.6 of each side/)
    const learner = smallLearner({ cutoutRatioRange: [0.1, 0.2] })
    expect(() => learner.forward(torch.rand([2, 3, 9, 32]))).toThrow(
      /images of 9 × 32 \(height × width\) are too small.*Give larger images or a larger cutoutRatioRange/,
    )
  })
})

describe('wrong options of forward', () => {
  const learner = smallLearner()
  const images = smallImages()
  const withViews = (views: unknown) => () => learner.forward(images, { views: views as never })

  test('are named', () => {
    expect(() => learner.forward(images, { return_positive_pairs: true } as never)).toThrow(
      /forward\(\) has no option 'return_positive_pairs' \(did you mean 'returnPositivePairs'\?\)/,
    )
  })

  test('are options, of the kinds that are expected', () => {
    expect(() => learner.forward(images, null as never)).toThrow(
      'forward() takes options { returnPositivePairs?, views? } but received null',
    )
    expect(() => learner.forward(images, { returnPositivePairs: 'yes' } as never)).toThrow(
      "forward(): expected returnPositivePairs to be true or false but received 'yes'",
    )
  })

  test('views must be two, whole, and inside the image', () => {
    const [one, two] = overlapping
    expect(withViews([one])).toThrow(/views must be two/)
    expect(withViews(one)).toThrow(/views must be two/)
    expect(withViews([one, { box: two.box }])).toThrow(/a view must be \{ box: \{ y0, y1, x0, x1 \}, hflip \} but is \{"box"/)
    expect(withViews([one, null])).toThrow(/a view must be .* but is null/)
    for (const box of [
      { ...one.box, y1: 33 },
      { ...one.box, x0: -1 },
      { ...one.box, y0: 0.5 },
      { ...one.box, x1: one.box.x0 },
    ]) {
      expect(withViews([one, { box, hflip: false }])).toThrow(/does not lie in an image of 32 × 32; its sides are in pixels, half-open/)
    }
    expect(withViews([[one], [two]])).toThrow(/views has 1 boxes for 3 images: give one for each, or one for all/)
    expect(withViews([[one, one, one], two])).toThrow(/both views must be given per image, or both for the whole batch/)
  })
})

test('the types know the options and what forward gives', () => {
  const options: PixelCLOptions = { imageSize: 32 }
  expect(options.imageSize).toBe(32)
  // @ts-expect-error imageSize has no default
  const missing: PixelCLOptions = {}
  expect(missing).toEqual({})
  const learner = smallLearner()
  const loss: torch.Tensor = learner.forward(smallImages(), { views: overlapping })
  const [alone, pairs]: [torch.Tensor, number] = learner.forward(smallImages(), { returnPositivePairs: true, views: overlapping })
  expect([loss.shape, alone.shape, Number.isInteger(pairs)]).toEqual([[], [], true])
})
