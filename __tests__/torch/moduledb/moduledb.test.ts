import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as torch from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'
import { replay, saveForPython, type Computed, type SavedFile, type SavedResult } from './replay'

const PROGRAM = `
import importlib.util
spec = importlib.util.spec_from_file_location('samples', inputs['path'])
samples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(samples)
`
const path = join(__dirname, 'samples.py')

interface Names {
  readonly classes: readonly string[]
  readonly database: readonly string[]
  readonly own: readonly string[]
}

describe("the layers and PyTorch's own database of modules", () => {
  const folder = mkdtempSync(join(tmpdir(), 'pixelcl-moduledb-'))
  const threads = torch.getNumThreads()
  const disagreeing: string[] = []
  const unsaved: string[] = []
  const counts = { classes: 0, samples: 0, saved: 0 }
  let names: Names

  beforeAll(async () => {
    torch.setNumThreads(1)
    names = await runPython<Names>(`${PROGRAM}outputs = samples.names()`, { path })
    for (const name of new Set([...names.database, ...names.own].filter(isHere))) {
      counts.classes++
      for (const dtype of ['float32', 'float64'] as const) await check(name, dtype)
    }
  }, 600_000)

  afterAll(() => {
    torch.setNumThreads(threads)
    rmSync(folder, { recursive: true, force: true })
  })

  async function check(name: string, dtype: 'float32' | 'float64'): Promise<void> {
    const computed = await runPython<Computed[]>(`${PROGRAM}outputs = samples.compute_all(inputs['name'], inputs['dtype'])`, {
      path,
      name,
      dtype,
    })
    counts.samples += computed.length
    const files: SavedFile[] = []
    for (const [i, sample] of computed.entries()) {
      const title = `${name} ${dtype} ${sample.training ? 'train' : 'eval'} #${i} ${sample.printed}`
      for (const reason of replay(name, dtype, sample)) disagreeing.push(`${title}: ${reason}`)
      const file = saveForPython(name, dtype, sample, join(folder, `${name}-${dtype}-${i}.pt`))
      if (typeof file === 'string') unsaved.push(`${title}: ${file}`)
      else files.push({ ...file, title })
    }
    const answers = await runPython<SavedResult[]>(`${PROGRAM}outputs = samples.run_all_saved(inputs['files'])`, {
      path,
      files: files.map(({ path, args, training }) => ({ path, args, training })),
    })
    counts.saved += files.length
    for (const [i, { title, sample }] of files.entries()) {
      for (const reason of sample.compareSaved(answers[i]!)) unsaved.push(`${title}: ${reason}`)
    }
  }

  test('more than a hundred classes are compared, in over a thousand samples', () => {
    expect(counts.classes).toBeGreaterThan(100)
    expect(counts.samples).toBeGreaterThan(1000)
  })

  test('weights, printed forms, outputs, gradients and states are equal in every sample, in both modes and dtypes', () => {
    expectWith(disagreeing.length, onePerClass(disagreeing)).toBe(0)
  })

  test('Python switches, runs and trains every saved layer', () => {
    expectWith(unsaved.length, onePerClass(unsaved)).toBe(0)
    expect(counts.saved).toBe(counts.samples)
  })

  test('every class that is here is compared', () => {
    const compared = new Set([...names.database, ...names.own])
    const containers = ['Module', 'ModuleDict', 'ModuleList', 'ParameterDict', 'ParameterList', 'Sequential']
    expect(names.classes.filter((name) => isHere(name) && !compared.has(name) && !containers.includes(name))).toEqual([])
  })

  test('docs/MODULES.md lists the classes that wait', () => {
    expect(report()).toMatchFile('docs/MODULES.md')
  })

  function report(): string {
    const [here, waiting] = [true, false].map((wanted) => names.classes.filter((name) => isHere(name) === wanted)) as [string[], string[]]
    const list = (classes: readonly string[]) => classes.map((name) => `\`${name}\``).join(', ')
    return [
      '# Modules',
      '',
      "The module classes of Python's `torch.nn` 2.13. `__tests__/torch/moduledb` compares those that are here with Python and writes this list.",
      '',
      `## Here (${here.length})`,
      '',
      list(here),
      '',
      '`torch.save(layer, path)` writes each layer as TorchScript, which Python runs and trains in both modes: the same test compares outputs,',
      'gradients and states of all samples. In such a file `ConvTranspose*d` and `MaxUnpool*d` take no `outputSize`, and a list of numbers that',
      'is given to forward, as the lengths of `CTCLoss`, is a tensor. A container that computes nothing is saved as a part of its owner.',
      '',
      `## Waiting (${waiting.length})`,
      '',
      list(waiting),
      '',
    ].join('\n')
  }
})

/** The first reason for each class, for a mistake shows in many samples. */
function onePerClass(reasons: readonly string[]): string {
  const first = new Map<string, string>()
  for (const reason of reasons) {
    const name = reason.split(' ', 1)[0]!
    if (!first.has(name)) first.set(name, reason)
  }
  return [...first.values()].join('\n')
}

function isHere(name: string): boolean {
  return name in torch.nn
}
