import { beforeEach, describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { nn, type Tensor } from '../../src/torch'
import { PixelCL } from '../../src/pixelcl'
import { HiddenLayers, lastMapLayer } from '../../src/pixelcl/internal'
import { expectWith } from '../support/expect'
import { temporary } from '../support/files'
import { runPython } from '../support/python'
import { exported, ways, type Way } from '../torch/jit/export'
import { Small, gradientsOf, overlapping, smallLearner, warningsOf } from './small'

beforeEach(() => {
  torch.manualSeed(2)
})

const heads = { projectionSize: 6, projectionHiddenSize: 10 }
const plain = (images: Tensor) => images

async function load(make: string, way: Way = 'scripted'): Promise<torch.jit.ScriptModule> {
  return torch.jit.load((await exported(`net = kinds.${make}`, { way })).path)
}

/** One step of a learner on images of this size: it has a gradient in the first convolution. */
function trains(net: torch.jit.ScriptModule, imageSize: number, hiddenLayerPixel: string, channels: number): void {
  const learner = new PixelCL(net, { imageSize, hiddenLayerPixel, instanceWeight: 0, ...heads, augmentFn: plain })
  expect(learner.onlineEncoder.pixelProjector.net.stateDict()['0.weight']!.shape[1]).toBe(channels)
  learner.forward(torch.rand([2, 3, imageSize, imageSize])).backward()
  expect(net.parameters()[0]!.grad!.abs().sum().item()).toBeGreaterThan(0)
}

describe('networks of torchvision’s kinds train, scripted and traced', () => {
  test.each<[string, string, number, string, number]>([
    ['inverted residuals', 'InvertedResiduals()', 32, 'features', 16],
    ['attention in windows, with maps [N, h, w, C]', 'Windowed()', 32, 'features.1', 12],
    ['a vision transformer with a class token', 'TokenViT()', 32, 'encoder', 16],
    ['norms of layers, linear layers on [N, h, w, C]', 'Scaled()', 32, 'features', 16],
    ['joined and shuffled channels', 'Joined()', 32, 'stage2', 12],
    ['branches with an auxiliary head', 'Inception()', 72, 'Mixed_7c', 12],
  ])('%s', async (_, make, imageSize, layer, channels) => {
    trains(await load(make), imageSize, layer, channels)
    if (make !== 'Inception()') trains(await load(make, 'traced'), imageSize, layer, channels)
  })

  test('what ifs choose inside them can be a hidden layer', async () => {
    trains(await load('InvertedResiduals()'), 32, 'features.1.conv', 8)
    trains(await load('Inception()'), 72, 'AuxLogits.conv1', 8)
  })
})

describe('their maps and gradients are Python’s, and Python loads what was trained', () => {
  test.each([
    ['InvertedResiduals()', 'features', 32, 'm'],
    ['Windowed()', 'features', 32, 'm.permute(0, 3, 1, 2)'],
    ['TokenViT()', 'encoder', 32, 'm[:, 1:].transpose(1, 2).reshape(2, 16, 4, 4)'],
    ['Scaled()', 'features', 32, 'm'],
    ['Joined()', 'stage2', 32, 'm'],
    ['Inception()', 'Mixed_7c', 72, 'm'],
  ])('%s', async (make, layer, size, asMap) => {
    const images = torch.rand([2, 3, size, size])
    // A sum of the map, with weights that both sides compute.
    const step = `
kept = []
net.get_submodule(inputs['layer']).register_forward_hook(lambda module, args, out: kept.append(out))
net(inputs['images'])
m = kept[0]
map = ${asMap}
(map * torch.arange(map.numel()).float().cos().reshape(map.shape)).sum().backward()
outputs = {'map': map.detach(), 'grads': {name: p.grad for name, p in net.named_parameters() if p.grad is not None}}`
    const inputs = { images, layer }
    const python = await exported<{ map: Tensor; grads: Record<string, Tensor> }>(`net = kinds.${make}`, { after: step, inputs })
    const net = torch.jit.load(python.path)
    const { map } = new HiddenLayers(net, { map: layer }).run(net, images)
    expect(map).toBeAllclose(python.map, { rtol: 1e-5, atol: 1e-6 })
    map.mul(torch.arange(map.numel()).float().cos().reshape(map.shape)).sum().backward()
    const grads = gradientsOf(net)
    expect(Object.keys(grads).sort()).toEqual(Object.keys(python.grads).sort())
    for (const [name, grad] of Object.entries(python.grads)) expectWith(grads[name]!, name).toBeAllclose(grad, { rtol: 1e-3, atol: 1e-4 })

    new torch.optim.SGD(net.parameters(), { lr: 0.01 }).step()
    torch.jit.save(net, temporary('trained.pt'))
    const back = await runPython<{ state: Record<string, Tensor>; y: Tensor }>(
      `net = torch.jit.load(inputs['path'])
y = net.eval()(inputs['images'])
outputs = {'state': dict(net.state_dict()), 'y': y if isinstance(y, torch.Tensor) else y[0]}`,
      { path: temporary('trained.pt'), images },
    )
    const state = net.stateDict()
    expect(Object.keys(back.state)).toEqual(Object.keys(state))
    for (const [name, tensor] of Object.entries(back.state)) expectWith(tensor.equal(state[name]!), name).toBe(true)
    const y = net.eval().call(images)
    expect((Array.isArray(y) ? y[0] : y) as Tensor).toBeAllclose(back.y, { rtol: 1e-5, atol: 1e-5 })
  })
})

describe('a layer of tokens is read as its grid', () => {
  const images = torch.rand([2, 3, 32, 32])

  test.each([
    ['of any transformer', 'TokenViT()', 1, [4, 4]],
    ['after registers', 'TokenViT(registers=4)', 5, [4, 4]],
    ['where the number of tokens is a square itself: 2 × 2 after five others', 'TokenViT(registers=4, patch=16)', 5, [2, 2]],
  ] as const)('%s', async (_, make, prefix, grid) => {
    for (const way of ways) {
      // Traced networks hold the sizes of their example's images, 32 × 32.
      const net = (await load(make, way)).eval()
      const [tokens] = net.taps(['ln']).run(net, images) as [Tensor]
      const { map } = new HiddenLayers(net, { map: 'ln' }).run(net, images)
      expect(map.shape).toEqual([2, 16, ...grid])
      // The second row, first column, is the token after the first row.
      expect(map.select(2, 1).select(2, 0)).toEqualTensor(tokens.select(1, prefix + grid[1]))
    }
  })

  test('of images that are no square, or of another size than the first', async () => {
    const net = await load('TokenViT(registers=2)')
    const layers = new HiddenLayers(net, { map: 'encoder.1' })
    const shapes = [
      [32, 32],
      [64, 32],
      [24, 40],
    ] as const
    for (const [height, width] of shapes)
      expect(layers.run(net, torch.rand([2, 3, height, width])).map.shape).toEqual([2, 16, height / 8, width / 8])
  })

  test('and maps [N, h, w, C] are turned', async () => {
    const net = await load('Windowed()')
    const [raw] = net.taps(['features.3']).run(net, images) as [Tensor]
    expect(raw.shape).toEqual([2, 4, 4, 24])
    expect(new HiddenLayers(net, { map: 'features.3' }).run(net, images).map).toEqualTensor(raw.permute([0, 3, 1, 2]))
  })

  test('sequence first, in modules of this package, too', () => {
    class SequenceFirst extends nn.Module {
      readonly patches = new nn.Conv2d(3, 5, 8, { stride: 8 })
      readonly tokens = new nn.Identity()
      override forward(x: Tensor): Tensor {
        const patches = this.patches.call(x).flatten(2).permute([2, 0, 1])
        return this.tokens.call(torch.cat([torch.zeros([1, x.shape[0]!, 5]), patches]))
      }
    }
    const net = new SequenceFirst()
    expect(new HiddenLayers(net, { map: 'tokens' }).run(net, images).map).toBeAllclose(net.patches.call(images))
  })

  test('unless they fit no grid of the images', async () => {
    class Odd extends nn.Module {
      readonly patches = new nn.Conv2d(3, 5, 8, { stride: 8 })
      readonly tokens = new nn.Identity()
      override forward(x: Tensor): Tensor {
        return this.tokens.call(this.patches.call(x).flatten(2).transpose(1, 2).narrow(1, 0, 14))
      }
    }
    expect(() => new PixelCL(new Odd(), { imageSize: 32, hiddenLayerPixel: 'tokens', ...heads })).toThrow(
      /the hidden layer 'tokens' gives \[2, 14, 5\], which is no map and no tokens of a grid for images \[2, 3, 32, 32\]/,
    )
  })
})

describe('the channels of the images', () => {
  test.each([1, 4, 16])('are read from the first convolution: %i', async (channels) => {
    for (const way of ways) {
      const { path } = await exported(`net = kinds.InvertedResiduals(${channels})`, {
        way: 'scripted',
        ...(way === 'traced' && {
          after: `torch.jit.trace(net, torch.rand(2, ${channels}, 32, 32), check_trace=False).save(inputs['path'])`,
        }),
      })
      const learner = new PixelCL(torch.jit.load(path), {
        imageSize: 32,
        hiddenLayerPixel: 'features',
        hiddenLayerInstance: 'classifier',
        ...heads,
      })
      expect(learner.channels).toBe(channels)
      for (let i = 0; i < 4; i++) learner.forward(torch.rand([2, channels, 32, 32]), { views: overlapping }).backward()
      expect(() => learner.forward(torch.rand([2, channels === 1 ? 2 : 3, 32, 32]))).toThrow(
        new RegExp(`expected images with ${channels} channels \\[N, ${channels}, H, W\\] but received`),
      )
    }
  })

  test('are three for a backbone without a convolution, or what the option says', () => {
    class Linear extends nn.Module {
      readonly patches = new nn.Linear(8 * 8 * 2, 5)
      readonly map = new nn.Identity()
      override forward(x: Tensor): Tensor {
        return this.map.call(this.patches.call(x.unfold(2, 8, 8).unfold(3, 8, 8).permute([0, 2, 3, 1, 4, 5]).flatten(3)))
      }
    }
    const options = { imageSize: 32, hiddenLayerPixel: 'map', instanceWeight: 0, ...heads }
    expect(() => new PixelCL(new Linear(), options)).toThrow(/failed on images \[2, 3, 32, 32\]/)
    const learner = new PixelCL(new Linear(), { ...options, channels: 2 })
    expect(learner.forward(torch.rand([2, 2, 32, 32])).item()).toEqual(expect.any(Number))
  })

  test('of RGB images become one for a backbone of grey images', async () => {
    const learner = new PixelCL(await load('InvertedResiduals(1)'), {
      imageSize: 32,
      hiddenLayerPixel: 'features',
      instanceWeight: 0,
      ...heads,
    })
    learner.forward(torch.rand([2, 3, 32, 32]), { views: overlapping }).backward()
    expect((learner.augment1 as nn.Module).call(torch.rand([2, 3, 8, 8])).shape).toEqual([2, 1, 8, 8])
  })
})

describe('an instance weight of 0', () => {
  test('needs no instance layer, makes no heads for it, and learns', () => {
    const learner = smallLearner({ instanceWeight: 0, hiddenLayerInstance: 'absent' })
    expect(learner.onlineEncoder.instanceProjector).toBeNull()
    expect(learner.onlinePredictor).toBeNull()
    expect(Object.keys(learner.stateDict()).filter((key) => /instance|predictor/.test(key))).toEqual([])
    const loss = learner.forward(torch.rand([1, 3, 32, 32]), { views: overlapping })
    loss.backward()
    learner.updateMovingAverage()
    expect(
      learner
        .deepcopy()
        .forward(torch.rand([2, 3, 32, 32]))
        .item(),
    ).toEqual(expect.any(Number))
  })

  test('where a backbone has a single child, which -2 would not find', () => {
    class Single extends nn.Module {
      readonly body = new nn.Conv2d(3, 4, 3, { stride: 2 })
      override forward(x: Tensor): Tensor {
        return this.body.call(x)
      }
    }
    const options = { imageSize: 32, hiddenLayerPixel: 'body', ...heads }
    expect(() => new PixelCL(new Single(), options)).toThrow(/no child -2/)
    expect(new PixelCL(new Single(), { ...options, instanceWeight: 0 }).forward(torch.rand([2, 3, 32, 32])).item()).toEqual(
      expect.any(Number),
    )
  })
})

describe('images that are too small', () => {
  test('are an error with the layer and the smallest that are not, in TorchScript', async () => {
    const net = await load('Inception()')
    const options = { imageSize: 40, hiddenLayerPixel: 'Mixed_7c', instanceWeight: 0, ...heads }
    expect(() => new PixelCL(net, options)).toThrow(
      /images \[2, 3, 40, 40\] are too small for the backbone at its layer 'AuxLogits(\.conv1)?': it takes images from 65 pixels on: imageSize: 65 \(.*[Kk]ernel size.*\)/,
    )
    expect(await warningsOf(() => new PixelCL(net, { ...options, imageSize: 65 }))).toEqual([])
  })

  test('or of another size than a network takes, are an error with the one that it takes', async () => {
    const net = await load('Fixed()')
    const options = { hiddenLayerPixel: 'map', instanceWeight: 0, ...heads }
    expect(() => new PixelCL(net, { imageSize: 40, ...options })).toThrow(
      /failed on images \[2, 3, 40, 40\][^]*Wrong image height! Expected 64 but got 40[^]*\. It takes images of 64 × 64: give imageSize: 64, and viewSize of 64 × 64/,
    )
    expect(new PixelCL(net, { imageSize: 64, ...options }).forward(torch.rand([2, 3, 64, 64])).item()).toEqual(expect.any(Number))
  })

  test('also where only the views have another size', async () => {
    const options = { imageSize: 64, hiddenLayerPixel: 'map', instanceWeight: 0, ...heads }
    const net = await load('Fixed()')
    expect(() => new PixelCL(net, { ...options, viewSize: [32, 48] })).toThrow(
      /^the backbone failed on views \[2, 3, 32, 48\], which viewSize asks for: .*Expected 64 but got 32.*\. It takes images of 64 × 64: give viewSize of 64 × 64$/,
    )
    expect(await warningsOf(() => new PixelCL(net, { ...options, viewSize: [64, 64] }))).toEqual([])
  })

  test('are told of before a layer that forward never calls', async () => {
    const net = await load('Listed()')
    const options = { hiddenLayerPixel: 'blocks', instanceWeight: 0, ...heads }
    expect(() => new PixelCL(net, { imageSize: 40, ...options })).toThrow(
      /^the backbone failed on images \[2, 3, 40, 40\], which imageSize: 40 asks for: .*It takes images of 64 × 64: give imageSize: 64/,
    )
    expect(() => new PixelCL(net, { imageSize: 64, ...options })).toThrow(/never calls the layer 'blocks'/)
    expect(lastMapLayer(net, 64, 4)).toEqual({ name: 'blocks.1', channels: 8, map: [8, 8] })
    expect(lastMapLayer(net, 40, 4)).toBeNull()
  })

  test('and in modules of this package', () => {
    class Deep extends Small {
      readonly tail = new nn.Sequential(new nn.Conv2d(16, 4, 5), new nn.Conv2d(4, 4, 5))
      override forward(images: Tensor): Tensor {
        this.tail.call(this.body.call(this.stem.call(images)))
        return super.forward(images)
      }
    }
    expect(() => smallLearner({ imageSize: 28 }, new Deep())).toThrow(
      /images \[2, 3, 28, 28\] are too small for the backbone at its layer 'tail\.1': it takes images from 33 pixels on/,
    )
  })
})
