import { describe, expect, test } from '@jest/globals'
import { writeFileSync } from 'node:fs'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { temporary } from '../../support/files'
import { runPython } from '../../support/python'

const makeNet = `
import collections
torch.manual_seed(0)
net = torch.nn.Sequential(collections.OrderedDict([('conv', torch.nn.Conv2d(1, 2, 1)), ('bn', torch.nn.BatchNorm2d(2))]))
state = net.state_dict()
`
const names = ['conv.weight', 'conv.bias', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var', 'bn.num_batches_tracked']

/** Saves by Python's code; what we find in the file, and what we say about it. */
async function foundIn(
  save: string,
  options: torch.StateDictOptions = {},
): Promise<{ state: torch.nn.StateDict; said: string[]; expected: Record<string, Tensor> }> {
  const path = temporary('weights.pth')
  const expected = await runPython(`${makeNet}\npath = inputs['path']\n${save}\noutputs = state`, { path })
  const said: string[] = []
  const state = torch.loadStateDictFile(path, { say: (message) => said.push(message.replace(path, 'FILE')), ...options })
  return { state, said, expected }
}

function expectSame(state: torch.nn.StateDict, expected: Record<string, Tensor>): void {
  expect(Object.keys(state)).toEqual(names)
  for (const name of names) expect(state[name]).toEqualTensor(expected[name]!)
}

describe('the weights of', () => {
  test.each<[string, string, RegExp[]]>([
    ['a plain state dict', 'torch.save(state, path)', []],
    ['an old file', 'torch.save(state, path, _use_new_zipfile_serialization=False)', []],
    ['a plain dict of tensors', 'torch.save(dict(state), path)', []],
    [
      'a checkpoint',
      "torch.save({'epoch': 3, 'state_dict': state, 'optimizer': torch.optim.Adam(net.parameters()).state_dict()}, path)",
      [/FILE is a checkpoint: its weights are taken from 'state_dict'/],
    ],
    ['a checkpoint of another spelling', "torch.save({'model': state, 'args': {'lr': 1}}, path)", [/taken from 'model'/]],
    ['a checkpoint in a checkpoint', "torch.save({'model': {'state_dict': state}}, path)", [/taken from 'model\.state_dict'/]],
    ['a checkpoint under a name of its own', "torch.save({'my_encoder': state, 'epoch': 1}, path)", [/taken from 'my_encoder'/]],
    [
      'DataParallel',
      'torch.save(torch.nn.DataParallel(net).state_dict(), path)',
      [/the prefix 'module\.' of a wrapped model is taken off/],
    ],
    [
      'DataParallel in a checkpoint',
      "torch.save({'state_dict': torch.nn.DataParallel(net).state_dict()}, path)",
      [/taken from 'state_dict'/, /prefix 'module\.'/],
    ],
    ['torch.compile', "torch.save({'_orig_mod.' + key: value for key, value in state.items()}, path)", [/prefix '_orig_mod\.'/]],
    [
      'a compiled DataParallel',
      "torch.save({'module._orig_mod.' + key: value for key, value in state.items()}, path)",
      [/prefix 'module\.'/, /prefix '_orig_mod\.'/],
    ],
    ['an averaged model', 'torch.save(torch.optim.swa_utils.AveragedModel(net).state_dict(), path)', [/prefix 'module\.'/]],
    ['a scripted model', 'torch.jit.script(net).save(path)', []],
    [
      'a traced model',
      'torch.jit.trace(net, torch.rand(2, 1, 2, 2), check_trace=False).save(path); state = torch.jit.load(path).state_dict()',
      [],
    ],
    [
      'a checkpoint with a config of an unknown class',
      "import argparse, sys, types; m = types.ModuleType('cfg'); sys.modules['cfg'] = m; exec('class Config:\\n  pass', m.__dict__); torch.save({'config': m.Config(), 'args': argparse.Namespace(lr=1), 'model': state}, path)",
      [/taken from 'model'/],
    ],
    ['entries that are no tensors', "torch.save({**state, 'note': 'x'}, path)", [/note are no tensors and left out/]],
  ])('%s', async (_, save, messages) => {
    const { state, said, expected } = await foundIn(save)
    expectSame(state, expected)
    expect(said).toHaveLength(messages.length)
    messages.forEach((message, i) => expect(said[i]).toMatch(message))
  })

  test('a Parameter-valued dict load into a module', async () => {
    const { state } = await foundIn(
      'torch.save({key: torch.nn.Parameter(value) if value.is_floating_point() else value for key, value in state.items()}, path)',
    )
    const net = new torch.nn.Sequential({ conv: new torch.nn.Conv2d(1, 2, 1), bn: new torch.nn.BatchNorm2d(2) })
    expect(net.loadStateDict(state)).toEqual({ missingKeys: [], unexpectedKeys: [] })
  })

  test('the key that is asked for', async () => {
    const save = "torch.save({'model': {key: value * 0 for key, value in state.items()}, 'ema': {'module': state}}, path)"
    const { state, said, expected } = await foundIn(save, { key: 'ema.module' })
    expectSame(state, expected)
    expect(said).toEqual([])
    await expect(foundIn(save, { key: 'ema.nothing' })).rejects.toThrow(/has nothing at 'ema\.nothing': it holds the keys 'module'/)
  })
})

test('a file without weights lists what it holds', async () => {
  const path = temporary('none.pt')
  torch.save({ epoch: 1, notes: ['a'] }, path)
  expect(() => torch.loadStateDictFile(path)).toThrow(
    /holds no state dict: it holds the keys 'epoch', 'notes'.*save model\.state_dict\(\)/s,
  )
  torch.save(torch.ones([1]), path)
  expect(() => torch.loadStateDictFile(path)).toThrow(/it holds a single tensor/)
  torch.save([1], path)
  expect(() => torch.loadStateDictFile(path)).toThrow(/it holds a list/)
  torch.save({}, path)
  expect(() => torch.loadStateDictFile(path)).toThrow(/holds no state dict: it holds nothing\. In Python/)
})

describe('checkpoints in checkpoints', () => {
  const keys = ['model', 'module', 'net', 'network', 'backbone', 'encoder', 'weights', 'params', 'state', 'student', 'teacher']

  test('that hold each other many times over are looked at once each', () => {
    const path = temporary('nested.pt')
    let nested: Record<string, unknown> = {}
    for (let level = 0; level < 40; level++) nested = Object.fromEntries(keys.map((key) => [key, nested]))
    torch.save(nested, path)
    const start = process.cpuUsage()
    expect(() => torch.loadStateDictFile(path)).toThrow(/holds no state dict/)
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(2)
  })

  test('that hold themselves end', () => {
    const path = temporary('cyclic.pt')
    const cyclic: Record<string, unknown> = { epoch: 1 }
    cyclic['model'] = cyclic
    torch.save(cyclic, path)
    expect(() => torch.loadStateDictFile(path)).toThrow(/holds no state dict/)
    cyclic['weight'] = torch.ones([1])
    torch.save(cyclic, path)
    expect(Object.keys(torch.loadStateDictFile(path, { say: () => {} }))).toEqual(['weight'])
  })

  test('a chain of a thousand is followed to its end', () => {
    const path = temporary('chain.pt')
    let chain: Record<string, unknown> = { weight: torch.ones([1]) }
    for (let level = 0; level < 900; level++) chain = { model: chain }
    torch.save(chain, path)
    expect(Object.keys(torch.loadStateDictFile(path, { say: () => {} }))).toEqual(['weight'])
  })
})

describe('the weights of a TorchScript program, of which nothing is run,', () => {
  const program = `
import torch
class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.arange(3.), requires_grad=False)
        self.register_buffer('seen', torch.tensor(7))
        self.register_buffer('passing', torch.ones(2), persistent=False)
        self.bias: torch.Tensor | None = None
        self.list = [torch.ones(1)]
        self.names = {'a': torch.ones(1)}
    def forward(self, x):
        return x * self.scale + len(self.list)
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(Block(), torch.nn.Linear(3, 2))
        self.again = self.layers[1]
        self.tied = torch.nn.Linear(3, 2, bias=False)
        self.tied.weight = self.layers[1].weight
    def forward(self, x):
        return self.again(self.layers[0](x)) + self.tied(x)
net = Net()
`

  test.each(['torch.jit.script(net)', 'torch.jit.trace(net, torch.rand(2, 3), check_trace=False)'])(
    '%s, have the names and values of Python',
    async (made) => {
      const path = temporary('program.pt')
      // Classes for torch.jit.script need a source file.
      const module = temporary('program_module.py')
      writeFileSync(module, program)
      const expected = await runPython(
        `
import runpy, importlib.util, sys
spec = importlib.util.spec_from_file_location('program_module', inputs['module'])
loaded = importlib.util.module_from_spec(spec); sys.modules['program_module'] = loaded; spec.loader.exec_module(loaded)
net = loaded.net
${made}.save(inputs['path'])
outputs = torch.jit.load(inputs['path']).state_dict()`,
        { path, module },
      )
      const state = torch.loadStateDictFile(path)
      expect(Object.keys(state)).toEqual(Object.keys(expected))
      for (const [name, tensor] of Object.entries(expected)) expect(state[name]).toEqualTensor(tensor)
      expect(state['layers.0.scale']!.requiresGrad).toBe(false)
      expect(Object.keys(torch.jit.load(path).stateDict())).toEqual(Object.keys(expected))
    },
  )

  test('are refused where only code of the program could restore them', async () => {
    const path = temporary('setstate.pt')
    const module = temporary('setstate_module.py')
    writeFileSync(
      module,
      `
import torch
class Own(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.ones(2))
    def forward(self, x):
        return x * self.w
    @torch.jit.export
    def __getstate__(self):
        return (self.w, self.training)
    @torch.jit.export
    def __setstate__(self, state: tuple[torch.Tensor, bool]):
        self.w = state[0] * 2
        self.training = state[1]
`,
    )
    await runPython(
      `
import importlib.util, sys
spec = importlib.util.spec_from_file_location('setstate_module', inputs['module'])
loaded = importlib.util.module_from_spec(spec); sys.modules['setstate_module'] = loaded; spec.loader.exec_module(loaded)
torch.jit.script(loaded.Own()).save(inputs['path'])`,
      { path, module },
    )
    expect(() => torch.loadStateDictFile(path)).toThrow(/restores the module .*Own \(__setstate__\), and it is not run: torch\.jit\.load/)
    expect(() => torch.load(path)).toThrow(/a TorchScript program, which torch\.load never runs/)
    expect(torch.jit.load(path).stateDict()['w']!.tolist()).toEqual([2, 2])
  })

  test('torch.load refuses programs, as Python does', () => {
    const path = temporary('relu.pt')
    torch.save(new torch.nn.Linear(2, 2), path)
    expect(() => torch.load(path)).toThrow(torch.FileError)
    expect(() => torch.load(path)).toThrow(
      /loadStateDictFile\(path\) reads its weights, torch\.jit\.load\(path\) loads a program that you trust/,
    )
    expect(Object.keys(torch.loadStateDictFile(path))).toEqual(['weight', 'bias'])
  })
})

test('a whole pickled module is refused with the way out, and nothing of it is run', async () => {
  const path = temporary('whole.pt')
  await runPython("torch.save(torch.nn.Linear(2, 2), inputs['path'])", { path })
  expect(() => torch.loadStateDictFile(path)).toThrow(/torch\.nn\.modules\.linear\.Linear.*save model\.state_dict\(\)/s)
})

test('without a listener, what was seen through becomes a process warning', async () => {
  const path = temporary('warned.pt')
  torch.save({ state_dict: { w: torch.ones([1]) } }, path)
  const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve))
  torch.loadStateDictFile(path)
  const warning = await warned
  expect([warning.code, warning.message]).toEqual(['PIXELCL_STATE_DICT', expect.stringMatching(/taken from 'state_dict'/)])
})

describe('a state dict that Python wrote', () => {
  test('is saved with its _metadata, so that Python sees the version of each module', async () => {
    const path = temporary('metadata.pt')
    await runPython(`${makeNet}\ntorch.save(state, inputs['path'])`, { path })
    const state = torch.load<torch.nn.StateDict>(path)
    expect(Object.keys(state)).toEqual(names)
    torch.save(state, path)
    const code = `
      state = torch.load(inputs['path'], weights_only=True)
      outputs = {'type': type(state).__name__, 'metadata': state._metadata['bn']}`
    expect(await runPython(code, { path })).toEqual({ type: 'OrderedDict', metadata: { version: 2 } })
  })

  test('that we wrote loads strictly there', async () => {
    const path = temporary('ours.pt')
    const net = new torch.nn.Sequential({ conv: new torch.nn.Conv2d(1, 2, 1), bn: new torch.nn.BatchNorm2d(2) })
    net.call(torch.randn([4, 1, 3, 3]))
    torch.save(net.stateDict(), path)
    const input = torch.randn([2, 1, 3, 3])
    const code = `${makeNet}
result = net.load_state_dict(torch.load(inputs['path']), strict=True)
outputs = {'y': net.eval()(inputs['input']), 'count': int(net.bn.num_batches_tracked), 'problems': [*result.missing_keys, *result.unexpected_keys]}`
    const { y, count, problems } = await runPython<{ y: Tensor; count: number; problems: string[] }>(code, { path, input })
    expect([count, problems]).toEqual([1, []])
    expect(y).toBeAllclose(net.eval().call(input).detach())
  })
})

describe('a TorchScript file with an odd buffer', () => {
  const saved = async (buffer: string): Promise<{ path: string; values: Tensor }> => {
    const path = temporary('odd.pt')
    const { values } = await runPython<{ values: Tensor }>(
      `
d = torch.tensor([[0., 1.], [2., 0.]])
net = torch.nn.Identity()
net.register_buffer('buffer', ${buffer})
torch.jit.script(net).save(inputs['path'])
loaded = torch.jit.load(inputs['path']).state_dict()['buffer']
if loaded.device.type == 'meta' or loaded.is_quantized:
    outputs = {}
elif loaded.is_complex():
    outputs = {'values': torch.view_as_real(loaded.resolve_conj())}
else:
    outputs = {'values': loaded.to_dense().float().resolve_neg()}`,
      { path },
    )
    return { path, values }
  }

  test.each<[string, string]>([
    ['a sparse tensor', 'd.to_sparse()'],
    ['a sparse tensor in rows', 'd.to_sparse_csr()'],
    ['a conjugated tensor', 'torch.complex(d, d).conj()'],
    ['a negated tensor', 'torch.complex(d, d).conj().imag'],
    ['numbers of 8 bits', 'd.to(torch.float8_e4m3fn)'],
    ['unsigned integers', 'd.to(torch.uint16)'],
    ['a transposed part', 'd.t()[1:]'],
  ])('gives %s as Python does', async (_, buffer) => {
    const { path, values } = await saved(buffer)
    const { buffer: given } = torch.loadStateDictFile(path) as { buffer: Tensor }
    const plain = given.isComplex() ? torch.viewAsReal(given.resolveConj()) : given.toDense().to('float32')
    expect(plain.resolveNeg()).toEqualTensor(values)
  })

  test.each<[string, string, RegExp]>([
    [
      'quantised',
      'torch.quantize_per_tensor(d, 0.5, 2, torch.qint8)',
      /holds a quantised tensor, .*: save `tensor\.dequantize\(\)` in Python/,
    ],
    ['without data', "d.to('meta')", /holds a tensor on the device meta, which has no data/],
  ])('that is %s says so', async (_, buffer, reason) => {
    const { path } = await saved(buffer)
    expect(() => torch.loadStateDictFile(path)).toThrow(reason)
  })
})
