import { beforeAll, describe, expect, test } from '@jest/globals'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as torch from '../../src/torch'
import { models } from '../../src/vision'
import { temporary } from '../support/files'
import { growthOf } from '../support/growth'
import { runPython } from '../support/python'
import { withResNet } from '../vision/models/python-resnet'

interface Case {
  /** Python: what is saved, of ResNets `a`, `b`, … that are told apart by their numbers. */
  readonly saves: string
  /** The ResNet that is taken, by its letter; or the error. */
  readonly takes: string | RegExp
  /** Parts of the two messages. */
  readonly says?: readonly string[]
  readonly arch?: models.Architecture
  readonly prefix?: string
}

const MOCO = `{'epoch': 200, 'arch': 'resnet18', 'state_dict': {
  **under('module.encoder_q.', {**a, 'fc.weight': t(128, 512), 'fc.bias': t(128)}),
  **under('module.encoder_k.', {**b, 'fc.weight': t(128, 512), 'fc.bias': t(128)}),
  'module.queue': t(128, 8), 'module.queue_ptr': t(1)}}`
const DINO = `{'student': {**under('module.backbone.', a), 'module.head.mlp.0.weight': t(4, 4)},
  'teacher': {**under('backbone.', b), 'head.mlp.0.weight': t(4, 4)}, 'epoch': 3, 'dino_loss': {'center': t(1, 4)}}`

const cases: Readonly<Record<string, Case>> = {
  'PixPro of its authors': {
    saves: `{'opt': argparse.Namespace(lr=1), 'model': {**under('module.encoder.', a), **under('module.encoder_k.', b), 'module.projector.linear1.weight': t(4, 4)}}`,
    takes: 'a',
    says: [
      "is a checkpoint: its weights are taken from 'model'",
      "the resnet18 under 'module.encoder.' is taken",
      'left out are module.encoder_k, module.projector',
      "'model.module.encoder_k' is a resnet18, too, a moving average of this one: the prefix 'model.module.encoder_k' takes it",
    ],
  },
  'MoCo, whose fc is its projection': {
    saves: MOCO,
    takes: 'a',
    says: [
      "taken from 'state_dict'",
      "the resnet18 under 'module.encoder_q.' is taken",
      'left out are module.encoder_k, module.queue, module.queue_ptr, module.encoder_q.fc',
      "the prefix 'state_dict.module.encoder_k' takes it",
    ],
  },
  'MoCo’s other encoder, by a prefix': { saves: MOCO, prefix: 'module.encoder_k', takes: 'b' },
  'MoCo’s other encoder, by its whole place': { saves: MOCO, prefix: 'state_dict.module.encoder_k.', takes: 'b' },
  'MoCo, by a prefix that is none': {
    saves: MOCO,
    prefix: 'encoder',
    takes:
      /has no ResNet under the prefix 'encoder': it has 'state_dict\.module\.encoder_q' \(resnet18\), 'state_dict\.module\.encoder_k' \(resnet18\)$/,
  },
  'MoCo v3, with a perceptron for fc': {
    saves: `{'state_dict': {**under('module.base_encoder.', {**a, 'fc.0.weight': t(4, 512), 'fc.1.weight': t(4)}), **under('module.momentum_encoder.', b), 'module.predictor.0.weight': t(4, 4)}}`,
    takes: 'a',
    says: [
      "'state_dict'",
      "'module.base_encoder.'",
      'left out are module.base_encoder.fc, module.momentum_encoder, module.predictor',
      'prefix',
    ],
  },
  'DINO, the teacher': {
    saves: DINO,
    takes: 'b',
    says: [
      "taken from 'teacher'",
      "the resnet18 under 'backbone.' is taken",
      'left out are head',
      "'student.module.backbone' is a resnet18, too, the student, and DINO is evaluated by its teacher",
    ],
  },
  'DINO, the student': { saves: DINO, prefix: 'student', takes: 'a' },
  'BYOL, which holds its network twice': {
    saves: `{**under('net.', a), **under('online_encoder.net.', a), **under('target_encoder.net.', b), 'online_predictor.net.0.weight': t(4, 4)}`,
    takes: 'a',
    says: ["under 'net.' is taken", 'left out are online_encoder, target_encoder, online_predictor', "'target_encoder.net'"],
  },
  Lightning: {
    saves: `{'epoch': 1, 'state_dict': under('model.', {**a, **fc}), 'hyper_parameters': {'lr': 1}}`,
    takes: 'a',
    says: ["'state_dict'", "under 'model.' is taken"],
  },
  'lightly, positions in a Sequential': {
    saves: `{'state_dict': {**under('backbone.', sequential(a)), **under('backbone_momentum.', sequential(b)), 'projection_head.layers.0.weight': t(4, 4)}}`,
    takes: 'a',
    says: [
      "'state_dict'",
      "under 'backbone.' is taken",
      'positions in a Sequential',
      'left out are backbone_momentum, projection_head',
      'prefix',
    ],
  },
  'a Sequential at the top': { saves: 'sequential(a)', takes: 'a', says: ['positions in a Sequential'] },
  'mmselfsup with a momentum encoder': {
    saves: `{'meta': {}, 'state_dict': {**under('backbone.', a), 'neck.mlp.0.weight': t(4, 4), **under('encoder_q.0.', a), **under('encoder_k.module.0.', b), 'queue': t(4, 4)}}`,
    takes: 'a',
    says: [
      "'state_dict'",
      "under 'backbone.' is taken",
      'left out are neck, encoder_q, encoder_k, queue',
      "'state_dict.encoder_k.module.0'",
    ],
  },
  'mmpretrain, a classifier with another head': {
    saves: `{'state_dict': {**under('backbone.', a), 'head.fc.weight': t(4, 512), 'head.fc.bias': t(4)}}`,
    takes: 'a',
    says: ["'state_dict'", "under 'backbone.' is taken", 'left out are head'],
  },
  SimSiam: {
    saves: `{'state_dict': {**under('module.encoder.', {**a, 'fc.0.weight': t(4, 512), 'fc.6.bias': t(4)}), 'module.predictor.0.weight': t(4, 4)}}`,
    takes: 'a',
    says: ["'state_dict'", "under 'module.encoder.' is taken", 'left out are module.encoder.fc, module.predictor'],
  },
  'SwAV, with its heads beside the layers': {
    saves: `{**under('module.', a), 'module.projection_head.0.weight': t(4, 4), 'module.prototypes.weight': t(4, 4)}`,
    takes: 'a',
    says: ["the prefix 'module.' of a wrapped model is taken off", 'left out are module.projection_head, module.prototypes'],
  },
  'VICReg and Barlow Twins': {
    saves: `{'model': {**under('module.backbone.', a), 'module.projector.0.weight': t(4, 4)}, 'optimizer': {'state': {}, 'param_groups': []}}`,
    takes: 'a',
    says: ["'model'", "under 'module.backbone.' is taken", 'left out are module.projector'],
  },
  'timm, with an average': {
    saves: `{'arch': 'resnet18', 'state_dict': {**a, **fc}, 'state_dict_ema': {**b, **fc}}`,
    takes: 'a',
    says: ["taken from 'state_dict'", "'state_dict_ema' is a resnet18, too, a moving average"],
  },
  'an average of timm': { saves: `{'state_dict': {**a, **fc}, 'state_dict_ema': {**b, **fc}}`, prefix: 'state_dict_ema', takes: 'b' },
  'solo-learn': {
    saves: `{'state_dict': {**under('backbone.', a), **under('momentum_backbone.', b), 'classifier.weight': t(4, 4)}}`,
    takes: 'a',
  },
  VISSL: {
    saves: `{'classy_state_dict': {'base_model': {'model': {'trunk': under('_feature_blocks.', a), 'heads': {'0.clf.weight': t(4, 4)}}, 'meta': {}}}, 'phase_idx': 1}`,
    takes: 'a',
    says: ["taken from 'classy_state_dict.base_model.model.trunk'", "under '_feature_blocks.' is taken"],
  },
  detectron2: {
    saves: `{'model': {**under('backbone.bottom_up.', detectron2(a)), 'backbone.fpn_lateral2.weight': t(4, 4), 'proposal_generator.rpn_head.conv.weight': t(4, 4)}, 'iteration': 9}`,
    takes: 'a',
    says: ["'model'", "under 'backbone.bottom_up.'", 'STRIDE_IN_1X1', 'left out are backbone.fpn_lateral2, proposal_generator'],
  },
  'detectron2 of numpy arrays': {
    saves: `{'model': {n: v.contiguous().numpy() if v.dim() < 2 else v for n, v in detectron2(a).items()}, '__author__': 'x'}`,
    takes: 'a',
  },
  'Hugging Face transformers': {
    saves: `{**under('resnet.', transformers(a)), 'classifier.1.weight': t(4, 512), 'classifier.1.bias': t(4)}`,
    takes: 'a',
    says: ["under 'resnet.' is taken", 'Hugging Face', 'left out are classifier'],
  },
  'an averaged model of torch': { saves: `{'n_averaged': t(1), **under('module.', {**a, **fc})}`, takes: 'a', says: ["prefix 'module.'"] },
  'a compiled model in DataParallel': {
    saves: `{'model': under('module._orig_mod.', {**a, **fc}), 'note': 'x'}`,
    takes: 'a',
    says: ["'model'", "prefix 'module.'", "prefix '_orig_mod.'"],
  },
  'a plain state': { saves: '{**a, **fc}', takes: 'a', says: [] },
  'a moving average alone': {
    saves: `{**under('encoder_k.', b), 'queue': t(4, 4)}`,
    takes: 'b',
    says: ["'encoder_k.'", 'left out are queue'],
  },
  'two that are no averages of each other': {
    saves: `{'first': a, 'second': b}`,
    takes: /has several ResNets, 'first' \(resnet18\), 'second' \(resnet18\): choose one by the option prefix$/,
  },
  'a teacher of another architecture': {
    saves: `{'student': a, 'teacher': deep}`,
    takes: /has several ResNets, 'student' \(resnet18\), 'teacher' \(resnet34\)/,
  },
  'a teacher of another architecture than is asked for': { saves: `{'student': a, 'teacher': deep}`, arch: 'resnet18', takes: 'a' },
  'another architecture alone': { saves: `{'teacher': deep}`, arch: 'resnet18', takes: 'deep', says: [] },
  'layers that no ResNet has': { saves: `{'model': {**a, 'layer1.0.se.fc1.weight': t(4, 64)}}`, takes: 'a', says: ["'model'"] },
  'no ResNet': { saves: `{'model': {'module.weight': t(2)}}`, takes: 'none', says: ["'model'", "prefix 'module.'"] },
  'no ResNet, by a prefix': { saves: `{'weight': t(2)}`, prefix: 'x', takes: /has no ResNet under the prefix 'x': it has none at all$/ },
  'a checkpoint that holds itself': { saves: `(lambda c: (c.update(again=c), c)[1])({'model': under('encoder.', a)})`, takes: 'a' },
}

/** What a reader answers: every tensor by its first number and its shape. */
interface Answer {
  readonly arch: string | null
  readonly state: Record<string, readonly [number, readonly number[]]> | null
  readonly said: readonly string[]
  readonly error: string | null
}

let folder: string
let theirs: Record<string, Answer>
const fileOf = (name: string) => join(folder, `${Object.keys(cases).indexOf(name)}.pth`)

beforeAll(async () => {
  folder = temporary('checkpoints')
  mkdirSync(folder)
  theirs = await runPython<Record<string, Answer>>(
    `${withResNet}
import argparse, os, subtree
from checkpoint import Unreadable

def numbered(arch, start):
    with torch.device('meta'):
        state = resnet.build(arch).state_dict()
    # One number, however large the shape: the file is small.
    return {n: torch.tensor(float(start + i)).expand(v.shape) for i, (n, v) in enumerate(state.items()) if not n.startswith('fc.')}

def t(*shape):
    return torch.zeros(()).expand(shape)

def under(prefix, state):
    return {prefix + n: v for n, v in state.items()}

POSITIONS = {'conv1': 0, 'bn1': 1, 'layer1': 4, 'layer2': 5, 'layer3': 6, 'layer4': 7}
def sequential(state):
    return {'.'.join([str(POSITIONS[n.split('.')[0]]), *n.split('.')[1:]]): v for n, v in state.items()}

def detectron2(state):
    named = {}
    for n, v in state.items():
        if n.endswith('num_batches_tracked'):
            continue
        n = n if n.startswith('layer') else 'stem.' + n
        for stage in '1234':
            n = n.replace(f'layer{stage}', f'res{int(stage) + 1}')
            n = n.replace(f'bn{stage}', f'conv{stage}.norm')
        named[n.replace('downsample.0', 'shortcut').replace('downsample.1', 'shortcut.norm')] = v
    return named

def transformers(state):
    named = {}
    for n, v in state.items():
        first, *rest = n.split('.')
        kinds = {'conv': 'convolution', 'bn': 'normalization'}
        if not first.startswith('layer'):
            named[f'embedder.embedder.{kinds[first[:-1]]}.{rest[-1]}'] = v
        elif rest[1] == 'downsample':
            named[f"encoder.stages.{int(first[-1]) - 1}.layers.{rest[0]}.shortcut.{'convolution' if rest[2] == '0' else 'normalization'}.{rest[-1]}"] = v
        else:
            named[f'encoder.stages.{int(first[-1]) - 1}.layers.{rest[0]}.layer.{int(rest[1][-1]) - 1}.{kinds[rest[1][:-1]]}.{rest[-1]}'] = v
    return named

a, b, deep = numbered('resnet18', 1000), numbered('resnet18', 2000), numbered('resnet34', 3000)
fc = {'fc.weight': t(7, 512), 'fc.bias': t(7)}
outputs = {}
for i, (name, case) in enumerate(inputs['cases'].items()):
    path = os.path.join(inputs['folder'], f'{i}.pth')
    torch.save(eval(case['saves'].replace('\\n', ' ')), path)
    said, arch, state, error = [], None, None, None
    try:
        arch, state = subtree.read_resnet(path, said.append, case.get('arch'), case.get('prefix'))
        state = {n: [v.flatten()[0].item(), list(v.shape)] for n, v in state.items()}
    except Unreadable as failure:
        error = str(failure)
    outputs[name] = {'arch': arch, 'state': state, 'said': said, 'error': error}
`,
    { folder, cases },
  )
})

function ours(name: string): Answer {
  const { arch, prefix } = cases[name]!
  const said: string[] = []
  try {
    const found = models.readResNet(fileOf(name), { arch, prefix, say: (message) => said.push(message) })
    const state = Object.fromEntries(
      Object.entries(found.state).map(([key, value]) => [key, [value.flatten().select(0, 0).item<number>(), value.shape] as const]),
    )
    return { arch: found.arch, state, said, error: null }
  } catch (error) {
    return { arch: null, state: null, said, error: (error as Error).message }
  }
}

describe('models/subtree.py and readResNet take the same network of', () => {
  test.each(Object.entries(cases))('%s', (name, { takes, says }) => {
    const answer = ours(name)
    expect(answer).toEqual(theirs[name])
    if (typeof takes !== 'string') {
      expect(answer.error).toMatch(takes)
      return
    }
    expect(answer.error).toBeNull()
    if (takes === 'none') expect(answer.arch).toBeNull()
    else expect(answer.state!['conv1.weight']).toEqual([{ a: 1000, b: 2000, deep: 3000 }[takes], [64, 3, 7, 7]])
    if (says === undefined) return
    expect(answer.said.length).toBeLessThanOrEqual(2)
    if (says.length === 0) expect(answer.said).toEqual([])
    for (const part of says) expect(answer.said.join('\n')).toContain(part)
  })
})

describe('a network of the table', () => {
  const quiet = { say: () => undefined }

  test('has all the tensors of its architecture, in their order', () => {
    const names = Object.keys(models.resnet18().stateDict()).filter((key) => !key.startsWith('fc.'))
    for (const name of ['MoCo, whose fc is its projection', 'lightly, positions in a Sequential', 'Hugging Face transformers'])
      expect(Object.keys(models.readResNet(fileOf(name), quiet).state)).toEqual(names)
  })

  test('is loaded into a model, whose classifier stays, or is refused for layers that no ResNet has', () => {
    const warned: string[] = []
    const listen = process.emitWarning
    process.emitWarning = (message) => void warned.push(String(message))
    try {
      const net = models.resnet18({ weights: fileOf('PixPro of its authors') })
      expect(net.stateDict()['conv1.weight']!.eq(1000).all().item()).toBe(true)
      expect(warned.at(-1)).toMatch(/has no classifier 'fc': the network's is newly initialised/)
      const other = models.resnet18({ weights: fileOf('PixPro of its authors'), prefix: 'encoder_k' })
      expect(other.stateDict()['conv1.weight']!.eq(2000).all().item()).toBe(true)
      expect(() => models.resnet18({ weights: fileOf('layers that no ResNet has') })).toThrow(/unexpected: layer1\.0\.se\.fc1\.weight/)
      expect(() => models.resnet18({ weights: fileOf('another architecture alone') })).toThrow(/it holds the weights of a resnet34/)
      expect(() => models.resnet34({ weights: fileOf('MoCo, whose fc is its projection') })).toThrow(/it holds the weights of a resnet18/)
      expect(models.resnet18({ weights: fileOf('Lightning'), numClasses: 7 }).stateDict()['fc.bias']!.shape).toEqual([7])
      const state = torch.load<{ model: Record<string, torch.Tensor> }>(fileOf('VICReg and Barlow Twins')).model
      expect(models.resnet18({ weights: state }).stateDict()['conv1.weight']!.eq(1000).all().item()).toBe(true)
    } finally {
      process.emitWarning = listen
    }
  })

  test('is chosen by a text that goes with weights', () => {
    expect(() => models.resnet18({ prefix: 'x' })).toThrow(/prefix chooses a ResNet in weights/)
    expect(() => models.resnet18({ weights: fileOf('Lightning'), prefix: 3 as never })).toThrow(
      /expected a text, and weights, but received 3/,
    )
  })
})

test('many networks that are no ResNet take time in proportion to their number', () => {
  const one = torch.zeros([1])
  const look = (count: number) => {
    const path = temporary(`many-${count}.pth`)
    if (!existsSync(path))
      torch.save(Object.fromEntries(Array.from({ length: count }, (_, i) => [`e${i}.layer1.0.conv1.weight`, one])), path)
    expect(models.readResNet(path, { say: () => undefined }).arch).toBeNull()
  }
  expect(growthOf(look, 500)).toBeLessThan(3)
})
