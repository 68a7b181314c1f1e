import { models } from '../vision'
import type { Architecture } from '../vision/models'
import type { LoadedBackbone } from './backbone'

/** torchvision's default number of classes. */
const USUAL_CLASSES = 1000

/** A backbone that was written to a file. */
export type SavedBackbone = Omit<LoadedBackbone, 'isEval'>

/** Two lines of Python that load the file of `saveBackbone`. */
export function pythonLines({ net, arch, keys }: SavedBackbone, path: string): [string, string] {
  const file = JSON.stringify(path)
  if (arch === null) return ['import torch', `model = torch.jit.load(${file})`]
  return torchvisionLines(arch, net, keys.includes('fc.weight'), path)
}

function torchvisionLines(arch: Architecture, net: LoadedBackbone['net'], hasHead: boolean, path: string): [string, string] {
  const classes = net.stateDict()['fc.weight']?.shape[0]
  const make = `torchvision.models.${arch}(${hasHead && classes !== USUAL_CLASSES ? `num_classes=${classes}` : ''})`
  return [
    'import torch, torchvision',
    `model = ${make}; model.load_state_dict(torch.load(${JSON.stringify(path)})${hasHead ? '' : ', strict=False'})`,
  ]
}

/** How a library takes a backbone's file. */
export interface HandOff {
  /** The library, or what is done. */
  readonly title: string
  /** What the lines are, in a few words. */
  readonly kind: string
  readonly lines: readonly string[]
}

/** ImageNet's mean and deviation for pixels in 0…255, as the learner normalises its images. */
const [MEAN, STD] = [[123.675, 116.28, 103.53].join(', '), [58.395, 57.12, 57.375].join(', ')]

/**
 * How to go on in Python: for torch or torchvision, and for a ResNet for segmentation_models.pytorch, mmsegmentation and detectron2.
 *
 * For a TorchScript file the lines first export its state dict, because these libraries load only that. Libraries without the architecture are omitted.
 *
 * @param path - The file of `saveBackbone`.
 */
export function handOffs(saved: SavedBackbone, path: string): HandOff[] {
  const { net, arch } = saved
  const state = net.stateDict()
  const loading = { title: arch === null ? 'torch' : 'torchvision', kind: 'Python', lines: pythonLines(saved, path) }
  if (arch !== null) return [loading, ...inLibraries(arch, path)]
  const exported = `${path.replace(/\.[^./\\]*$/, '')}.state-dict.pth`
  const exporting = {
    title: 'a state dict',
    kind: 'on the command line',
    lines: [`npx pixelcl export ${quoted(path)} --to state-dict --out ${quoted(exported)}`],
  }
  const found = state['conv1.weight']?.shape[1] === 3 ? models.architectureOf(state) : null
  if (found === null) {
    const own = [`import torch`, `model.load_state_dict(torch.load(${JSON.stringify(exported)}))  # model: the network that was exported`]
    return [loading, exporting, { title: 'your own network', kind: 'Python, with the state dict', lines: own }]
  }
  const torchvision = torchvisionLines(found, net, 'fc.weight' in state, exported)
  return [
    loading,
    exporting,
    { title: 'torchvision', kind: 'Python, with the state dict', lines: torchvision },
    ...inLibraries(found, exported),
  ]
}

/** Groups and width of the residual blocks, where they are not a ResNet's. */
const BLOCKS: Readonly<Partial<Record<Architecture, { readonly groups: number; readonly width: number }>>> = {
  resnext50_32x4d: { groups: 32, width: 4 },
  resnext101_32x8d: { groups: 32, width: 8 },
  resnext101_64x4d: { groups: 64, width: 4 },
  wide_resnet50_2: { groups: 1, width: 128 },
  wide_resnet101_2: { groups: 1, width: 128 },
}

/** Architectures that segmentation_models.pytorch has encoders for, by the same names. */
const ENCODERS: readonly Architecture[] = [
  'resnet18',
  'resnet34',
  'resnet50',
  'resnet101',
  'resnet152',
  'resnext50_32x4d',
  'resnext101_32x8d',
]

function inLibraries(arch: Architecture, path: string): HandOff[] {
  const depth = Number(/\d+/.exec(arch)![0])
  return [...segmentationModels(arch, path), ...mmsegmentation(arch, depth, path), ...detectron2(arch, depth, path)]
}

/** @see https://smp.readthedocs.io/en/latest/encoders.html */
function segmentationModels(arch: Architecture, path: string): HandOff[] {
  if (!ENCODERS.includes(arch)) return []
  const lines = [
    'import segmentation_models_pytorch as smp, torch',
    `model = smp.Unet('${arch}', encoder_weights=None, classes=2)  # your number of classes`,
    `model.encoder.load_state_dict(torch.load(${JSON.stringify(path)}))`,
  ]
  return [{ title: 'segmentation_models.pytorch', kind: 'Python', lines }]
}

/** @see https://mmsegmentation.readthedocs.io/en/latest/advanced_guides/models.html */
function mmsegmentation(arch: Architecture, depth: number, path: string): HandOff[] {
  const block = BLOCKS[arch]
  // Its blocks have groups and widths only as a ResNeXt.
  if (block?.groups === 1) return []
  const type =
    block === undefined
      ? `type='ResNet', depth=${depth},`
      : `type='ResNeXt', depth=${depth}, groups=${block.groups}, base_width=${block.width},`
  const lines = [
    'model = dict(',
    '    pretrained=None,',
    '    backbone=dict(',
    `        ${type}`,
    `        init_cfg=dict(type='Pretrained', checkpoint=${JSON.stringify(path)})))`,
  ]
  return [{ title: 'mmsegmentation', kind: 'in the configuration, over ResNetV1c of its models', lines }]
}

/** @see https://github.com/facebookresearch/detectron2/blob/main/tools/convert-torchvision-to-d2.py */
function detectron2(arch: Architecture, depth: number, path: string): HandOff[] {
  const block = BLOCKS[arch]
  const converted = `${path.replace(/\.[^./\\]*$/, '')}.detectron2.pkl`
  const python = [
    'import pickle, torch',
    "names = {f'layer{i}': f'res{i + 1}' for i in (1, 2, 3, 4)} | {f'bn{i}': f'conv{i}.norm' for i in (1, 2, 3)}",
    "names |= {'downsample.0': 'shortcut', 'downsample.1': 'shortcut.norm'}",
    'def renamed(key):',
    "    stem = '' if key.startswith('layer') else 'stem.'",
    '    for old, new in names.items(): key = key.replace(old, new)',
    '    return stem + key',
    `state = torch.load(${JSON.stringify(path)})`,
    "weights = {renamed(key): value.numpy() for key, value in state.items() if not key.startswith('fc.')}",
    `with open(${JSON.stringify(converted)}, 'wb') as file:`,
    "    pickle.dump({'model': weights, '__author__': 'pixelcl', 'matching_heuristics': True}, file)",
  ]
  const shape =
    block !== undefined
      ? [`    NUM_GROUPS: ${block.groups}`, `    WIDTH_PER_GROUP: ${block.width}`]
      : depth < 50
        ? ['    RES2_OUT_CHANNELS: 64']
        : []
  // Self-supervised features are usually fine-tuned whole, with batch norms that learn.
  const config = [
    'MODEL:',
    `  WEIGHTS: ${JSON.stringify(converted)}`,
    `  PIXEL_MEAN: [${MEAN}]`,
    `  PIXEL_STD: [${STD}]`,
    '  BACKBONE:',
    '    FREEZE_AT: 0',
    '  RESNETS:',
    `    DEPTH: ${depth}`,
    '    NORM: "SyncBN"',
    '    STRIDE_IN_1X1: False',
    ...shape,
    'INPUT:',
    '  FORMAT: "RGB"',
  ]
  return [
    { title: 'detectron2', kind: 'Python, which writes a file with its names', lines: python },
    { title: 'detectron2', kind: 'in the configuration', lines: config },
  ]
}

/** A path as a word of a shell. */
function quoted(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
}
