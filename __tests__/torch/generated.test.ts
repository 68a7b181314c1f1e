import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { native } from '../../src/native'
import * as torch from '../../src/torch'
import { camelCase } from '../../src/torch/dispatch/signature'
import { pythonPath, runPython } from '../support/python'

const root = join(__dirname, '../..')
const generated = join(root, 'src/torch/generated')

describe('the generated surface', () => {
  it('is what the schemas of the installed torch give: `npm run generate` writes it anew', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pixelcl-generate-'))
    try {
      execFileSync(pythonPath(), [join(root, 'scripts/generate/surface.py'), folder])
      expect(readdirSync(folder).sort()).toEqual(readdirSync(generated).sort())
      for (const file of readdirSync(folder))
        expect(readFileSync(join(folder, file), 'utf8') === readFileSync(join(generated, file), 'utf8'), file).toBe(true)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('names only overloads that the loaded libtorch has', () => {
    const missing = readdirSync(generated).flatMap((file) =>
      [...readFileSync(join(generated, file), 'utf8').matchAll(/operator\('(\w+)', '(\w*)'\)/g)].filter(
        ([, name, overload]) => native.schema(`aten::${name}`, overload!) === null,
      ),
    )
    expect(missing.map(([text]) => text)).toEqual([])
  })

  it('has the methods that Python has', async () => {
    const { names } = await runPython<{ names: string[] }>(`
      outputs = {'names': [n for n in dir(torch._C.TensorBase) + dir(torch.Tensor) if callable(getattr(torch.Tensor, n, None)) and not n.startswith('_')]}
    `)
    const missing = [...new Set(names.map(camelCase))].filter((name) => !(name in torch.Tensor.prototype)).sort()
    expect(missing).toEqual(METHODS_LEFT_OUT)
  })

  it('has the functions that Python has', async () => {
    const { names } = await runPython<{ names: string[] }>(`
      import builtins
      outputs = {'names': [n for n in torch.__all__ + dir(torch._C._VariableFunctions) if not n.startswith('_') and type(getattr(torch, n, None)).__name__ == 'builtin_function_or_method']}
    `)
    const missing = [...new Set(names.map(camelCase))].filter((name) => !(name in torch)).sort()
    expect(missing).toEqual(FUNCTIONS_LEFT_OUT)
  })
})

const METHODS_LEFT_OUT: string[] = []

const FUNCTIONS_LEFT_OUT: string[] = []
