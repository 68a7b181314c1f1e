import { beforeAll, describe, expect, test } from '@jest/globals'
import { join } from 'node:path'
import * as torch from '../../src/torch'
import { models } from '../../src/vision'
import { loadBackbone, saveBackbone, type LoadedBackbone } from '../../src/training/backbone'
import { handOffs, type HandOff } from '../../src/training/python-lines'
import { runPython } from '../support/python'
import { temporary } from '../support/files'

const small = join(__dirname, '..', '..', 'models', 'small.pt')

/** The code for a library, all its parts one after the other. */
function linesFor(given: readonly HandOff[], title: string, kind = ''): string {
  const parts = given.filter((handOff) => handOff.title === title && handOff.kind.includes(kind))
  return parts.flatMap(({ lines }) => lines).join('\n')
}

const titles = (given: readonly HandOff[]) => [...new Set(given.map(({ title }) => title))]

/** A backbone of this architecture without its weights. */
function named(arch: LoadedBackbone['arch'] & string): LoadedBackbone {
  return { net: models.resnet18(), arch, keys: ['fc.weight'], isEval: false }
}

describe('the lines for a state dict', () => {
  const file = temporary("re's net.pt")
  let given: HandOff[]
  beforeAll(() => {
    const read = temporary('state.pt')
    torch.save(models.resnet18({ numClasses: 4 }).stateDict(), read)
    const saved = loadBackbone(read)
    saveBackbone(saved, file)
    given = handOffs(saved, file)
  })

  test('are of four libraries', () => {
    expect(titles(given)).toEqual(['torchvision', 'segmentation_models.pytorch', 'mmsegmentation', 'detectron2'])
  })

  test('write for detectron2 the names that it has', async () => {
    const code = `${linesFor(given, 'detectron2', 'Python')}
with open(${JSON.stringify(file.replace(/pt$/, 'detectron2.pkl'))}, 'rb') as opened: written = pickle.load(opened)
outputs = {
  'same': torch.tensor(bool((torch.from_numpy(written['model']['res3.0.conv2.weight']) == state['layer2.0.conv2.weight']).all())),
  'heuristics': torch.tensor(written['matching_heuristics']),
  'names': torch.tensor(list(', '.join(sorted(written['model'])).encode()))}`
    const { same, heuristics, names } = await runPython(code, {})
    expect([same!.item(), heuristics!.item()]).toEqual([true, true])
    const found = String.fromCharCode(...(names!.tolist() as number[])).split(', ')
    const norm = (name: string) =>
      ['bias', 'num_batches_tracked', 'running_mean', 'running_var', 'weight'].map((end) => `${name}.norm.${end}`)
    expect(found.filter((name) => /^(stem|res3\.0)\./.test(name))).toEqual(
      [...['res3.0.conv1', 'res3.0.conv2', 'res3.0.shortcut', 'stem.conv1'].flatMap((name) => [`${name}.weight`, ...norm(name)])].sort(),
    )
    expect(new Set(found.map((name) => name.split('.')[0]))).toEqual(new Set(['res2', 'res3', 'res4', 'res5', 'stem']))
  })

  test('name the architecture as each library does', () => {
    expect(linesFor(given, 'torchvision')).toContain(
      `torchvision.models.resnet18(num_classes=4); model.load_state_dict(torch.load(${JSON.stringify(file)}))`,
    )
    const config = linesFor(given, 'detectron2', 'configuration')
    expect(config).toMatch(/^MODEL:\n {2}WEIGHTS: ".*net\.detectron2\.pkl"\n {2}PIXEL_MEAN: \[123\.675, 116\.28, 103\.53\]/)
    expect(config).toContain(
      '    DEPTH: 18\n    NORM: "SyncBN"\n    STRIDE_IN_1X1: False\n    RES2_OUT_CHANNELS: 64\nINPUT:\n  FORMAT: "RGB"',
    )
    expect(linesFor(given, 'mmsegmentation')).toContain("type='ResNet', depth=18,\n")
    expect(linesFor(given, 'segmentation_models.pytorch')).toContain("smp.Unet('resnet18', encoder_weights=None")
    const resnext = handOffs(named('resnext101_32x8d'), 'a.pt')
    expect(linesFor(resnext, 'mmsegmentation')).toContain("type='ResNeXt', depth=101, groups=32, base_width=8,")
    expect(linesFor(resnext, 'detectron2', 'configuration')).toContain(
      'DEPTH: 101\n    NORM: "SyncBN"\n    STRIDE_IN_1X1: False\n    NUM_GROUPS: 32\n    WIDTH_PER_GROUP: 8\n',
    )
    expect(titles(handOffs(named('wide_resnet50_2'), 'a.pt'))).toEqual(['torchvision', 'detectron2'])
    expect(linesFor(handOffs(named('resnet50'), 'a.pt'), 'detectron2', 'configuration')).not.toContain('RES2_OUT_CHANNELS')
  })
})

describe('the lines for TorchScript', () => {
  test('of a ResNet go by a state dict, which is exported first', () => {
    const file = temporary('scripted.pt')
    torch.save(models.resnet18({ numClasses: 4 }), file)
    const given = handOffs({ net: torch.jit.load(file), arch: null, keys: [] }, file)
    expect(titles(given)).toEqual(['torch', 'a state dict', 'torchvision', 'segmentation_models.pytorch', 'mmsegmentation', 'detectron2'])
    expect(linesFor(given, 'a state dict')).toBe(`npx pixelcl export ${file} --to state-dict --out ${temporary('scripted.state-dict.pth')}`)
    expect(linesFor(given, 'torchvision')).toContain(
      `torchvision.models.resnet18(num_classes=4); model.load_state_dict(torch.load(${JSON.stringify(temporary('scripted.state-dict.pth'))}))`,
    )
  })

  test('of another network are its own', () => {
    const given = handOffs({ net: torch.jit.load(small), arch: null, keys: [] }, "it's/net.pt")
    expect(titles(given)).toEqual(['torch', 'a state dict', 'your own network'])
    expect(linesFor(given, 'a state dict')).toBe(
      String.raw`npx pixelcl export 'it'\''s/net.pt' --to state-dict --out 'it'\''s/net.state-dict.pth'`,
    )
  })
})
