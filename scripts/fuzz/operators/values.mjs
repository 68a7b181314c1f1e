// Values that callers give and values that no caller should give. Each has a text for the report, and code for Python if it has a form there.
import { createRequire } from 'node:module'
import { Socket } from 'node:net'

const require = createRequire(import.meta.url)

const NUMBERS = [
  0,
  -0,
  1,
  -1,
  2,
  3,
  -2,
  7,
  0.5,
  -1.5,
  1e-300,
  NaN,
  Infinity,
  -Infinity,
  255,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 40,
]
const LARGE_NUMBERS = [2 ** 53, -(2 ** 53), 2 ** 62, 2 ** 63, -(2 ** 63), 1e308, -1e308]
const BIGINTS = [0n, 1n, -1n, 2n ** 31n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, 2n ** 64n, -(2n ** 100n)]
const STRINGS = [
  '',
  'float32',
  'float64',
  'int64',
  'uint8',
  'bool',
  'complex64',
  'bfloat16',
  'float8_e5m2',
  'qint8',
  'cpu',
  'cuda:0',
  'cpu:7',
  'meta',
  'mkldnn',
  'xla:-1',
  'strided',
  'sparseCoo',
  'sparseCsr',
  'jagged',
  'channelsLast',
  'preserveFormat',
  'sum',
  'mean',
  'none',
  'max',
  'reflect',
  'bilinear',
  'nearest',
  'fro',
  'nuc',
  'reduced',
  'floor',
  'trunc',
  'ij',
  'ij,jk->ik',
  'left',
  '\0',
  'é'.repeat(5000),
  '__proto__',
  'constructor',
]
const WORDS = {
  dtype: [
    'float32',
    'float64',
    'float16',
    'bfloat16',
    'int64',
    'int32',
    'uint8',
    'bool',
    'complex64',
    'complex128',
    'qint8',
    'quint8',
    'qint32',
    'float8_e5m2',
  ],
  layout: ['strided', 'sparseCoo', 'sparseCsr', 'sparseCsc', 'sparseBsr', 'sparseBsc'],
  device: ['cpu', 'meta'],
  memory: ['contiguousFormat', 'preserveFormat', 'channelsLast', 'channelsLast3d'],
}
const OPTIONS = [
  'dim',
  'dims',
  'keepdim',
  'dtype',
  'device',
  'layout',
  'memoryFormat',
  'generator',
  'alpha',
  'beta',
  'value',
  'requiresGrad',
  'out',
  'p',
  'eps',
  'size',
  'mode',
  'reduction',
  'weight',
  'bias',
  'stride',
  'padding',
  'output_size',
  'outputSize',
  'input',
  'other',
  'self',
  'min',
  'max',
  'n',
  'k',
  'nonsense',
  '__proto__',
  'length',
  'hook',
  'gradient',
  'retainGraph',
  'inputs',
]

function detached(array) {
  structuredClone(null, { transfer: [array.buffer] })
  return array
}

function cyclicArray() {
  const array = [1, 2]
  array.push(array)
  return array
}

function cyclicObject() {
  const object = { dim: 0 }
  object.self = object
  return object
}

function revoked(target) {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

const thrower = () => {
  throw new RangeError('a hostile getter')
}

/** An external that is not this package's: libuv's stream of a pipe. */
function foreignExternal() {
  const { Pipe, constants } = process.binding('pipe_wrap')
  const handle = new Pipe(constants.SOCKET)
  const socket = new Socket({ handle })
  socket.unref()
  return handle._externalStream
}

/** Values that are the same in every call. */
function oddities(torch) {
  const external = foreignExternal()
  const fake = (handle) => Object.create(torch.Tensor.prototype, { _h: { value: handle } })
  const throwing = {}
  for (const key of ['dim', 'dtype', 'size', 'length', '_h', '_g', 'float', 'real', 'imag', Symbol.iterator, Symbol.toPrimitive, 'then'])
    Object.defineProperty(throwing, key, { get: thrower, enumerable: true })
  const throwingArray = [1, 2, 3]
  Object.defineProperty(throwingArray, 1, { get: thrower })
  const shrinking = [1, 2, 3, 4]
  Object.defineProperty(shrinking, 0, { get: () => ((shrinking.length = 1), 1) })
  const lying = Object.create(null)
  lying.dim = { valueOf: thrower, toString: thrower }
  return [
    ['a symbol', Symbol('hostile')],
    ['a function', () => 1],
    ['a function that throws', thrower],
    ['an async function', async () => 1],
    ['a class', class Hostile extends Map {}],
    ['a cyclic array', cyclicArray()],
    ['a cyclic object', cyclicObject()],
    ['an object of getters that throw', throwing],
    ['an array whose element throws', throwingArray],
    ['an array that shrinks while it is read', shrinking],
    ['a sparse array', [, 1, , 2]],
    ['an array of a million', new Array(1e6).fill(1)],
    ['a deep array', Array.from({ length: 200 }).reduce((inner) => [inner], 1)],
    ['an object without a prototype', lying],
    ['a proxy of an array', new Proxy([1, 2], {})],
    ['a proxy that throws', new Proxy([1, 2], { get: thrower, has: thrower, ownKeys: thrower, getPrototypeOf: thrower })],
    ['a revoked proxy', revoked([])],
    ['a proxy of a tensor', new Proxy(torch.ones([2]), {})],
    ['a detached Float32Array', detached(new Float32Array(4))],
    ['a detached BigInt64Array', detached(new BigInt64Array(4))],
    ['a shared Float32Array', new Float32Array(new SharedArrayBuffer(16))],
    ['a Float32Array', new Float32Array([1, 2])],
    ['an Int32Array', new Int32Array([1, 0])],
    ['a BigUint64Array', new BigUint64Array([2n ** 64n - 1n])],
    ['a DataView', new DataView(new ArrayBuffer(8))],
    ['an ArrayBuffer', new ArrayBuffer(8)],
    ['a Date', new Date(NaN)],
    ['a Map', new Map([[1, 2]])],
    ['a Set', new Set([1])],
    ['a promise', Promise.resolve(1)],
    ['an external of another addon', external],
    ['a tensor with a foreign external', fake(external)],
    ['a tensor without a handle', fake(undefined)],
    ['a tensor whose handle is a number', fake(7)],
    ['a tensor whose handle is a tensor', fake(torch.ones([1]))],
    ['a tensor whose handle is a generator', fake(torch.defaultGenerator()._g)],
    ['an object with a foreign generator', { _g: external }],
    ['an object with a tensor as generator', { _g: torch.ones([1])._h }],
    ['a bare handle', torch.ones([1])._h],
    ['a generator', torch.defaultGenerator()],
    ['a float', torch.float(1)],
    ['a complex number', { real: 1, imag: NaN }],
    ['a slice', torch.slice(0, 2)],
    ['a strange slice', torch.slice(-(2 ** 53), 2 ** 53, 2 ** 40)],
    ['the Tensor class', torch.Tensor],
    ['process', process],
    ['require', require],
  ]
}

/** Tensors of many kinds: JavaScript, and Python where it is written otherwise than by `python()`. */
const TENSORS = {
  'float32 [2, 3]': (t) => t.randn([2, 3]),
  'float32 [3]': (t) => t.randn([3]),
  'float32 []': (t) => t.tensor(0.5),
  'float32 [0]': (t) => t.zeros([0]),
  'float32 [2, 0, 3]': (t) => t.zeros([2, 0, 3]),
  'float32 [2, 2]': (t) => t.randn([2, 2]),
  'float32 [3, 3]': (t) => t.randn([3, 3]),
  'float32 [5, 1, 4]': (t) => t.randn([5, 1, 4]),
  'float32 [1, 3, 4]': (t) => t.randn([1, 3, 4]),
  'float32 [1, 3, 4, 4]': (t) => t.randn([1, 3, 4, 4]),
  'float32 [3, 3, 2, 2]': (t) => t.randn([3, 3, 2, 2]),
  'float32 [1, 2, 3, 3, 3]': (t) => t.randn([1, 2, 3, 3, 3]),
  'float32 [2, 3] of NaN': (t) => t.full([2, 3], NaN),
  'float32 [4] of Infinity': (t) => t.full([4], Infinity),
  'float32 [3] of 1e30': (t) => t.full([3], 1e30),
  'float64 [2, 3]': (t) => t.ones([2, 3], { dtype: 'float64' }),
  'float64 [3, 3]': (t) => t.eye(3, { dtype: 'float64' }),
  'bfloat16 [2, 3]': (t) => t.ones([2, 3], { dtype: 'bfloat16' }),
  'float16 [3]': (t) => t.ones([3], { dtype: 'float16' }),
  'float8 [2, 3]': (t) => t.ones([2, 3]).to('float8_e5m2'),
  'complex64 [2, 2]': (t) => t.ones([2, 2], { dtype: 'complex64' }),
  'complex128 [3, 3]': (t) => t.eye(3, { dtype: 'complex128' }),
  'a conjugate view': (t) => t.ones([2, 2], { dtype: 'complex64' }).conj(),
  'a negative view': (t) => t.ones([2, 2], { dtype: 'complex64' }).conj().imag,
  'int64 [3]': (t) => t.tensor([0n, 1n, 2n]),
  'int64 [2]': (t) => t.tensor([1n, 2n]),
  'int64 [3] out of range': (t) => t.tensor([-(2n ** 63n), 2n ** 62n, 99n]),
  'int64 [2, 2]': (t) => t.zeros([2, 2], { dtype: 'int64' }),
  'int64 [2, 2] of 10^9': (t) => t.full([2, 2], 10n ** 9n),
  'int64 [0]': (t) => t.zeros([0], { dtype: 'int64' }),
  'int64 [] of -1': (t) => t.tensor(-1n),
  'int32 [2]': (t) => t.tensor([1n, -5n], { dtype: 'int32' }),
  'int32 [3] of 2^30': (t) => t.full([3], 2n ** 30n, { dtype: 'int32' }),
  'int16 [2, 3]': (t) => t.ones([2, 3], { dtype: 'int16' }),
  'uint8 [4]': (t) => t.full([4], 255n, { dtype: 'uint8' }),
  'uint16 [3]': (t) => t.ones([3]).to('uint16'),
  'bool [2, 3]': (t) => t.ones([2, 3], { dtype: 'bool' }),
  'bool [3]': (t) => t.tensor([true, false, true]),
  'float32 [2, 3] that requires a gradient': (t) => t.ones([2, 3], { requiresGrad: true }),
  'a result of the graph': (t) => t.ones([2, 2], { requiresGrad: true }).mul(2),
  'a transposed view': (t) => t.randn([3, 2]).t(),
  'an expanded view': (t) => t.ones([1]).expand([3, 3]),
  'a wide expanded view': (t) => t.ones([1]).expand([1024, 1024]),
  'a view from an offset': (t) => t.randn([10]).narrow(0, 7, 3),
  'a meta tensor': (t) => t.empty([2, 3], { device: 'meta' }),
  'a sparse tensor': (t) => t.eye(3).toSparse(),
  'an uncoalesced sparse tensor': (t) => t.sparseCooTensor([[0, 0, 2]], [1, 2, 3], [3]),
  'a hybrid sparse tensor': (t) => t.sparseCooTensor([[0, 2]], t.ones([2, 3]), [3, 3]),
  'a sparse CSR tensor': (t) => t.eye(3).toSparseCsr(),
  'a sparse CSC tensor': (t) => t.eye(3).toSparseCsc(),
  'a sparse BSR tensor': (t) => t.eye(4).toSparseBsr([2, 2]),
  'a channels-last tensor': (t) => t.randn([1, 3, 4, 4]).contiguous('channelsLast'),
  'quint8 [2, 3]': (t) => t.quantizePerTensor(t.randn([2, 3]), 0.1, 10, 'quint8'),
  'qint32 [2, 3]': (t) => t.quantizePerTensor(t.randn([2, 3]), 0.1, 0, 'qint32'),
  'quint8 [1, 3, 4, 4]': (t) => t.quantizePerTensor(t.randn([1, 3, 4, 4]), 0.1, 10, 'quint8'),
  'qint8 [2, 3] per channel': (t) => t.quantizePerChannel(t.randn([2, 3]), t.ones([2]), t.zeros([2], { dtype: 'int64' }), 0, 'qint8'),
  'mkldnn [2, 3]': (t) => t.randn([2, 3]).toMkldnn(),
  'mkldnn [3]': (t) => t.randn([3]).toMkldnn(),
  'mkldnn [1, 3, 4, 4]': (t) => t.randn([1, 3, 4, 4]).toMkldnn(),
  'zeros of autograd': (t) => {
    const x = t.ones([3], { requiresGrad: true })
    x.sgn().sum().backward()
    return x.grad
  },
}

/** The same tensor in Python, from the code that makes it here. */
function pythonTensor(name) {
  if (name === 'zeros of autograd') return 'torch._efficientzerotensor(3)'
  const code = TENSORS[name].toString().replace(/^\(t\) => /, '')
  return pythonCode(code.replace(/\bt\.(?=[a-z])/g, 'torch.'))
}

/** Python code of an expression that only calls torch: names in snake case, options as keyword arguments. */
function pythonCode(code) {
  return code
    .replace(/\{ (\w+): ([^}]*) \}/g, '$1=$2')
    .replace(/(dtype=)'(\w+)'/g, '$1torch.$2')
    .replace(/'(q?u?int\d+|float8_e5m2)'/g, 'torch.$1')
    .replace(/'channelsLast'/g, 'memory_format=torch.channels_last')
    .replace(/\b(\d+)n\b/g, '$1')
    .replace(/\bNaN\b/g, "float('nan')")
    .replace(/\bInfinity\b/g, "float('inf')")
    .replace(/\btrue\b/g, 'True')
    .replace(/\bfalse\b/g, 'False')
    .replace(/[a-z][A-Za-z0-9_]*/g, (word) => (/['"]/.test(word) ? word : snake(word)))
}

export const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const NAMED = {
  layout: (text) => `torch.${snake(text)}`,
  dtype: (text) => `torch.${text}`,
  memory: (text) => `torch.${snake(text)}`,
}

/** A drawn value: its text, what makes it, and Python's code for it, null if Python has none. */
const value = (text, made, python = null) => ({ text, made, python })

const number = (given) => {
  const text = typeof given === 'bigint' ? `${given}n` : Object.is(given, -0) ? '-0' : String(given)
  const python =
    typeof given === 'bigint' ? String(given) : Number.isNaN(given) || !Number.isFinite(given) ? `float('${given}')` : wholeOrNot(given)
  return value(text, given, python.replace('Infinity', 'inf'))
}

const wholeOrNot = (given) =>
  Number.isInteger(given) && !Object.is(given, -0) ? String(BigInt(given)) : Object.is(given, -0) ? '-0.0' : String(given)

const list = (items, wrap = (values) => values) =>
  value(
    `[${items.map(({ text }) => text).join(', ')}]`,
    wrap(items.map(({ made }) => made)),
    items.some(({ python }) => python === null) ? null : `[${items.map(({ python }) => python).join(', ')}]`,
  )

const string = (text) => value(JSON.stringify(text.slice(0, 30)), text, JSON.stringify(text))

const boolean = (flag) => value(String(flag), flag, flag ? 'True' : 'False')

const NONE = value('null', null, 'None')

/** Draws values, each from the generator alone, so that one call can be made again without those before it. */
export class Values {
  /** @param splitTop - Splits a kind's code at separators outside of brackets, as the library does. */
  constructor(torch, splitTop) {
    this.torch = torch
    this.splitTop = splitTop
    this.odd = oddities(torch).map(([text, made]) => value(text, made))
    this.names = Object.keys(TENSORS)
  }

  pick(random, list) {
    return list[Math.floor(random() * list.length)]
  }

  number(random) {
    return number(this.pick(random, random() < 0.85 ? NUMBERS.slice(0, random() < 0.7 ? 11 : NUMBERS.length) : LARGE_NUMBERS))
  }

  tensor(random) {
    if (random() < 0.01) {
      const disposed = this.torch.ones([2])
      disposed.dispose()
      return value('a disposed tensor', disposed)
    }
    // Common ones often, so that calls get through to the kernels.
    const name = this.pick(random, random() < 0.4 ? this.names.slice(0, 12) : this.names)
    return value(name, TENSORS[name](this.torch), pythonTensor(name))
  }

  /** A value of a plausible kind, so that calls get through to the operators: only its size, its dtype or its range is wrong. */
  plausible(random) {
    const kind = random()
    if (kind < 0.5) return this.tensor(random)
    if (kind < 0.72) return this.number(random)
    if (kind < 0.77) return this.pick(random, [boolean(true), boolean(false), NONE])
    if (kind < 0.82) return string(this.pick(random, STRINGS))
    const items = (draw) => list(Array.from({ length: Math.floor(random() * 4) }, draw))
    if (kind < 0.94) return items(() => (random() < 0.8 ? number(Math.floor(random() * 5) - 1) : this.number(random)))
    return items(() => this.tensor(random))
  }

  /** A value of a kind as signatures write it, such as `T`, `i[2]`, `f<0..1>?` or `(none|mean|sum)`: of the right type, and often of a wrong size or range. */
  ofKind(random, given) {
    const code = given.replace(/=.*$/, '')
    const alternatives = this.splitTop(code, '|')
    if (alternatives.length > 1) return this.ofKind(random, this.pick(random, alternatives))
    if (code.startsWith('(')) {
      const words = code.slice(1, code.indexOf(')')).split('|')
      return string(random() < 0.9 ? this.pick(random, words) : this.pick(random, STRINGS))
    }
    const [, letter, nulls, size, optional] = /^(\S)(?:<[^>]*>)?(\?)?(\[[^\]]*\])?(\?)?$/.exec(code) ?? [undefined, '*']
    if ((optional ?? (size === undefined ? nulls : undefined)) !== undefined && random() < 0.2) return NONE
    if (size === undefined) return this.ofLetter(random, letter)
    if (random() < 0.01) return this.pick(random, this.odd)
    return list(
      Array.from({ length: Math.floor(random() * 4) }, () =>
        nulls !== undefined && random() < 0.2 ? NONE : this.ofLetter(random, letter),
      ),
    )
  }

  ofLetter(random, letter) {
    const word = (kind) => {
      const text = this.pick(random, WORDS[kind])
      return random() < 0.9
        ? value(JSON.stringify(text), text, NAMED[kind]?.(text) ?? JSON.stringify(text))
        : string(this.pick(random, STRINGS))
    }
    switch (letter) {
      case 'T':
        return this.tensor(random)
      case 'p':
        return list([this.tensor(random)])
      case 'i':
        if (random() < 0.75) return number(Math.floor(random() * 6) - 2)
        return random() < 0.6 ? number(this.pick(random, NUMBERS.filter(Number.isInteger))) : number(this.pick(random, BIGINTS))
      case 'b':
        return boolean(random() < 0.5)
      case 'g':
        return value('a generator', this.torch.defaultGenerator(), 'torch.default_generator')
      case 's':
        return string(this.pick(random, STRINGS))
      case 'd':
        return word('dtype')
      case 'l':
        return word('layout')
      case 'v':
        return word('device')
      case 'm':
        return word('memory')
      default:
        return this.number(random)
    }
  }

  draw(random, depth = 0) {
    const kind = random()
    if (kind < 0.34) return this.tensor(random)
    if (kind < 0.52) return this.number(random)
    if (kind < 0.56) return number(this.pick(random, BIGINTS))
    if (kind < 0.64) return string(this.pick(random, STRINGS))
    if (kind < 0.7) return this.pick(random, [NONE, value('undefined', undefined), boolean(true), boolean(false)])
    if (kind < 0.83 && depth < 3) {
      const same = random() < 0.7 ? this.pick(random, ['number', 'tensor']) : null
      const item = () => (same === 'number' ? this.number(random) : same === 'tensor' ? this.tensor(random) : this.draw(random, depth + 1))
      return list(Array.from({ length: Math.floor(random() * 5) }, item))
    }
    if (kind < 0.9 && depth < 2) {
      const entries = Array.from({ length: 1 + Math.floor(random() * 2) }, () => [this.pick(random, OPTIONS), this.draw(random, depth + 1)])
      return options(entries)
    }
    return this.pick(random, this.odd)
  }
}

/** The last object of a call, whose entries are keyword arguments in Python. */
export function options(entries) {
  return {
    text: `{ ${entries.map(([key, { text }]) => `${key}: ${text}`).join(', ')} }`,
    made: Object.fromEntries(entries.map(([key, { made }]) => [key, made])),
    python: entries.some(([, { python }]) => python === null)
      ? null
      : entries.map(([key, { python }]) => `${snake(key)}=${python}`).join(', '),
  }
}
