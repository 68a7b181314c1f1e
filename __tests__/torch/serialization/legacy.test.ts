import { describe, expect, test } from '@jest/globals'
import { readFileSync, writeFileSync } from 'node:fs'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { temporary } from '../../support/files'
import { runPython } from '../../support/python'

/** Saves a Python expression as PyTorch did before 1.6, its storages on a device of that name. */
async function savedAsOld(expression: string, device = 'cpu'): Promise<string> {
  const path = temporary('old.pt')
  const code = `
    import collections
    if inputs['device'] != 'cpu':
        # The newest tagger is asked first: this one says where a storage is on a machine that has the device.
        torch.serialization.register_package(0, lambda storage: inputs['device'], lambda storage, location: storage)
    try:
        torch.save(${expression}, inputs['path'], _use_new_zipfile_serialization=False)
    finally:
        if inputs['device'] != 'cpu':
            del torch.serialization._package_registry[0]
    head = open(inputs['path'], 'rb').read()
    assert inputs['device'].encode() in head, 'the device is not in the file'`
  await runPython(code, { path, device })
  return path
}

describe('a file from before PyTorch 1.6', () => {
  test('gives its values and tensors', async () => {
    const path = await savedAsOld(
      "collections.OrderedDict([('w', torch.arange(6.).view(2, 3)), ('h', torch.ones(2, dtype=torch.bfloat16)), ('n', torch.tensor(7)), ('epoch', 3), ('who', 'ä')])",
    )
    const state = torch.load<{ w: Tensor; h: Tensor; n: Tensor; epoch: number; who: string }>(path)
    expect(Object.keys(state)).toEqual(['w', 'h', 'n', 'epoch', 'who'])
    expect(state.w).toEqualTensor(
      torch.tensor([
        [0, 1, 2],
        [3, 4, 5],
      ]),
    )
    expect([state.h.dtype, state.h.tolist()]).toEqual(['bfloat16', [1, 1]])
    expect([state.n.item(), state.epoch, state.who]).toEqual([7, 3, 'ä'])
  })

  test('of every dtype that had a storage then', async () => {
    const dtypes = [
      'float32',
      'float64',
      'float16',
      'bfloat16',
      'int64',
      'int32',
      'int16',
      'int8',
      'uint8',
      'bool',
      'complex64',
      'complex128',
    ]
    const path = await savedAsOld(`[torch.tensor([0, 1, 1]).to(getattr(torch, name)) for name in ${JSON.stringify(dtypes)}]`)
    const tensors = torch.load<Tensor[]>(path)
    expect(tensors.map((tensor) => tensor.dtype)).toEqual(dtypes)
    for (const tensor of tensors) expect(tensor.to('float64').tolist()).toEqual([0, 1, 1])
  })

  test('keeps views of one storage together', async () => {
    const path = await savedAsOld("(lambda base: {'base': base, 'row': base[1], 't': base.t()})(torch.arange(6.).view(2, 3))")
    const { base, row, t } = torch.load<Record<string, Tensor>>(path) as { base: Tensor; row: Tensor; t: Tensor }
    base.add_(10)
    expect([row.tolist(), t.tolist()]).toEqual([
      [13, 14, 15],
      [
        [10, 13],
        [11, 14],
        [12, 15],
      ],
    ])
  })

  test('whose storages were written on CUDA loads on the CPU', async () => {
    const path = await savedAsOld("{'weight': torch.tensor([1., 2.]), 'bias': torch.tensor([3.])}", 'cuda:0')
    const seen = new Set<string>()
    const state = torch.load<Record<string, Tensor>>(path, { mapLocation: (from) => (seen.add(from), 'cpu') })
    expect([...seen]).toEqual(['cuda:0'])
    expect(torch.load<Record<string, Tensor>>(path)['weight']!.device).toBe('cpu')
    expect([state['weight']!.tolist(), state['bias']!.tolist()]).toEqual([[1, 2], [3]])
  })

  test('whose object is larger than the first window is read whole', async () => {
    const path = await savedAsOld("{'text': ['x' * 1000 + str(i) for i in range(3000)], 'w': torch.ones(3)}")
    const { text, w } = torch.load<{ text: string[]; w: Tensor }>(path)
    expect([text.length, text[2999]]).toEqual([3000, `${'x'.repeat(1000)}2999`])
    expect(w).toEqualTensor(torch.ones([3]))
  })

  test('saves Parameters as Parameters', async () => {
    const path = await savedAsOld('[torch.nn.Parameter(torch.ones(2)), torch.ones(1, requires_grad=True)]')
    const [parameter, tensor] = torch.load<[Tensor, Tensor]>(path)
    expect([parameter instanceof torch.nn.Parameter, parameter.requiresGrad, tensor.requiresGrad]).toEqual([true, true, true])
  })

  test('that is cut anywhere says so', async () => {
    const whole = readFileSync(await savedAsOld("{'a': torch.arange(10.), 'b': torch.arange(10)}"))
    const path = temporary('cut.pt')
    for (let length = 0; length < whole.length; length += 3) {
      writeFileSync(path, whole.subarray(0, length))
      expectWith(() => torch.load(path), `cut to ${length} of ${whole.length}`).toThrow(torch.FileError)
    }
  })
})

test('keys of storages that are lists of lists are refused at once', async () => {
  const path = await savedAsOld("{'w': torch.ones(4)}")
  const whole = readFileSync(path)
  const nested = Buffer.from(
    Array.from({ length: 30 }, (_, i) => `](h${String.fromCharCode(i)}h${String.fromCharCode(i)}eq${String.fromCharCode(i + 1)}0`).join(''),
    'latin1',
  )
  const keys = Buffer.concat([Buffer.from('\x80\x02]q\x000', 'latin1'), nested, Buffer.from('](h\x1ee.', 'latin1')])
  const start = process.cpuUsage()
  const at = whole.lastIndexOf(Buffer.from('\x80\x02]q', 'latin1'))
  expect(() => torch.load(Buffer.concat([whole.subarray(0, at), keys, whole.subarray(whole.indexOf('.', at) + 1)]))).toThrow(
    /a storage has no key/,
  )
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(2)
})

test('zip files whose storages were written on CUDA load on the CPU, too', async () => {
  const path = temporary('cuda.pt')
  const code = `
    torch.serialization.register_package(0, lambda storage: 'cuda:3', lambda storage, location: storage)
    try:
        torch.save({'weight': torch.tensor([1., 2.])}, inputs['path'])
    finally:
        del torch.serialization._package_registry[0]
    assert b'cuda:3' in open(inputs['path'], 'rb').read()`
  await runPython(code, { path })
  const state = torch.load<Record<string, Tensor>>(path)
  expect([state['weight']!.device, state['weight']!.tolist()]).toEqual(['cpu', [1, 2]])
})

test('a file of the very first kind, a tar archive, is named with the way out', async () => {
  const path = temporary('first.tar')
  await runPython(
    `
    import tarfile, io
    with tarfile.open(inputs['path'], 'w', format=tarfile.PAX_FORMAT) as tar:
        for name in ['sys_info', 'pickle', 'tensors', 'storages']:
            info = tarfile.TarInfo(name); info.size = 4
            tar.addfile(info, io.BytesIO(b'abcd'))`,
    { path },
  )
  expect(() => torch.load(path)).toThrow(/tar format of PyTorch 0\.1.*save it anew/)
})
