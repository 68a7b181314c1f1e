// Values that no caller should give, each with a name for the report.
import { createRequire } from 'node:module'
import { Socket } from 'node:net'

const require = createRequire(import.meta.url)

/** Numbers in 0…1 from a seed, the same on every machine (mulberry32). */
export function generator(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

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

/** Tensors of many kinds, made anew so that in-place operators may spoil them. */
function tensors(torch) {
  const made = {
    'float32 [2, 3]': torch.randn([2, 3]),
    'float32 [3]': torch.randn([3]),
    'float32 []': torch.tensor(0.5),
    'float32 [0]': torch.zeros([0]),
    'float32 [2, 0, 3]': torch.zeros([2, 0, 3]),
    'float32 [2, 2]': torch.randn([2, 2]),
    'float32 [1, 3, 4, 4]': torch.randn([1, 3, 4, 4]),
    'float32 [1, 2, 3, 3, 3]': torch.randn([1, 2, 3, 3, 3]),
    'float32 [2, 3] of NaN': torch.full([2, 3], NaN),
    'float32 [4] of Infinity': torch.full([4], Infinity),
    'float64 [2, 3]': torch.ones([2, 3], { dtype: 'float64' }),
    'bfloat16 [2, 3]': torch.ones([2, 3], { dtype: 'bfloat16' }),
    'float16 [3]': torch.ones([3], { dtype: 'float16' }),
    'complex64 [2, 2]': torch.ones([2, 2], { dtype: 'complex64' }),
    'int64 [3]': torch.tensor([0n, 1n, 2n]),
    'int64 [3] out of range': torch.tensor([-(2n ** 63n), 2n ** 62n, 99n]),
    'int64 [2, 2]': torch.zeros([2, 2], { dtype: 'int64' }),
    'int64 [] of -1': torch.tensor(-1n),
    'int32 [2]': torch.tensor([1n, -5n], { dtype: 'int32' }),
    'uint8 [4]': torch.full([4], 255n, { dtype: 'uint8' }),
    'bool [2, 3]': torch.ones([2, 3], { dtype: 'bool' }),
    'float32 [2, 3] that requires a gradient': torch.ones([2, 3], { requiresGrad: true }),
    'a result of the graph': torch.ones([2, 2], { requiresGrad: true }).mul(2),
    'a transposed view': torch.randn([3, 2]).t(),
    'an expanded view': torch.ones([1]).expand([3, 3]),
    'a meta tensor': torch.empty([2, 3], { device: 'meta' }),
    'a sparse tensor': torch.eye(3).toSparse(),
    'a sparse CSR tensor': torch.eye(3).toSparseCsr(),
    'a channels-last tensor': torch.randn([1, 3, 4, 4]).contiguous('channelsLast'),
  }
  const disposed = torch.ones([2])
  disposed.dispose()
  return [...Object.entries(made), ['a disposed tensor', disposed]]
}

/** Draws values: `draw()` gives [name, value]. */
export class Values {
  constructor(torch) {
    this.torch = torch
    this.odd = oddities(torch)
    this.renew()
  }

  renew() {
    this.tensors = tensors(this.torch)
  }

  pick(random, list) {
    return list[Math.floor(random() * list.length)]
  }

  number(random) {
    return this.pick(random, random() < 0.85 ? NUMBERS.slice(0, random() < 0.7 ? 11 : NUMBERS.length) : LARGE_NUMBERS)
  }

  tensor(random) {
    return this.pick(random, this.tensors)
  }

  /** A value of a plausible kind, so that calls get through to the operators: only its size, its dtype or its range is wrong. */
  plausible(random) {
    const kind = random()
    if (kind < 0.5) return this.tensor(random)
    if (kind < 0.72) {
      const number = this.number(random)
      return [Object.is(number, -0) ? '-0' : String(number), number]
    }
    if (kind < 0.77)
      return this.pick(random, [
        ['true', true],
        ['false', false],
        ['null', null],
      ])
    if (kind < 0.82) {
      const text = this.pick(random, STRINGS)
      return [JSON.stringify(text.slice(0, 30)), text]
    }
    const count = Math.floor(random() * 4)
    if (kind < 0.94) {
      const numbers = Array.from({ length: count }, () => (random() < 0.8 ? Math.floor(random() * 5) - 1 : this.number(random)))
      return [`[${numbers.join(', ')}]`, numbers]
    }
    const several = Array.from({ length: count }, () => this.tensor(random))
    return [`[${several.map(([name]) => name).join(', ')}]`, several.map(([, tensor]) => tensor)]
  }

  /** A value of a schema's kind, such as `T`, `i[2]` or `d?`: of the right type, and often of a wrong size, range or name. */
  ofKind(random, code) {
    if (code.includes('?') && random() < 0.2) return ['null', null]
    const [, element, list] = /^(\w)\??(\[)?/.exec(code)
    if (list !== undefined) {
      const items = Array.from({ length: Math.floor(random() * 4) }, () => this.ofElement(random, element))
      return [`[${items.map(([name]) => name).join(', ')}]`, items.map(([, value]) => value)]
    }
    return this.ofElement(random, element)
  }

  ofElement(random, element) {
    const named = (value) => [
      typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : (JSON.stringify(value) ?? String(value)),
      value,
    ]
    switch (element) {
      case 'T':
        return this.tensor(random)
      case 'i':
        return named(
          random() < 0.75
            ? Math.floor(random() * 6) - 2
            : random() < 0.6
              ? this.pick(random, NUMBERS.filter(Number.isInteger))
              : this.pick(random, BIGINTS),
        )
      case 'b':
        return named(random() < 0.5)
      case 'g':
        return ['a generator', this.torch.defaultGenerator()]
      case 's':
      case 'd':
      case 'l':
      case 'v':
      case 'm':
        return named(this.pick(random, STRINGS).slice(0, 40))
      default:
        return named(this.number(random))
    }
  }

  draw(random, depth = 0) {
    const kind = random()
    if (kind < 0.34) return this.tensor(random)
    if (kind < 0.52) {
      const number = this.number(random)
      return [Object.is(number, -0) ? '-0' : String(number), number]
    }
    if (kind < 0.56) {
      const bigint = this.pick(random, BIGINTS)
      return [`${bigint}n`, bigint]
    }
    if (kind < 0.64) {
      const text = this.pick(random, STRINGS)
      return [JSON.stringify(text.slice(0, 30)), text]
    }
    if (kind < 0.7)
      return this.pick(random, [
        ['null', null],
        ['undefined', undefined],
        ['true', true],
        ['false', false],
      ])
    if (kind < 0.83 && depth < 3) {
      const same = random() < 0.7 ? this.pick(random, ['number', 'tensor']) : null
      const items = Array.from({ length: Math.floor(random() * 5) }, () => {
        if (same === 'number') return [null, this.number(random)]
        return same === 'tensor' ? this.tensor(random) : this.draw(random, depth + 1)
      })
      return [`[${items.map(([name, value]) => name ?? value).join(', ')}]`, items.map(([, value]) => value)]
    }
    if (kind < 0.9 && depth < 2) {
      const entries = Array.from({ length: 1 + Math.floor(random() * 2) }, () => [this.pick(random, OPTIONS), this.draw(random, depth + 1)])
      return [
        `{ ${entries.map(([key, [name]]) => `${key}: ${name}`).join(', ')} }`,
        Object.fromEntries(entries.map(([key, [, value]]) => [key, value])),
      ]
    }
    return this.pick(random, this.odd)
  }
}
