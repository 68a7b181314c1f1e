import { beforeEach, describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { nn, type Tensor } from '../../src/torch'
import { PixelCL } from '../../src/pixelcl'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'
import { Small, copyOf, gradientsOf, overlapping, smallImages, smallLearner, smallOptions, warningsOf } from './small'

beforeEach(() => {
  torch.manualSeed(6)
})

describe('construction', () => {
  test("draws the heads in the order PPM, predictor, pixel projector, instance projector, by PyTorch's initialisation", async () => {
    const net = new Small()
    torch.manualSeed(77)
    const learner = smallLearner({ ppmNumLayers: 2 }, net)
    const python = await runPython<Record<string, Record<string, Tensor>>>(`
      from torch import nn
      def head(layer, norm, inputs, hidden, outputs):
          return nn.Sequential(layer(inputs, hidden), norm(hidden), nn.ReLU(), layer(hidden, outputs))
      conv, linear = (lambda i, o: nn.Conv2d(i, o, 1)), nn.Linear
      torch.manual_seed(77)
      ppm = head(conv, nn.BatchNorm2d, 6, 6, 6)
      predictor = head(linear, nn.BatchNorm1d, 6, 10, 6)
      pixel = head(conv, nn.BatchNorm2d, 16, 10, 6)
      instance = head(linear, nn.BatchNorm1d, 16, 10, 6)
      outputs = {name: dict(module.state_dict()) for name, module in
                 {'propagate_pixels.transform_net': ppm, 'online_predictor.net': predictor,
                  'online_encoder.pixel_projector.net': pixel, 'online_encoder.instance_projector.net': instance}.items()}
    `)
    const state = learner.stateDict()
    let compared = 0
    for (const [prefix, head] of Object.entries(python)) {
      for (const [name, value] of Object.entries(head)) {
        expectWith(state[`${prefix}.${name}`], `${prefix}.${name}`).toEqualTensor(value)
        compared++
      }
    }
    expect(compared).toBe(36)
  })

  test('leaves no trace of its dry run in buffers, mode, gradients and generator, nor anything on the backbone', () => {
    const drawn: Tensor[] = []
    const net = new Small()
    const fields = Object.keys(net)
    const before = copyOf(net.stateDict())
    // A dry run of larger images draws more; what is drawn afterwards must not know.
    for (const imageSize of [32, 64]) {
      torch.manualSeed(5)
      smallLearner({ augmentFn: undefined, imageSize }, net)
      drawn.push(torch.rand([3]))
    }
    expect(drawn[0]).toEqualTensor(drawn[1]!)
    for (const [name, value] of Object.entries(net.stateDict())) expectWith(value, name).toEqualTensor(before[name]!)
    expect(Object.keys(net.stateDict())).toEqual(Object.keys(before))
    expect(Object.keys(net)).toEqual(fields)
    expect(net.training).toBe(true)
    expect(gradientsOf(net)).toEqual({})
    expect(net.parameters().every((parameter) => parameter.requiresGrad)).toBe(true)
  })

  test('a backbone after training runs as before, with its own names, without the learner', () => {
    const net = new Small()
    const names = Object.keys(net.stateDict())
    const learner = smallLearner({}, net)
    learner.forward(smallImages(), { views: overlapping }).backward()
    expect(Object.keys(net.stateDict())).toEqual(names)
    const images = smallImages()
    const alone = new Small()
    alone.loadStateDict(net.stateDict())
    expect(net.eval().call(images)).toEqualTensor(alone.eval().call(images))
  })

  test('without usePixpro there is no PPM, and with no layers it has no state', () => {
    const names = (learner: PixelCL) => Object.keys(learner.stateDict()).filter((name) => name.startsWith('propagate_pixels'))
    expect(names(smallLearner({ usePixpro: false }))).toEqual([])
    expect(smallLearner({ usePixpro: false }).propagatePixels).toBe(null)
    expect(names(smallLearner({ ppmNumLayers: 0 }))).toEqual([])
    expect(names(smallLearner({ ppmNumLayers: 1 }))).toEqual([
      'propagate_pixels.transform_net.weight',
      'propagate_pixels.transform_net.bias',
    ])
    expect(names(smallLearner({ ppmNumLayers: 2 })).map((name) => name.split('.')[2])).toEqual(expect.arrayContaining(['0', '1', '3']))
  })

  test.each(['float64', 'bfloat16'] as const)('takes the dtype of a %s backbone', (dtype) => {
    const learner = smallLearner()
    const converted = smallLearner({}, new Small().to(dtype))
    expect(new Set(converted.parameters().map((parameter) => parameter.dtype))).toEqual(new Set([dtype]))
    converted.loadStateDict(learner.stateDict())
    const images = smallImages()
    const [expected, pairs] = learner.forward(images, { returnPositivePairs: true, views: overlapping })
    const [loss, pairsThere] = converted.forward(images.to(dtype), { returnPositivePairs: true, views: overlapping })
    expect(pairsThere).toBe(pairs)
    expect(loss.dtype).toBe(dtype)
    expect(loss.float()).toBeAllclose(expected, { rtol: dtype === 'float64' ? 1e-5 : 0.05 })
    loss.backward()
    expect(new Set(Object.values(gradientsOf(converted)).map((grad) => grad.dtype))).toEqual(new Set([dtype]))
    // Its own augmentations run in its dtype, too.
    const fresh = smallLearner({ augmentFn: undefined }, new Small().to(dtype))
    for (let i = 0; i < 8; i++) expect(Number.isFinite(fresh.forward(images.to(dtype)).item())).toBe(true)
  })
})

describe('hidden layers', () => {
  test('are found by name, by index and by index from the end', () => {
    for (const [layer, channels] of [
      ['body', 16],
      ['stem', 8],
      ['stem.0', 8],
      [0, 8],
      [1, 16],
      [-3, 16],
    ] as const) {
      const learner = smallLearner({ hiddenLayerPixel: layer })
      expectWith(learner.onlineEncoder.pixelProjector.net.stateDict()['0.weight']!.shape[1], String(layer)).toBe(channels)
    }
  })

  test('that do not exist are an error with the children that serve, and how to see all layers', () => {
    expect(() => smallLearner({ hiddenLayerPixel: 'boddy' })).toThrow(
      "the backbone has no layer 'boddy' (did you mean 'body'?): choose among stem, body, or a layer inside of them; print(model) in Python shows all, as net.namedModules() does here",
    )
    expect(() => smallLearner({ hiddenLayerInstance: 'layer4' })).toThrow(
      /no layer 'layer4': choose among stem, body, avgpool, fc, or a layer inside of them/,
    )
    expect(() => smallLearner({ hiddenLayerPixel: 4 })).toThrow(/no child 4: it has 4 \(stem, body, avgpool, fc\)/)
    expect(() => smallLearner({ hiddenLayerPixel: -5 })).toThrow(/no child -5/)
  })

  test('must give a map for the pixel loss', () => {
    expect(() => smallLearner({ hiddenLayerPixel: 'fc' })).toThrow(
      /'fc' gives \[2, 4\], but the pixel loss needs a map \[N, C, H, W\]; the last layer with a larger map is 'body': write hiddenLayerPixel: 'body'/,
    )
  })

  test('that forward never calls say so', () => {
    class Unused extends Small {
      readonly extra = new nn.Conv2d(3, 3, 1)
    }
    expect(() => smallLearner({ hiddenLayerPixel: 'extra' }, new Unused())).toThrow(/'extra' was never called in the backbone's forward/)
  })

  test('called several times give their last output', () => {
    class Twice extends Small {
      override forward(images: Tensor): Tensor {
        this.stem.call(images.mul(0))
        return super.forward(images)
      }
    }
    const options = { hiddenLayerPixel: 'stem' }
    const net = new Twice().eval()
    const learner = smallLearner(options, net)
    const once = new Small()
    once.loadStateDict(net.stateDict())
    const same = smallLearner(options, once.eval())
    same.loadStateDict(learner.stateDict())
    const images = smallImages()
    expect(learner.eval().forward(images, { views: overlapping })).toEqualTensor(same.eval().forward(images, { views: overlapping }))
  })

  test('a 1×1 map warns and names the last spatial layer', async () => {
    const warnings = await warningsOf(() => smallLearner({ hiddenLayerPixel: -2 }))
    expect(warnings).toHaveLength(1)
    expect(warnings[0]!.code).toBe('PIXELCL_SINGLE_PIXEL')
    expect(warnings[0]!.message).toMatch(/'avgpool' gives a map of 1×1 pixel.*write hiddenLayerPixel: 'body'/)
    expect(await warningsOf(() => smallLearner())).toEqual([])
  })

  test('a spatial instance layer is flattened, never pooled, and ties its projector to imageSize', () => {
    const learner = smallLearner({ hiddenLayerInstance: 'body' })
    expect(learner.onlineEncoder.stateDict()['instance_projector.net.0.weight']!.shape).toEqual([10, 16 * 8 * 8])
    learner.forward(smallImages(), { views: overlapping }).backward()
    expect(() => learner.forward(torch.rand([2, 3, 48, 48]))).toThrow(
      /'body' gives 2304 numbers per image, but its projector was made for 1024: a spatial layer ties it to imageSize.*'avgpool'/,
    )
    const pooled = smallLearner()
    expect(pooled.forward(torch.rand([2, 3, 48, 40])).item()).toEqual(expect.any(Number))
  })
})

describe('a backbone of which parameters require no gradient', () => {
  test('is refused where none does, with what to write', () => {
    const net = new Small()
    net.requiresGrad_(false)
    expect(() => smallLearner({}, net)).toThrow(
      /none of the backbone's 10 parameters requires a gradient, so nothing of it would train: .*requiresGrad_\(true\).*model\.requires_grad_\(True\)/,
    )
  })

  test('is told where some do', async () => {
    const net = new Small()
    net.stem.requiresGrad_(false)
    const warnings = await warningsOf(() => smallLearner({}, net))
    expect(warnings.map(({ code }) => code)).toEqual(['PIXELCL_FROZEN_PARAMETERS'])
    expect(warnings[0]!.message).toMatch(
      /^4 of the backbone's 10 parameters \(stem\.0\.weight, stem\.0\.bias, stem\.1\.weight, …\) require no gradient/,
    )
    expect(await warningsOf(() => smallLearner())).toEqual([])
  })
})

describe('a backbone in eval mode', () => {
  test('keeps its batch norms in eval mode, with a warning', async () => {
    const net = new Small().eval()
    let learner: PixelCL | undefined
    const warnings = await warningsOf(() => (learner = smallLearner({}, net)))
    expect(warnings.map(({ code }) => code)).toEqual(['PIXELCL_EVAL_BATCH_NORM'])
    expect(warnings[0]!.message).toMatch(/2 of the backbone's 2 batch norms are in eval mode and stay so/)
    const before = copyOf(net.stateDict())
    learner!.forward(smallImages(), { views: overlapping }).backward()
    for (const [name, value] of Object.entries(net.stateDict())) expectWith(value, name).toEqualTensor(before[name]!)
    expect(learner!.onlineEncoder.stateDict()['pixel_projector.net.1.num_batches_tracked']!.item()).toBe(2)
  })

  test('train() and eval() reach backbone, heads and target', () => {
    const learner = smallLearner().eval()
    expect(learner.modules().some((module) => module.training)).toBe(false)
    expect(
      learner
        .train()
        .modules()
        .every((module) => module.training),
    ).toBe(true)
  })
})

test('what is no backbone is refused', () => {
  expect(() => new PixelCL('resnet50.pt' as never, smallOptions)).toThrow(
    /takes a backbone first.*received 'resnet50.pt': load the file first, by torch.jit.load/,
  )
  expect(() => new PixelCL(undefined as never, smallOptions)).toThrow(/received undefined/)
  expect(() => new PixelCL(new nn.ReLU(), { ...smallOptions, hiddenLayerPixel: '' })).toThrow(/the backbone has no parameters/)
  class Fixed extends Small {
    override readonly fc = new nn.Linear(99, 4)
  }
  expect(() => smallLearner({}, new Fixed())).toThrow(
    /the backbone failed on images \[2, 3, 32, 32\], which imageSize: 32 asks for: .*mat1 and mat2/,
  )
})
