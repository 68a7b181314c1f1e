import * as torch from '../../src/torch'
import { nn, type Tensor } from '../../src/torch'
import { PixelCL, type PixelCLOptions, type View } from '../../src/pixelcl'

/** A backbone that a test trains in milliseconds: images [N, 3, H, W] to a map [N, 16, H/4, W/4], then to 4 numbers. */
export class Small extends nn.Module {
  readonly stem = new nn.Sequential(
    new nn.Conv2d(3, 8, 3, { stride: 2, padding: 1 }),
    new nn.BatchNorm2d(8),
    new nn.ReLU({ inplace: true }),
  )
  readonly body = new nn.Sequential(
    new nn.Conv2d(8, 16, 3, { stride: 2, padding: 1 }),
    new nn.BatchNorm2d(16),
    new nn.ReLU({ inplace: true }),
  )
  readonly avgpool = new nn.AdaptiveAvgPool2d(1)
  readonly fc = new nn.Linear(16, 4)

  override forward(images: Tensor): Tensor {
    return this.fc.call(this.avgpool.call(this.body.call(this.stem.call(images))).flatten(1))
  }
}

/** The same in Python, behind the published package's learner; needs `referenceLearner` before it. */
export const smallReference = `
class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
        self.body = nn.Sequential(nn.Conv2d(8, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU(inplace=True))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(16, 4)

    def forward(self, x):
        return self.fc(self.avgpool(self.body(self.stem(x))).flatten(1))

def small_learner(**options):
    return package.PixelCL(Small(), **{'image_size': 32, 'hidden_layer_pixel': 'body', 'projection_size': 6, 'projection_hidden_size': 10, **options})
`

export const smallOptions = { imageSize: 32, hiddenLayerPixel: 'body', projectionSize: 6, projectionHiddenSize: 10 }

/** A learner of a small backbone, without augmentations unless given. */
export function smallLearner(options: Partial<PixelCLOptions> = {}, net: Small = new Small()): PixelCL {
  return new PixelCL(net, { ...smallOptions, augmentFn: (images) => images, ...options })
}

/** Views that overlap, so that there are positive pairs. */
export const overlapping: readonly [View, View] = [
  { box: { y0: 0, y1: 24, x0: 2, x1: 27 }, hflip: false },
  { box: { y0: 6, y1: 31, x0: 5, x1: 30 }, hflip: true },
]

/** Views from opposite corners, without a positive pair. */
export const apart: readonly [View, View] = [
  { box: { y0: 0, y1: 4, x0: 0, x1: 4 }, hflip: false },
  { box: { y0: 28, y1: 32, x0: 28, x1: 32 }, hflip: false },
]

export function smallImages(count = 3, dtype: torch.DType = 'float32'): Tensor {
  return torch.rand([count, 3, 32, 32], { dtype })
}

/** Copies of a state's tensors, which later steps do not change. */
export function copyOf(state: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(state).map(([name, tensor]) => [name, tensor.clone()]))
}

/** The gradients that a learner's parameters have, by name. */
export function gradientsOf(learner: nn.AnyModule): Record<string, Tensor> {
  return Object.fromEntries([...learner.namedParameters()].filter(([, p]) => p.grad !== null).map(([name, p]) => [name, p.grad!]))
}

export interface Warning {
  readonly code: string
  readonly message: string
}

/** The warnings that `body` emits; Node emits them in the next tick, so that those of earlier ones pass first. */
export async function warningsOf(body: () => unknown): Promise<Warning[]> {
  const tick = () => new Promise((resolve) => setImmediate(resolve))
  await tick()
  const warnings: Warning[] = []
  const listen = (warning: Error & { code?: string }) => warnings.push({ code: warning.code ?? warning.name, message: warning.message })
  process.on('warning', listen)
  try {
    await body()
    await tick()
  } finally {
    process.off('warning', listen)
  }
  return warnings
}
