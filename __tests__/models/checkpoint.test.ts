import { expect, describe, test } from '@jest/globals'
import { existsSync } from 'node:fs'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
import { temporary } from '../support/files'
import { runPython } from '../support/python'
import { withResNet } from '../vision/models/python-resnet'

/** Python code that saves a checkpoint; `state` has two tensors. */
const kinds: readonly (readonly [name: string, code: string])[] = [
  ['a state dict', 'torch.save(state, path)'],
  ['a state dict from before PyTorch 1.6', 'torch.save(state, path, _use_new_zipfile_serialization=False)'],
  ['a checkpoint', "torch.save({'epoch': 1, 'state_dict': state}, path)"],
  ['nested checkpoints', "torch.save({'net': {'model': state, 'x': 1}}, path)"],
  ['the key net', "torch.save({'net': state, 'acc': 91.2, 'epoch': 3}, path)"],
  ['a key of its own', "torch.save({'my_encoder': state, 'epoch': 1}, path)"],
  ['a key of its own, from before PyTorch 1.6', "torch.save({'mine': state}, path, _use_new_zipfile_serialization=False)"],
  ['an argparse.Namespace', "import argparse; torch.save({'args': argparse.Namespace(lr=1, out=None), 'model': state}, path)"],
  [
    'an argparse.Namespace from before PyTorch 1.6',
    "import argparse; torch.save({'args': argparse.Namespace(lr=1), 'model': state}, path, _use_new_zipfile_serialization=False)",
  ],
  ['numpy numbers', "torch.save({'best': np.float64(0.5), 'n': np.int64(3), 'flag': np.bool_(True), 'model': state}, path)"],
  ['numpy arrays as weights', 'torch.save({name: value.numpy() for name, value in state.items()}, path)'],
  ['a path', "import pathlib; torch.save({'out': pathlib.Path('a/b'), 'model': state}, path)"],
  ['a config of an unknown class', "torch.save({'config': Config(), 'model': state}, path)"],
  ['a config of an unknown class of protocol 4', "torch.save({'config': Config(), 'model': state}, path, pickle_protocol=4)"],
  ['a state dict of protocol 4', 'torch.save(state, path, pickle_protocol=4)'],
  ['parameters', 'torch.save(dict(torch.nn.Linear(3, 2).named_parameters()), path)'],
  ['entries that are no tensors', "torch.save({**state, 'note': 'x', 'count': 1}, path)"],
  ['DataParallel', "torch.save({'model': {f'module.{name}': value for name, value in state.items()}}, path)"],
  ['torch.compile in DataParallel', "torch.save({f'module._orig_mod.{name}': value for name, value in state.items()}, path)"],
  ['an averaged model', "torch.save({'n_averaged': torch.tensor(3), **{f'module.{name}': value for name, value in state.items()}}, path)"],
  [
    'a checkpoint that holds itself',
    "c = {'epoch': 1}; c['model'] = c; c['weight'] = state['weight']; c['bias'] = state['bias']; torch.save(c, path)",
  ],
  ['a script', 'torch.jit.script(torch.nn.Linear(3, 2)).save(path)'],
  ['safetensors', 'write_safetensors(path, state)'],
  ['two keys of its own', "torch.save({'one': state, 'two': state}, path)"],
  ['no tensors', "torch.save({'epoch': 1}, path)"],
  ['a list', 'torch.save([1, 2], path)'],
  ['a tensor', 'torch.save(torch.ones(2), path)'],
  ['keys that are numbers', 'torch.save({1: torch.ones(2)}, path)'],
  ['a text', "open(path, 'w').write('not weights')"],
  ['nothing', "open(path, 'w').close()"],
]

interface Answer {
  readonly state: Record<string, Tensor> | null
  readonly said: string[]
}

test('models/checkpoint.py runs nothing of a checkpoint', async () => {
  const [path, marker] = [temporary('evil.pth'), temporary('was-run')]
  for (const evil of ["os.system, ('touch ' + inputs['marker'],)", "exec, ('open(' + repr(inputs['marker']) + ', \"w\")',)"]) {
    for (const old of ['True', 'False']) {
      const { names } = await runPython<{ names: string[] }>(
        `${withResNet}
import checkpoint, os
class Evil:
    def __reduce__(self):
        return (${evil})
torch.save({'weight': torch.ones(1), 'evil': Evil()}, inputs['path'], _use_new_zipfile_serialization=${old})
outputs = {'names': [*checkpoint.state_in(inputs['path'], print)]}`,
        { path, marker },
      )
      expect([names, existsSync(marker)]).toEqual([['weight'], false])
    }
  }
})

describe('models/checkpoint.py and loadStateDictFile give one answer for', () => {
  test.each(kinds)('%s', async (_, save) => {
    const path = temporary('checkpoint.pth')
    const theirs = await runPython<Answer>(
      `${withResNet}
import checkpoint, json, struct, types
config = types.ModuleType('training_config'); sys.modules['training_config'] = config
exec('class Config:\\n    def __init__(self):\\n        self.lr = 1', config.__dict__)
Config = config.Config; Config.__module__ = 'training_config'
def write_safetensors(path, tensors):
    header, blob = {}, b''
    for name, tensor in tensors.items():
        data = tensor.numpy().tobytes()
        header[name] = {'dtype': 'F32', 'shape': list(tensor.shape), 'data_offsets': [len(blob), len(blob) + len(data)]}
        blob += data
    text = json.dumps(header).encode()
    open(path, 'wb').write(struct.pack('<Q', len(text)) + text + blob)
torch.manual_seed(0)
state = torch.nn.Linear(3, 2).state_dict()
path = inputs['path']
${save}
del sys.modules['training_config']
said = []
try:
    found = checkpoint.state_in(path, said.append)
except checkpoint.Unreadable:
    found = None
outputs = {'state': found, 'said': said}`,
      { path },
    )
    const said: string[] = []
    let state: Record<string, Tensor> | null
    try {
      state = torch.loadStateDictFile(path, { say: (message) => said.push(message) })
    } catch (error) {
      expect(error).toBeInstanceOf(torch.FileError)
      state = null
    }
    expect(state === null ? null : Object.keys(state)).toEqual(theirs.state === null ? null : Object.keys(theirs.state))
    for (const [name, value] of Object.entries(state ?? {})) expect(value).toEqualTensor(theirs.state![name]!)
    expect(said).toEqual(theirs.said)
  })
})
