import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { nn, type Tensor } from '../../src/torch'
import { PixelCL, type Backbone } from '../../src/pixelcl'
import { lastMapLayer, spatialLayer } from '../../src/pixelcl/internal'
import { temporary } from '../support/files'
import { warningsOf } from './small'

const SCORES = 10

const stage = (from: number, to: number): nn.Conv2d => new nn.Conv2d(from, to, 3, { stride: 2, padding: 1 })
const pooled = () => [new nn.AdaptiveAvgPool2d(1), new nn.Flatten()] as const

/** Two 1×1 convolutions, to which the input is added. */
class Residual extends nn.Module<[Tensor], Tensor> {
  readonly conv1 = new nn.Conv2d(8, 4, 1)
  readonly conv2 = new nn.Conv2d(4, 8, 1)

  override forward(x: Tensor): Tensor {
    return this.conv2.call(this.conv1.call(x).relu()).add(x)
  }
}

const features = () => new nn.Sequential(stage(3, 4), new nn.ReLU(), stage(4, 8), new nn.ReLU())

const kinds: readonly (readonly [kind: string, layer: string, make: () => Backbone])[] = [
  [
    'a classifier of its own 1×1 convolution, as of SqueezeNet',
    'features',
    () =>
      new nn.Sequential({
        features: features(),
        classifier: new nn.Sequential(
          new nn.Dropout(),
          new nn.ReLU(),
          new nn.Conv2d(8, SCORES, 1),
          new nn.ReLU(),
          new nn.AdaptiveAvgPool2d(1),
        ),
        flatten: new nn.Flatten(),
      }),
  ],
  [
    'a last stage that ends with the scores, as of Network in Network',
    '1.1',
    () =>
      new nn.Sequential(
        new nn.Sequential(stage(3, 4), new nn.ReLU()),
        new nn.Sequential(stage(4, 8), new nn.ReLU(), new nn.Conv2d(8, SCORES, 1), new nn.ReLU()),
        ...pooled(),
      ),
  ],
  ['scores in one row with the features', '1', () => new nn.Sequential(stage(3, 8), new nn.ReLU(), new nn.Dropout2d(), new nn.Conv2d(8, SCORES, 1), ...pooled())], // prettier-ignore
  [
    'a last 1×1 convolution with a batch norm, as of MobileNet without a classifier',
    'features',
    () =>
      new nn.Sequential({
        features: new nn.Sequential(stage(3, 8), new nn.Conv2d(8, SCORES, 1), new nn.BatchNorm2d(SCORES, { affine: false })),
        avgpool: new nn.AdaptiveAvgPool2d(1),
        flatten: new nn.Flatten(),
      }),
  ],
  [
    'a residual block that ends with a 1×1 convolution',
    'layer',
    () => new nn.Sequential({ stem: stage(3, 8), layer: new Residual(), pool: new nn.AdaptiveAvgPool2d(1), flatten: new nn.Flatten() }),
  ],
  ['maps as the result', '2', () => new nn.Sequential(stage(3, 8), new nn.ReLU(), new nn.Conv2d(8, SCORES, 1))],
]

describe('of a network with', () => {
  test.each(kinds)('%s the last map of features is that of %s', (kind, layer, make) => {
    const net = make()
    expect(lastMapLayer(net, 32, 4)?.name).toBe(layer)
    const file = temporary(`${kind.replaceAll(/\W/g, '')}.pt`)
    if ([...net.modules()].some((module) => module instanceof Residual)) return
    torch.save(net, file)
    expect(lastMapLayer(torch.jit.load(file), 32, 4)?.name).toBe(layer)
  })
})

test('the layer that is advised in place of one without a map is one of features', async () => {
  const net = kinds[0]![2]()
  expect(spatialLayer(net, 'flatten', 32)).toBe('features')
  expect(spatialLayer(net, 'classifier.1', 32)).toBe('classifier.1')
  const [warning] = await warningsOf(() => new PixelCL(net, { imageSize: 32, hiddenLayerPixel: 'classifier', instanceWeight: 0 }))
  expect(warning?.message).toMatch(/the last layer with a larger map is 'features'/)
})
