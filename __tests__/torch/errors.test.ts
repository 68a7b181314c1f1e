import { describe, expect, jest, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { runChild } from '../support/child'

// Children share two cores with other test files.
jest.setTimeout(180_000)

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

  test('puts its trace into words only when somebody reads it, for that takes milliseconds', () => {
    const [x, y] = [torch.ones([2, 3]), torch.ones([2, 3])]
    const fail = () => {
      try {
        return x.matmul(y)
      } catch (error) {
        return error as torch.TorchError
      }
    }
    fail()
    const began = process.cpuUsage()
    const errors = Array.from({ length: 200 }, fail) as torch.TorchError[]
    const { user, system } = process.cpuUsage(began)
    expect((user + system) / errors.length).toBeLessThan(1000)
    const { nativeStack } = errors[7]!
    expect(nativeStack).toMatch(/Exception raised from|frame #0/)
    expect(errors[7]!.nativeStack).toBe(nativeStack)
  })

  test('leaves grad mode and threads as they were', () => {
    expect(() => torch.noGrad(() => torch.ones([2]).view([3]))).toThrow(/shape '\[3\]' is invalid/)
    expect(torch.isGradEnabled()).toBe(true)
  })
})

const wrongArguments = (): unknown[][] => [
  [],
  [5],
  [undefined, 2],
  ['x'],
  [null],
  [[1, 2]],
  [{}],
  [torch.ones([2]), 'x'],
  [torch.ones([2]), null, {}],
  [torch.ones([2, 2]), { foo: 1 }],
  [torch.ones([2]), torch.ones([2]), 5, 'q'],
  [[torch.ones([2]), 5]],
]

/** Calls with wrong arguments that throw something else than an error of the package's own. */
function strangeErrors(name: string, call: (args: unknown[]) => unknown): string[] {
  return wrongArguments().flatMap((args) => {
    try {
      call(args)
      return []
    } catch (error) {
      return error instanceof torch.PixelclError ? [] : [`${name}(${args.map(String).join(', ')}): ${String(error)}`]
    }
  })
}

describe('wrong arguments', () => {
  test('of every function of torch give an error that says so, and end nothing', () => {
    const spaces = {
      torch,
      linalg: torch.linalg,
      fft: torch.fft,
      special: torch.special,
      functional: torch.nn.functional,
      sparse: torch.sparse,
      autograd: torch.autograd,
      cuda: torch.cuda,
    }
    const functions = Object.entries(spaces).flatMap(([space, members]) =>
      Object.entries(members).flatMap(([name, member]) =>
        typeof member === 'function' && /^[a-z]/.test(name) ? [[`${space}.${name}`, member] as const] : [],
      ),
    )
    // These set the state of the process, or take any value.
    const callable = functions.filter(
      ([name]) => !/(setNumThreads|setDefaultDtype|setCacheLimit|setGradEnabled|manualSeed|\.save|\.load)$/.test(name),
    )
    expect(callable.length).toBeGreaterThan(500)
    expect(
      callable.flatMap(([name, member]) => strangeErrors(name, (args) => (member as (...args: unknown[]) => unknown)(...args))),
    ).toEqual([])
    torch.setPrintoptions()
  })

  test('of every method of a tensor do so, too', () => {
    const names = new Set<string>()
    for (let level: object = torch.Tensor.prototype; level !== Object.prototype; level = Object.getPrototypeOf(level) as object) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
        if (typeof value === 'function' && !/^(constructor|dispose|_)/.test(name)) names.add(name)
      }
    }
    expect(names.size).toBeGreaterThan(500)
    const call = (name: string) => (args: unknown[]) =>
      (torch.ones([2, 2]) as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!(...args)
    expect([...names].flatMap((name) => strangeErrors(`Tensor.${name}`, call(name)))).toEqual([])
  })
})

test('errors by the hundred thousand, thrown while tensors are collected, never end the process', async () => {
  const { errors } = await runChild<{ errors: number }>(`
    const x = torch.ones([4])
    let errors = 0
    while (errors < 100000) {
      for (let i = 0; i < 200; i++) {
        x.add(1)
        try { x.item() } catch { errors++ }
        try { x.add({ toString: null }) } catch { errors++ }
      }
    }
    report({ errors })
  `)
  expect(errors).toBe(100_000)
})
