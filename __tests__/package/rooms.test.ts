import { describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { circles, importsUnder, reachable } from '../support/imports'
import { root } from './project'

const imports = importsUnder(join(root, 'src'))

describe('imports', () => {
  test('are read with what is left of them at run time', () => {
    expect(imports.size).toBeGreaterThan(200)
    expect(imports.get('src/torch/tensor/base.ts')).toEqual([
      { file: 'src/common/describe.ts', isTypeOnly: false },
      { file: 'src/native/index.ts', isTypeOnly: false },
      { file: 'src/torch/tensor/tensor.ts', isTypeOnly: true },
    ])
    expect(imports.get('src/cli/program.ts')!.map(({ file }) => file)).toContain('src/cli/commands/pretrain.ts')
  })

  test('form no circle at run time', () => {
    expect(circles(imports, ({ isTypeOnly }) => !isTypeOnly)).toEqual([])
  })

  test('form one circle of types, around Tensor', () => {
    const found = circles(imports, () => true)
    expect(found.map((circle) => circle.includes('src/torch/tensor/tensor.ts'))).toEqual([true])
    const run = reachable(imports, 'src/torch/tensor/tensor.ts', ({ isTypeOnly }) => !isTypeOnly)
    const named = found[0]!.filter((file) => !run.has(file))
    expect(named).toEqual(['src/torch/generated/declared/autograd-signatures.ts', 'src/torch/generated/results.ts', 'src/torch/random.ts'])
    expect(found[0]!.length).toBeLessThanOrEqual(35)
  })
})

/** The lines of `text` that lint reports as imports across a border, were it that file's; rules that ask for types leave .mjs out. */
function refused(file: string, text: string): number[] {
  const eslint = join(root, 'node_modules', 'eslint', 'bin', 'eslint.js')
  const { stdout } = spawnSync(process.execPath, [eslint, '--stdin', '--stdin-filename', join(root, file), '--format', 'json'], {
    cwd: root,
    input: text,
    encoding: 'utf8',
  })
  const [result] = JSON.parse(stdout) as { messages: { ruleId: string; line: number }[] }[]
  return result!.messages.filter(({ ruleId }) => ruleId === 'import-x/no-restricted-paths').map(({ line }) => line)
}

describe('lint', () => {
  test('lets a room import from those below it, by their doors', () => {
    const lines = [
      `export * from '../torch'`,
      `export * from '../torch/internal'`,
      `export * from '../torch/tensor/tensor'`,
      `export * from '../pixelcl'`,
      `export * from './models/resnet'`,
      `export * from '../common/text'`,
    ]
    expect(refused('src/vision/file.mjs', lines.join('\n'))).toEqual([3, 4])
  })

  test.each(['tensor', 'call', 'functional'])('lets src/torch/%s import nothing that is built on Tensor', (room) => {
    const lines = [
      `export * from '../nn'`,
      `export * from '../optim/optimizer'`,
      `import type { Linear } from '../nn/layers/linear'`,
      `export * from '../call/aten'`,
    ]
    expect(refused(`src/torch/${room}/file.mjs`, lines.join('\n'))).toEqual([1, 2, 3])
  })

  test('lets the rooms built on Tensor import one way', () => {
    expect(refused('src/torch/nn/file.mjs', `export * from '../optim'\nexport * from '../random'`)).toEqual([1])
    expect(refused('src/torch/jit/file.mjs', `export * from '../nn'\nexport * from '../serialization'`)).toEqual([2])
  })
})
