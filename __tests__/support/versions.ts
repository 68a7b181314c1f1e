import { execFileSync } from 'node:child_process'
import { INSTALLED_VERSION } from '../../scripts/setup/versions.cjs'
import { readStamp } from '../../src/native/load'
import { pythonPath } from './python'

/** The version of the libtorch that the tests run on, such as '2.13.0+cpu'. */
export const libtorchVersion = readStamp()!.libtorch.version

/** The installed version of a package of the tests' Python, or null where it is missing. */
export function pythonVersionOf(name: string): string | null {
  const code = `
import importlib.metadata, sys
try: print(importlib.metadata.version(sys.argv[1]))
except importlib.metadata.PackageNotFoundError: pass`
  return execFileSync(pythonPath(), ['-c', code, name], { encoding: 'utf8' }).trim() || null
}

const minorOf = (version: string): string => version.split('.').slice(0, 2).join('.')

/** The PyTorch that src/torch/generated and docs/OPERATORS.md are written from: '2.13'. */
export const generatedFrom = minorOf(INSTALLED_VERSION)

/** Whether the tests run on the PyTorch that the generated files are written from, in Python and in libtorch. */
export const isGeneratedVersion = [libtorchVersion, pythonVersionOf('torch') ?? ''].every((version) => minorOf(version) === generatedFrom)

/** Why a test that compares with the generated files is skipped elsewhere. */
export const generatedOnly = `it compares with what is written from PyTorch ${generatedFrom}, and ${libtorchVersion} has other operators and samples`
