import { expect, test } from '@jest/globals'
import { existsSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readStamp } from '../../../scripts/setup/stamp.cjs'
import * as torch from '../../../src/torch'
import { temporary } from '../../support/files'
import { exported } from './export'
import { skipIf } from '../../support/skip'

/** A library of operators that comes with some of PyTorch's wheels for its own tests. */
const library = join(readStamp()!.libtorch.path, 'lib', 'libaoti_custom_ops.so')

skipIf(!existsSync(library), 'this libtorch has no library of operators').test(
  'a program that needs an operator of a library says so with its file, and runs once the library is loaded',
  async () => {
    const { path } = await exported(
      `torch.ops.load_library(${JSON.stringify(library)})
net = networks.WithOperator()`,
    )
    const x = torch.tensor([1, 2])
    expect(() => torch.jit.load(path)).toThrow(torch.JitError)
    expect(() => torch.jit.load(path)).toThrow(
      new RegExp(
        `${path} uses the operator aoti_custom_ops::custom_add, which libtorch does not have: load the library that brings it first, torch\\.ops\\.loadLibrary\\(path\\)`,
      ),
    )
    torch.ops.loadLibrary(library)
    expect((torch.jit.load(path).call(x) as torch.Tensor).tolist()).toEqual([2, 4])
    expect((torch.ops['aoti_custom_ops']!['custom_add']!(x, x) as torch.Tensor).tolist()).toEqual([2, 4])
  },
)

test('what cannot be loaded is an error with the reason', () => {
  expect(() => torch.ops.loadLibrary('/absent/lib.so')).toThrow(torch.FileError)
  expect(() => torch.ops.loadLibrary('/absent/lib.so')).toThrow(/there is no file \/absent\/lib\.so/)
  const text = temporary('text.so')
  writeFileSync(text, 'no library')
  expect(() => torch.ops.loadLibrary(text)).toThrow(torch.TorchError)
  expect(() => torch.ops.loadLibrary(text)).toThrow(/text\.so cannot be loaded \(.*\)/)
  expect(() => torch.ops.loadLibrary(3 as never)).toThrow(/ops\.loadLibrary\(\): path: expected a string but received 3/)
})
