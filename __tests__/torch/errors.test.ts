import { describe, expect, test, vi } from 'vitest'
import * as torch from '../../src/torch'
import { runChild } from '../support/child'

// Children share two cores with other test files.
vi.setConfig({ testTimeout: 180_000 })

describe('an error of libtorch', () => {
  test("is of the package's own class, with libtorch's message without its trace, the operator's schema and the arguments", () => {
    const call = () => torch.ones([2, 3]).matmul(torch.ones([2, 3]))
    expect(call).toThrow(torch.TorchError)
    expect(call).toThrow(torch.PixelclError)
    try {
      call()
    } catch (error) {
      const { code, message, schema, nativeStack } = error as torch.TorchError
      expect(code).toBe('TORCH')
      expect(schema).toMatch(/^aten::matmul\(Tensor self, Tensor other\)/)
      expect(message).toMatch(/mat1 and mat2 shapes cannot be multiplied \(2x3 and 2x3\)/)
      expect(message).toMatch(/called with \(float32 \[2, 3\], float32 \[2, 3\]\)/)
      expect(message).not.toMatch(/\.cpp:|0x[0-9a-f]{6}/)
      expect(nativeStack).toMatch(/mat1 and mat2/)
    }
  })

  test('leaves grad mode and threads as they were', () => {
    expect(() => torch.noGrad(() => torch.ones([2]).view([3]))).toThrow(/shape '\[3\]' is invalid/)
    expect(torch.isGradEnabled()).toBe(true)
  })
})

test('errors by the hundred thousand, thrown while tensors are collected, never end the process', async () => {
  const { errors } = await runChild<{ errors: number }>(`
    const x = torch.ones([4])
    let errors = 0
    const end = Date.now() + 8000
    while (Date.now() < end) {
      for (let i = 0; i < 200; i++) {
        x.add(1)
        try { x.item() } catch { errors++ }
        try { x.add({ toString: null }) } catch { errors++ }
      }
    }
    report({ errors })
  `)
  expect(errors).toBeGreaterThan(10_000)
})
