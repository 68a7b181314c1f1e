import { beforeAll, describe, expect, test } from '@jest/globals'
import { existsSync, readFileSync } from 'node:fs'
import * as torch from '../../src/torch'
import { models } from '../../src/vision'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'
import { temporary } from '../support/files'
import { backbone, images, pixelcl, tiny } from './pixelcl'

/** Python's outputs of a network in eval mode, whose file is loaded by `load`. */
async function pythonOutput(load: string, path: string, x: torch.Tensor): Promise<torch.Tensor> {
  const code = `
import sys
sys.path.insert(0, ${JSON.stringify(`${__dirname}/../../models`)})
import json
from resnet import resnet18

def load_file(path):
    data = open(path, 'rb').read()
    start = 8 + int.from_bytes(data[:8], 'little')
    header = json.loads(data[8:start])
    header.pop('__metadata__', None)
    dtypes = {'F32': torch.float32, 'I64': torch.int64}
    def tensor(entry):
        begin, end = entry['data_offsets']
        return torch.frombuffer(bytearray(data[start + begin:start + end]), dtype=dtypes[entry['dtype']]).reshape(entry['shape'])
    return {name: tensor(entry) for name, entry in header.items()}

path = inputs['path']
${load}
with torch.no_grad():
    outputs = {'y': model.eval()(inputs['x'])}`
  return (await runPython(code, { path, x }))['y']!
}

const LOAD = {
  torchscript: 'model = torch.jit.load(path)',
  'state-dict': 'model = resnet18(); model.load_state_dict(torch.load(path))',
  safetensors: 'model = resnet18(); model.load_state_dict(load_file(path))',
}

describe('a ResNet that was pretrained from its name', () => {
  const run = temporary('run')
  const improved = `${run}/improved-resnet.pt`
  const x = torch.rand([2, 3, 64, 64])
  let expected: torch.Tensor

  beforeAll(async () => {
    const data = await images(temporary('images'))
    const args = ['pretrain', '--backbone', 'resnet18', '--data', data, '--out', run, '--steps', '2', ...tiny, '--batch-size', '2']
    const { code, stdout, stderr } = await pixelcl(args)
    expectWith(code, stderr).toBe(0)
    expect(stderr).toMatch(
      /^resnet18 begins with random weights, from seed 0, .* with --backbone resnet18:DEFAULT it begins with torchvision's/m,
    )
    expect(stdout).toContain(`model = torchvision.models.resnet18(); model.load_state_dict(torch.load("${improved}"))`)
    const net = models.resnet18({ weights: improved }).eval()
    expected = torch.noGrad(() => net.call(x))
  })

  test('is a state dict that Python loads strictly, with equal output', async () => {
    expect(await pythonOutput(LOAD['state-dict'], improved, x)).toBeAllclose(expected, { rtol: 1e-5, atol: 1e-5 })
  })

  test.each(['torchscript', 'state-dict', 'safetensors'] as const)(
    'is exported as %s, which Python runs with equal output',
    async (format) => {
      const out = temporary(`exported-${format}`)
      const { code, stdout, stderr } = await pixelcl(['export', improved, '--to', format, '--out', out, '--json'])
      expectWith(code, stderr).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ input: improved, out, format, arch: 'resnet18', tensors: 122 })
      expect(await pythonOutput(LOAD[format], out, x)).toBeAllclose(expected, { rtol: 1e-5, atol: 1e-5 })
    },
  )

  test('is unchanged by a conversion to TorchScript and back', async () => {
    const [script, back] = [temporary('script.pt'), temporary('back.safetensors')]
    expect((await pixelcl(['export', improved, '--to', 'torchscript', '--out', script])).code).toBe(0)
    expect((await pixelcl(['export', script, '--out', back])).code).toBe(0)
    const [before, after] = [torch.loadStateDictFile(improved), torch.safetensors.load(back)]
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort())
    for (const [name, tensor] of Object.entries(before)) expectWith(torch.equal(tensor, after[name]!), name).toBe(true)
  })
})

describe('a TorchScript backbone', () => {
  test('becomes a state dict, in the format that the name of the file tells', async () => {
    const out = temporary('small.pth')
    const { code, stdout } = await pixelcl(['export', backbone, '--out', out])
    expect(code).toBe(0)
    expect(stdout).toContain(`model.load_state_dict(torch.load("${out}"))`)
    const { equal } = await runPython<{ equal: boolean }>(
      `script, state = torch.jit.load(inputs['script']).state_dict(), torch.load(inputs['state'])
outputs = {'equal': list(script) == list(state) and all(torch.equal(script[name], state[name]) for name in script)}`,
      { script: backbone, state: out },
    )
    expect(equal).toBe(true)
  })
})

describe('a checkpoint', () => {
  test('is seen through, saying so', async () => {
    const state = Object.fromEntries(
      Object.entries(models.resnet18({ numClasses: 3 }).stateDict()).map(([name, tensor]) => [`module.${name}`, tensor]),
    )
    torch.save({ state_dict: state, epoch: 3 }, temporary('checkpoint.pth'))
    const { code, stderr } = await pixelcl(['export', temporary('checkpoint.pth'), '--to', 'torchscript', '--out', temporary('seen.pt')])
    expectWith(code, stderr).toBe(0)
    expect(stderr).toContain("is a checkpoint: its weights are taken from 'state_dict'")
    expect(stderr).toContain("the prefix 'module.' of a wrapped model is taken off every name")
    expect(torch.jit.load(temporary('seen.pt')).training).toBe(false)
  })

  test('of a learner gives its ResNet, as pretrain takes it', async () => {
    const state = models.resnet18({ numClasses: 3 }).stateDict()
    const of = (prefix: string) => Object.entries(state).map(([name, tensor]) => [`module.${prefix}.${name}`, tensor])
    torch.save({ state_dict: Object.fromEntries([...of('encoder_q'), ...of('encoder_k')]) }, temporary('moco.pth'))
    const { code, stdout, stderr } = await pixelcl(['export', temporary('moco.pth'), '--out', temporary('encoder.safetensors')])
    expectWith(code, stderr).toBe(0)
    expect(stderr).toContain('encoder_q')
    expect(stdout).toContain('safetensors of a resnet18, 120 tensors')
    // MoCo's fc is the learner's own head.
    const names = Object.keys(state).filter((name) => !name.startsWith('fc.'))
    expect(Object.keys(torch.safetensors.load(temporary('encoder.safetensors'))).sort()).toEqual(names.sort())
  })
})

describe('export-backbone', () => {
  test('writes a ResNet as TorchScript in training mode, of random weights from a seed, which Python loads', async () => {
    const out = temporary('random18.pt')
    const { code, stdout, stderr } = await pixelcl(['export-backbone', 'resnet18', '--seed', '4', '--num-classes', '5', '--out', out])
    expectWith(code, stderr).toBe(0)
    expect(stderr).toBe("resnet18 gets random weights, from seed 4; --weights DEFAULT gives it torchvision's\n")
    expect(stdout).toContain('TorchScript of a resnet18, 122 tensors')
    expect(stdout).toContain(`model = torch.jit.load("${out}")`)
    torch.manualSeed(4)
    const native = models.resnet18({ numClasses: 5 })
    const x = torch.rand([2, 3, 64, 64])
    const load = `model = torch.jit.load(path); assert model.training; names = [n for n, _ in model.named_parameters()]; assert names[0] == 'conv1.weight'`
    expect(await pythonOutput(load, out, x)).toBeAllclose(
      torch.noGrad(() => native.eval().call(x)),
      { rtol: 1e-5, atol: 1e-5 },
    )
  })

  test('takes weights from a checkpoint, with their number of classes', async () => {
    const state = Object.entries(models.resnet18({ numClasses: 3 }).stateDict()).map(([name, tensor]) => [`model.${name}`, tensor])
    torch.save({ state_dict: Object.fromEntries(state) as object }, temporary('lightning.ckpt'))
    const args = ['resnet18', '--weights', temporary('lightning.ckpt'), '--out', temporary('weighted18.pt'), '--json']
    const { code, stdout, stderr } = await pixelcl(['export-backbone', ...args])
    expectWith(code, stderr).toBe(0)
    expect(stderr).toContain("the resnet18 under 'model.' is taken")
    expect(JSON.parse(stdout)).toMatchObject({ format: 'torchscript', arch: 'resnet18', tensors: 122 })
    expect(torch.jit.load(temporary('weighted18.pt')).stateDict()['fc.bias']!.shape).toEqual([3])
    const again = await pixelcl(['export-backbone', ...args, '--random'])
    expect(again).toMatchObject({ code: 1 })
    expect(again.stderr).toContain('--weights and --random: give one of them')
  })
})

test('both exports take weights without a classifier, whose TorchScript gets a new one, saying so', async () => {
  const { 'fc.weight': _, 'fc.bias': __, ...headless } = models.resnet18().stateDict()
  const [weights, one, two] = [temporary('headless.pth'), temporary('headless-1.pt'), temporary('headless-2.pt')]
  torch.save(headless, weights)
  for (const args of [
    ['export', weights, '--to', 'torchscript', '--out', one],
    ['export-backbone', 'resnet18', '--weights', weights, '--out', two],
  ]) {
    const { code, stderr } = await pixelcl(args)
    expectWith(code, stderr).toBe(0)
    expect(stderr).toContain("has no classifier 'fc': the network's is newly initialised, at random")
  }
  for (const path of [one, two]) {
    const state = torch.jit.load(path).stateDict()
    for (const [name, tensor] of Object.entries(headless)) expectWith(torch.equal(tensor, state[name]!), name).toBe(true)
    expect(state['fc.weight']!.shape).toEqual([1000, 512])
    expect((await pythonOutput(LOAD.torchscript, path, torch.rand([2, 3, 64, 64]))).shape).toEqual([2, 1000])
  }
})

describe('export-backbone refuses weights', () => {
  test('of another network, of another number of classes, and of no file', async () => {
    torch.save(models.resnet18({ numClasses: 3 }).stateDict(), temporary('three.pth'))
    const refusal = async (arch: string, ...args: string[]): Promise<string> => {
      const given = ['--weights', temporary('three.pth'), '--out', temporary('o.pt'), ...args]
      const { code, stderr } = await pixelcl(['export-backbone', arch, ...given])
      expect(code).toBe(1)
      return stderr
    }
    expect(await refusal('resnet50')).toContain('holds the weights of a resnet18, not of a resnet50: name that network')
    expect(await refusal('resnet18', '--weights', 'three.pth')).toContain(
      "there is no file 'three.pth', and resnet18 has no published weights",
    )
    expect(await refusal('resnet18', '--num-classes', '5')).toContain('tells 3 classes apart, not 5: leave --num-classes out')
  })
})

describe('export refuses', () => {
  const refusal = async (code: number, ...args: string[]): Promise<string> => {
    const ended = await pixelcl(['export', ...args])
    expectWith({ code: ended.code, stdout: ended.stdout }, ended.stderr).toEqual({ code, stdout: '' })
    return ended.stderr
  }

  test('a name that tells no format, an unknown one, no name', async () => {
    expect(await refusal(2, backbone, '--out', temporary('x.pt'))).toContain(
      'does not tell its format: name it with --to state-dict, safetensors, torchscript',
    )
    expect(await refusal(2, backbone, '--out', temporary('x.pt'), '--to', 'onnx')).toContain(
      "--to: expected one of state-dict, safetensors, torchscript but received 'onnx'",
    )
    expect(await refusal(2, backbone)).toContain('--out is missing')
  })

  test('to replace a file without --overwrite', async () => {
    const out = temporary('there.pth')
    torch.save([1], out)
    const before = readFileSync(out)
    expect(await refusal(1, backbone, '--out', out)).toContain(
      'is there already: name another file with --out, or replace it with --overwrite',
    )
    expect(readFileSync(out).equals(before)).toBe(true)
    expect((await pixelcl(['export', backbone, '--out', out, '--overwrite'])).code).toBe(0)
    expect(Object.keys(torch.loadStateDictFile(out))).toContain('conv1.weight')
  })

  test('what cannot become TorchScript, and a ResNet that it is not', async () => {
    torch.save({ weight: torch.ones([2]) }, temporary('other.pth'))
    expect(await refusal(1, temporary('other.pth'), '--to', 'torchscript', '--out', temporary('o.pt'))).toContain(
      'of no ResNet that is known',
    )
    const { 'fc.weight': _, 'fc.bias': __, ...headless } = models.resnet18().stateDict()
    torch.save(headless, temporary('headless.pth'))
    expect(await refusal(1, temporary('headless.pth'), '--arch', 'resnet50', '--out', temporary('o.pth'))).toContain(
      'holds the weights of a resnet18, not of a resnet50: leave --arch out',
    )
    expect(await refusal(1, backbone, '--to', 'torchscript', '--arch', 'resnet50', '--out', temporary('o.pt'))).toContain(
      'holds the weights of no ResNet that is known, so not of a resnet50: leave --arch out',
    )
    expect(existsSync(temporary('o.pt'))).toBe(false)
  })

  test('a file that is missing, a place that cannot be written', async () => {
    expect(await refusal(1, temporary('none.pt'), '--out', temporary('o.pth'))).toContain('there is no file')
    expect(await refusal(1, backbone, '--out', temporary('no/folder.pth'))).toContain('its folder does not exist')
  })
})
