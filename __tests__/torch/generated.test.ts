import { expect, it } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { native } from '../../src/native'
import * as torch from '../../src/torch'
import { camelCase } from '../../src/common/text'
import { expectWith } from '../support/expect'
import { pythonPath, runPython } from '../support/python'
import { skipIf } from '../support/skip'
import { generatedOnly, isGeneratedVersion } from '../support/versions'

const root = join(__dirname, '../..')
const generated = join(root, 'src/torch/generated')
const filesOf = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .sort()

skipIf(!isGeneratedVersion, generatedOnly).describe('the generated surface', () => {
  it('is what the schemas of the installed torch give: `npm run generate` writes it anew', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pixelcl-generate-'))
    try {
      execFileSync(pythonPath(), ['-B', join(root, 'scripts/generate/surface.py'), folder])
      expect(readdirSync(folder).sort()).toEqual(filesOf(generated))
      for (const file of readdirSync(folder))
        expectWith(readFileSync(join(folder, file), 'utf8') === readFileSync(join(generated, file), 'utf8'), file).toBe(true)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it("is what Python's own signatures declare, and no correction of them is left that changes nothing", () => {
    const folder = mkdtempSync(join(tmpdir(), 'pixelcl-generate-'))
    try {
      const declared = join('generated', 'declared')
      cpSync(join(root, 'src/torch'), folder, { recursive: true, filter: (path) => !path.endsWith(declared) })
      execFileSync(pythonPath(), ['-B', join(root, 'scripts/generate/signatures.py'), folder])
      expect(filesOf(join(folder, declared))).toEqual(filesOf(join(generated, 'declared')))
      for (const file of filesOf(join(folder, declared)))
        expectWith(
          readFileSync(join(folder, declared, file), 'utf8') === readFileSync(join(generated, 'declared', file), 'utf8'),
          file,
        ).toBe(true)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('has the methods that Python has', async () => {
    const { names } = await runPython<{ names: string[] }>(`
      outputs = {'names': [n for n in dir(torch._C.TensorBase) + dir(torch.Tensor) if callable(getattr(torch.Tensor, n, None)) and not n.startswith('_')]}
    `)
    const missing = [...new Set(names.map(camelCase))].filter((name) => !(name in torch.Tensor.prototype)).sort()
    expect(missing).toEqual(Object.values(methodsLeftOut).flat().sort())
  })

  it('has the functions that Python has', async () => {
    const { names } = await runPython<{ names: string[] }>(`
      import builtins
      outputs = {'names': [n for n in torch.__all__ + dir(torch._C._VariableFunctions) if not n.startswith('_') and type(getattr(torch, n, None)).__name__ == 'builtin_function_or_method']}
    `)
    const missing = [...new Set(names.map(camelCase))].filter((name) => !(name in torch)).sort()
    expect(missing).toEqual(Object.values(functionsLeftOut).flat().sort())
  })
})

skipIf(!isGeneratedVersion, generatedOnly).test('the generated surface names only overloads that the loaded libtorch has', () => {
  const named = filesOf(generated).flatMap((file) => [...readFileSync(join(generated, file), 'utf8').matchAll(/aten\('(\w+)', '(\w*)'\)/g)])
  expect(named.length).toBeGreaterThan(1000)
  const missing = named.filter(([, name, overload]) => native.schema(`aten::${name}`, overload!) === null)
  expect(missing.map(([text]) => text)).toEqual([])
})

/** What Python has and this package has not, by the reason. */
const methodsLeftOut: Readonly<Record<string, readonly string[]>> = {
  'removed from PyTorch: a call throws in Python': ['eig', 'lstsq', 'solve', 'symeig', 'reinforce', 'resize', 'resizeAs'],
  "Python's own objects: another tool of JavaScript does it": ['apply_', 'asSubclass', 'map_', 'map2_', 'moduleLoad', 'new', 'numpy'],
  'addresses and storages, which are never handed out': ['constDataPtr', 'dataPtr', 'storage', 'storageType', 'untypedStorage'],
  'memory of several processes: share() serves threads': ['isShared', 'shareMemory_'],
  'devices that this package does not know': ['ipu', 'mtia', 'xpu', 'getDevice', 'recordStream'],
  'stays in torch.ops': ['qscheme', 'toSparseCoo', 'dimOrder'],
  'hooks still to come': ['registerPostAccumulateGradHook'],
}

const functionsLeftOut: Readonly<Record<string, readonly string[]>> = {
  "Python's buffers and files: torch.tensor takes typed arrays, torch.load files": ['asarray', 'fromFile', 'fromNumpy', 'frombuffer'],
  'autocast still to come': [
    ...['autocastDecrementNesting', 'autocastIncrementNesting', 'clearAutocastCache', 'getAutocastDtype', 'setAutocastDtype'],
    ...['getAutocastCpuDtype', 'getAutocastGpuDtype', 'getAutocastIpuDtype', 'getAutocastXlaDtype'],
    ...['isAutocastCacheEnabled', 'isAutocastCpuEnabled', 'isAutocastEnabled', 'isAutocastIpuEnabled', 'isAutocastXlaEnabled'],
    ...['setAutocastCacheEnabled', 'setAutocastCpuDtype', 'setAutocastCpuEnabled', 'setAutocastEnabled', 'setAutocastGpuDtype'],
    ...['setAutocastIpuDtype', 'setAutocastIpuEnabled', 'setAutocastXlaDtype', 'setAutocastXlaEnabled'],
  ],
  'anomaly detection still to come': ['isAnomalyCheckNanEnabled', 'isAnomalyEnabled', 'setAnomalyEnabled'],
  "parts of Python's own compiler": [
    ...['fork', 'wait', 'importIrModule', 'importIrModuleFromBuffer', 'mergeTypeFromTypeComment', 'parseIr', 'parseSchema'],
    ...['parseTypeComment', 'unifyTypeList'],
  ],
  'settings of the process that libtorch reads at its start': [
    'getNumInteropThreads',
    'initNumThreads',
    'setFlushDenormal',
    'setNumInteropThreads',
  ],
  'old names of sparse products: torch.sparse has them': ['dsmm', 'hsmm', 'saddmm'],
  'tensor.device says it': ['getDevice'],
}
