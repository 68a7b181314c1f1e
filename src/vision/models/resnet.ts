import { ArgumentError, nn, type Tensor } from '../../torch'
import { suggestion } from '../../common/suggestions'
import { LibraryModule, pipeline } from '../../torch/internal'

const { init } = nn

function conv3x3(inputs: number, outputs: number, stride = 1, groups = 1): nn.Conv2d {
  return new nn.Conv2d(inputs, outputs, 3, { stride, padding: 1, groups, bias: false })
}

function conv1x1(inputs: number, outputs: number, stride = 1): nn.Conv2d {
  return new nn.Conv2d(inputs, outputs, 1, { stride, bias: false })
}

/** Two 3×3 convolutions with a shortcut, for ResNet 18 and 34. */
export class BasicBlock extends LibraryModule {
  static readonly expansion = 1
  readonly conv1: nn.Conv2d
  readonly bn1: nn.BatchNorm2d
  readonly relu = new nn.ReLU({ inplace: true })
  readonly conv2: nn.Conv2d
  readonly bn2: nn.BatchNorm2d
  readonly downsample: nn.Sequential | null

  constructor(inputs: number, planes: number, stride = 1, downsample: nn.Sequential | null = null) {
    super()
    this.conv1 = conv3x3(inputs, planes, stride)
    this.bn1 = new nn.BatchNorm2d(planes)
    this.conv2 = conv3x3(planes, planes)
    this.bn2 = new nn.BatchNorm2d(planes)
    this.downsample = downsample
  }

  override forward(x: Tensor): Tensor {
    const out = pipeline(x, [this.conv1, this.bn1, this.relu, this.conv2, this.bn2])
    return this.relu.call(out.add_(this.downsample === null ? x : this.downsample.call(x)))
  }

  override torchScript(): string {
    return nn.forwardSource(
      'out = self.relu.forward(self.bn1.forward(self.conv1.forward(input)))',
      'out = self.bn2.forward(self.conv2.forward(out))',
      this.downsample === null ? 'out += input' : 'out += self.downsample.forward(input)',
      'return self.relu.forward(out)',
    )
  }
}

/** Groups of a bottleneck's 3×3 convolution, and channels of each group in the first stage: many narrow groups make a ResNeXt, one wide group a Wide ResNet. */
export interface Cardinality {
  readonly groups: number
  readonly widthPerGroup: number
}

const PLAIN: Cardinality = { groups: 1, widthPerGroup: 64 }

/** 1×1, 3×3 (with the stride) and 1×1 convolutions with a shortcut, for ResNet 50 and deeper, ResNeXt and Wide ResNet. */
export class Bottleneck extends LibraryModule {
  static readonly expansion = 4
  readonly conv1: nn.Conv2d
  readonly bn1: nn.BatchNorm2d
  readonly conv2: nn.Conv2d
  readonly bn2: nn.BatchNorm2d
  readonly conv3: nn.Conv2d
  readonly bn3: nn.BatchNorm2d
  readonly relu = new nn.ReLU({ inplace: true })
  readonly downsample: nn.Sequential | null

  constructor(
    inputs: number,
    planes: number,
    stride = 1,
    downsample: nn.Sequential | null = null,
    { groups, widthPerGroup }: Cardinality = PLAIN,
  ) {
    super()
    const width = Math.floor((planes * widthPerGroup) / 64) * groups
    this.conv1 = conv1x1(inputs, width)
    this.bn1 = new nn.BatchNorm2d(width)
    this.conv2 = conv3x3(width, width, stride, groups)
    this.bn2 = new nn.BatchNorm2d(width)
    this.conv3 = conv1x1(width, planes * Bottleneck.expansion)
    this.bn3 = new nn.BatchNorm2d(planes * Bottleneck.expansion)
    this.downsample = downsample
  }

  override forward(x: Tensor): Tensor {
    const out = pipeline(x, [this.conv1, this.bn1, this.relu, this.conv2, this.bn2, this.relu, this.conv3, this.bn3])
    return this.relu.call(out.add_(this.downsample === null ? x : this.downsample.call(x)))
  }

  override torchScript(): string {
    return nn.forwardSource(
      'out = self.relu.forward(self.bn1.forward(self.conv1.forward(input)))',
      'out = self.relu.forward(self.bn2.forward(self.conv2.forward(out)))',
      'out = self.bn3.forward(self.conv3.forward(out))',
      this.downsample === null ? 'out += input' : 'out += self.downsample.forward(input)',
      'return self.relu.forward(out)',
    )
  }
}

type Block = typeof BasicBlock | typeof Bottleneck

/**
 * A residual network with torchvision's module tree and names: images [N, 3, H, W] to logits [N, numClasses].
 *
 * Layers can be replaced, as in `resnet.fc = new torch.nn.Identity()`.
 *
 * Source: "Deep Residual Learning for Image Recognition" (arXiv 1512.03385), with the stride in the 3×3 convolution; with groups "Aggregated Residual
 * Transformations" (arXiv 1611.05431), with a greater width "Wide Residual Networks" (arXiv 1605.07146).
 */
export class ResNet extends nn.Module {
  conv1: nn.Module
  bn1: nn.Module
  relu: nn.Module = new nn.ReLU({ inplace: true })
  maxpool: nn.Module = new nn.MaxPool2d(3, { stride: 2, padding: 1 })
  layer1: nn.Sequential
  layer2: nn.Sequential
  layer3: nn.Sequential
  layer4: nn.Sequential
  avgpool: nn.Module
  fc: nn.Module

  constructor(block: Block, layers: readonly [number, number, number, number], numClasses = 1000, cardinality: Cardinality = PLAIN) {
    super()
    let inputs = 64
    const stage = (planes: number, count: number, stride: number): nn.Sequential => {
      const outputs = planes * block.expansion
      const shortcut =
        stride !== 1 || inputs !== outputs ? new nn.Sequential(conv1x1(inputs, outputs, stride), new nn.BatchNorm2d(outputs)) : null
      const blocks = [new block(inputs, planes, stride, shortcut, cardinality)]
      inputs = outputs
      for (let i = 1; i < count; i++) blocks.push(new block(inputs, planes, 1, null, cardinality))
      return new nn.Sequential(...blocks)
    }
    this.conv1 = new nn.Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false })
    this.bn1 = new nn.BatchNorm2d(64)
    this.layer1 = stage(64, layers[0], 1)
    this.layer2 = stage(128, layers[1], 2)
    this.layer3 = stage(256, layers[2], 2)
    this.layer4 = stage(512, layers[3], 2)
    this.avgpool = new nn.AdaptiveAvgPool2d([1, 1])
    this.fc = new nn.Linear(512 * block.expansion, numClasses)
    for (const module of this.modules()) {
      if (module instanceof nn.Conv2d) init.kaimingNormal_(module.weight, { mode: 'fanOut', nonlinearity: 'relu' })
    }
  }

  override forward(x: Tensor): Tensor {
    const parts = [this.conv1, this.bn1, this.relu, this.maxpool, this.layer1, this.layer2, this.layer3, this.layer4, this.avgpool]
    return this.fc.call(pipeline(x, parts).flatten(1))
  }

  override torchScript(): string {
    return nn.forwardSource(
      'out = self.maxpool.forward(self.relu.forward(self.bn1.forward(self.conv1.forward(input))))',
      'out = self.layer4.forward(self.layer3.forward(self.layer2.forward(self.layer1.forward(out))))',
      'return self.fc.forward(torch.flatten(self.avgpool.forward(out), 1))',
    )
  }
}

const ARCHITECTURES = {
  resnet18: [BasicBlock, [2, 2, 2, 2], PLAIN],
  resnet34: [BasicBlock, [3, 4, 6, 3], PLAIN],
  resnet50: [Bottleneck, [3, 4, 6, 3], PLAIN],
  resnet101: [Bottleneck, [3, 4, 23, 3], PLAIN],
  resnet152: [Bottleneck, [3, 8, 36, 3], PLAIN],
  resnext50_32x4d: [Bottleneck, [3, 4, 6, 3], { groups: 32, widthPerGroup: 4 }],
  resnext101_32x8d: [Bottleneck, [3, 4, 23, 3], { groups: 32, widthPerGroup: 8 }],
  resnext101_64x4d: [Bottleneck, [3, 4, 23, 3], { groups: 64, widthPerGroup: 4 }],
  wide_resnet50_2: [Bottleneck, [3, 4, 6, 3], { groups: 1, widthPerGroup: 128 }],
  wide_resnet101_2: [Bottleneck, [3, 4, 23, 3], { groups: 1, widthPerGroup: 128 }],
} as const satisfies Record<string, readonly [Block, readonly [number, number, number, number], Cardinality]>

/** The name of an architecture, as torchvision's: `'resnet50'`, `'resnext50_32x4d'`, `'wide_resnet50_2'`. */
export type Architecture = keyof typeof ARCHITECTURES

export const architectures = Object.keys(ARCHITECTURES) as readonly Architecture[]

/** @internal Rejects an unknown architecture name. */
export function checkArchitecture(arch: string): Architecture {
  if (!Object.hasOwn(ARCHITECTURES, arch)) throw new ArgumentError(`unknown architecture '${arch}'${suggestion(arch, architectures)}`)
  return arch as Architecture
}

/** A newly initialised ResNet. */
export function buildResNet(arch: Architecture, numClasses = 1000): ResNet {
  const [block, layers, cardinality] = ARCHITECTURES[checkArchitecture(arch)]
  return new ResNet(block, layers, numClasses, cardinality)
}

/** The blocks of an architecture by name, and what tells them apart: their second convolution's shape, and whether there is a third. */
function blocksOf(arch: Architecture): ReadonlyMap<string, string> {
  const [block, layers, { groups, widthPerGroup }] = ARCHITECTURES[arch]
  const blocks = layers.flatMap((count, stage) => {
    const width = widthPerGroup * 2 ** stage
    return Array.from(
      { length: count },
      (_, i) => [`layer${stage + 1}.${i}`, formOf([width * groups, width, 3, 3], block === Bottleneck)] as const,
    )
  })
  return new Map(blocks)
}

function blocksIn(state: Readonly<Record<string, Tensor>>): ReadonlyMap<string, string> {
  const blocks = new Map<string, string>()
  for (const key of Object.keys(state)) {
    const name = /^layer[1-4]\.\d+(?=\.)/.exec(key)?.[0]
    if (name !== undefined && !blocks.has(name))
      blocks.set(name, formOf(state[`${name}.conv2.weight`]?.shape, `${name}.conv3.weight` in state))
  }
  return blocks
}

function formOf(conv2: readonly number[] | undefined, hasThird: boolean): string {
  return `${conv2?.join() ?? 'none'} ${hasThird}`
}

/** The architecture whose blocks are most like a state dict's. */
function closest(state: Readonly<Record<string, Tensor>>): {
  readonly arch: Architecture
  readonly differing: number
  readonly isNear: boolean
} {
  const found = blocksIn(state)
  const compared = architectures.map((arch) => {
    const own = blocksOf(arch)
    const equal = [...own].filter(([name, form]) => found.get(name) === form).length
    return { arch, differing: own.size + found.size - 2 * equal, isNear: 2 * equal >= own.size }
  })
  return compared.reduce((best, other) => (other.differing < best.differing ? other : best))
}

/**
 * The architecture that has the blocks of a state dict, by names and shapes; null if no ResNet has.
 *
 * @example
 * models.architectureOf(models.resnet18().stateDict()) // 'resnet18'
 */
export function architectureOf(state: Readonly<Record<string, Tensor>>): Architecture | null {
  const { arch, differing } = closest(state)
  return differing === 0 && state['conv1.weight']?.shape.join() === '64,3,7,7' ? arch : null
}

/** @internal The architecture that shares at least half its blocks with a state dict; null if none does. */
export function nearestArchitecture(state: Readonly<Record<string, Tensor>>): Architecture | null {
  const { arch, isNear } = closest(state)
  return isNear ? arch : null
}
