import { describe, expect, jest, test } from '@jest/globals'
import { inspect } from 'node:util'
import * as torch from '../../src/torch'
import { runChild } from '../support/child'
import { leastTime } from '../support/growth'

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
    const failures = () => Array.from({ length: 50 }, fail) as torch.TorchError[]
    const told = leastTime(failures)
    expect(leastTime(() => failures().map((error) => error.nativeStack))).toBeGreaterThan(3 * told)
    const [error] = failures()
    const { nativeStack } = error!
    expect(nativeStack).toMatch(/Exception raised from|frame #0/)
    expect(error!.nativeStack).toBe(nativeStack)
  })

  test('leaves grad mode and threads as they were', () => {
    expect(() => torch.noGrad(() => torch.ones([2]).view([3]))).toThrow(/shape '\[3\]' is invalid/)
    expect(torch.isGradEnabled()).toBe(true)
  })
})

/** An array whose memory went to another thread. */
function detached(): BigInt64Array {
  const array = new BigInt64Array(3)
  structuredClone(array.buffer, { transfer: [array.buffer] })
  return array
}

/** An object without a prototype, which becomes no text. */
const bare = (): object => Object.create(null) as object

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
  [bare()],
  [[bare()]],
  ['cpu', bare()],
  [torch.ones([2]), bare()],
  [Symbol('x')],
  [detached()],
  [torch.ones([2]), detached()],
]

/** Methods that this package alone calls, for subclasses to define or use. */
const FOR_SUBCLASSES = new Set([
  'build',
  'shown',
  'exchange',
  'convertOwnTensors',
  'update',
  'updateGroup',
  'resolved',
  'checkOptions',
  'setRates',
  'listOf',
  'add',
])

/** What updates an optimizer's parameter is the package's own; a dict's `update` is for everybody. */
const isOfDict = (what: string, name: string): boolean => what.startsWith('a dict') && name === 'update'

/** The one form of errors about arguments: the call, then what was expected or what is unknown, missing or given twice. */
const WORDED =
  /^[\w.]+\(\)(: .*(expected|unknown option|unknown dtype|is missing|given (both|twice))| received .*, which no overload takes)/

/** Arguments of the right kind, for which something is not there. */
const ABSENT = /out of range|^there is no (module|parameter|buffer) '|computes nothing: |^Error\(s\) in loading|^no tensor is shared/

/** Calls with wrong arguments that throw something else than an error of the package's own, or one in another form. */
function strangeErrors(name: string, call: (args: unknown[]) => unknown): string[] {
  return wrongArguments().flatMap((args) => {
    try {
      call(args)
      return []
    } catch (error) {
      const isStrange =
        error instanceof torch.ArgumentError
          ? !WORDED.test(error.message) && !ABSENT.test(error.message)
          : !(error instanceof torch.PixelclError)
      return isStrange ? [`${name}(${inspect(args)}): ${String(error)}`] : []
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
      init: torch.nn.init,
      utils: torch.nn.utils,
      jit: torch.jit,
      safetensors: torch.safetensors,
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

  test.each([
    ['a module', () => new torch.nn.BatchNorm2d(2)],
    ['a container', () => new torch.nn.Sequential(new torch.nn.Linear(1, 1))],
    ['a list of modules', () => new torch.nn.ModuleList()],
    ['a dict of modules', () => new torch.nn.ModuleDict()],
    ['a dict of parameters', () => new torch.nn.ParameterDict()],
    ['an optimizer', () => new torch.optim.SGD([torch.ones([2])], { lr: 1 })],
    ['a scheduler', () => new torch.optim.lrScheduler.StepLR(new torch.optim.SGD([torch.ones([2])], { lr: 1 }), 1)],
    ['a generator', () => new torch.Generator()],
  ])('of every method of %s do so, too', (what, make) => {
    const names = new Set<string>()
    for (let level = Object.getPrototypeOf(make()) as object; level !== Object.prototype; level = Object.getPrototypeOf(level) as object)
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level)))
        if (typeof value === 'function' && !/^(constructor|_)/.test(name) && (!FOR_SUBCLASSES.has(name) || isOfDict(what, name)))
          names.add(name)
    expect(names.size).toBeGreaterThan(4)
    const call = (name: string) => (args: unknown[]) =>
      (make() as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!(...args)
    expect([...names].flatMap((name) => strangeErrors(`${what}.${name}`, call(name)))).toEqual([])
  })

  test('of every class do so, too', () => {
    const spaces = { nn: torch.nn, optim: torch.optim, lrScheduler: torch.optim.lrScheduler, torch }
    const classes = Object.entries(spaces).flatMap(([space, members]) =>
      Object.entries(members)
        .filter(([name, member]) => typeof member === 'function' && /^[A-Z]/.test(name) && !/Error$/.test(name))
        .map(([name, member]) => [`${space}.${name}`, member as unknown as new (...args: unknown[]) => unknown] as const),
    )
    expect(classes.length).toBeGreaterThan(140)
    expect(classes.flatMap(([name, Class]) => strangeErrors(`new ${name}`, (args) => new Class(...args)))).toEqual([])
  })
})

describe('a value that only looks like the kind that is wanted', () => {
  const { functional: F } = torch.nn
  const x = torch.ones([1, 1, 4, 4])
  const holes = new Array<number>(2)
  test.each<[string, () => unknown, RegExp]>([
    [
      'a module, which has a method float',
      () => new torch.nn.BatchNorm1d(2, { eps: new torch.nn.Linear(1, 1) as never }),
      /eps: expected a number/,
    ],
    ['a complex number', () => F.leakyRelu(x, { real: 1, imag: 2 } as never), /negativeSlope: expected a number but received/],
    ['a float of text', () => torch.add(x, { float: 'a' } as never), /add\(\)/],
    ['a complex tensor', () => F.dropout(x, torch.tensor(1, { dtype: 'complex64' }) as never), /p: expected a number from 0 to 1/],
    ['a whole number beyond 64 bits', () => new torch.nn.Linear(1e300, 1), /inFeatures: expected a whole number/],
    ['a bigint beyond 64 bits', () => new torch.nn.Linear(2n ** 70n, 1), /inFeatures: expected a whole number/],
    [
      'a typed array of fractions',
      () => new torch.nn.Conv2d(1, 1, new Float32Array([1.5, 2]) as never),
      /kernelSize: expected a whole number/,
    ],
    [
      'a typed array of another length',
      () => new torch.nn.Conv2d(1, 1, new Int32Array(3).fill(1) as never),
      /kernelSize: expected a whole number/,
    ],
    ['a view of bytes', () => new torch.nn.LayerNorm(new DataView(new ArrayBuffer(8)) as never), /normalizedShape: expected/],
    ['an array with holes', () => F.avgPool2d(x, holes), /avgPool2d\(\): kernelSize: expected/],
    [
      'an object that is no generator',
      () => torch.nn.init.normal_(x.clone(), { generator: { _g: 1 } as never }),
      /generator: expected a Generator/,
    ],
    [
      'a list of other things',
      () => torch.nn.utils.clipGradNorm_([1] as never, 1),
      /clipGradNorm_\(\): parameters: expected a Tensor or a list of them/,
    ],
    [
      'a device that there is not',
      () => new torch.nn.InstanceNorm1d(2, { device: 'gpu' as never }),
      /device: expected a device, such as 'cpu'/,
    ],
  ])('is refused: %s', (_, call, message) => {
    expect(call).toThrow(torch.ArgumentError)
    expect(call).toThrow(message)
  })

  test('is refused by an operator in the same words', () => {
    expect(() => x.softmax(1.5)).toThrow(/^softmax\(\): dim: expected a whole number but received/)
    expect(() => torch.zeros([1], { dtype: 'flaot32' as never })).toThrow(/^\w+\(\): dtype: unknown dtype 'flaot32'/)
  })

  test('is taken where it is one: bigints, and typed arrays of whole numbers', () => {
    expect(new torch.nn.Conv2d(1, 1, new Float32Array([3, 2]) as never).weight.shape).toEqual([1, 1, 3, 2])
    expect(F.maxUnpool1d(torch.ones([1, 1, 2]), torch.tensor([[[0n, 3n]]]), 2n).shape).toEqual([1, 1, 4])
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
