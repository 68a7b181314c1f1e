// Pickles: values from a grammar, right and wrong opcodes, and shapes that have no end.

export const text = (value) => {
  const encoded = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(encoded.length)
  return Buffer.concat([Buffer.from('X'), length, encoded])
}

/** An int as BININT or LONG1. */
export const int = (value) => {
  const bytes = Buffer.alloc(10)
  bytes.set([0x8a, 8])
  bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)), 2)
  return bytes
}

export const raw = (value) =>
  Buffer.isBuffer(value) ? value : typeof value === 'number' ? Buffer.from([value]) : Buffer.from(value, 'latin1')
export const join = (...parts) => Buffer.concat(parts.flat(Infinity).map(raw))
export const tuple = (...items) => join('(', items, 't')
export const list = (...items) => join('](', items, 'e')
export const global = (name) => {
  const dot = name.lastIndexOf('.')
  return join(`c${name.slice(0, dot)}\n${name.slice(dot + 1)}\n`)
}
export const call = (name, ...args) => join(global(name), tuple(...args), 'R')
/** An object of a class with its attributes. */
export const object = (name, entries) => join(global(name), ')\x81', dict(entries), 'b')
export const dict = (entries) =>
  join(
    '}(',
    Object.entries(entries).map(([key, value]) => [text(key), value]),
    'u',
  )
export const pickle = (...parts) => join(0x80, 2, parts, '.')
export const NONE = 'N'
export const put = (index) => join('r', littleEndian(index))
export const get = (index) => join('j', littleEndian(index))

function littleEndian(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

export function storage({ type = 'torch.FloatStorage', key = '0', location = 'cpu', length = 4 } = {}) {
  return join(tuple(text('storage'), global(type), text(key), text(location), int(length)), 'Q')
}

export function tensor({ offset = 0, shape = [4], stride = [1], name = 'torch._utils._rebuild_tensor_v2', of = {} } = {}) {
  return call(name, storage(of), int(offset), tuple(...shape.map(int)), tuple(...stride.map(int)), 0x89, call('collections.OrderedDict'))
}

const SIZES = [0, 1, 2, 3, 4, 5, -1, 8, 100, 2 ** 31, 2 ** 40, 2 ** 53 - 1, 2n ** 62n, -(2n ** 63n)]

/** A tensor with one of its parts, or several, as it may not be. */
export function oddTensor(draw) {
  const size = () => (draw.chance(0.6) ? draw.below(5) : draw.pick(SIZES))
  const shape = draw.times(draw.chance(0.05) ? 100 : draw.below(4), size)
  return tensor({
    offset: draw.chance(0.7) ? 0 : size(),
    shape,
    stride: draw.times(draw.chance(0.9) ? shape.length : draw.below(5), size),
    name: draw.pick([
      'torch._utils._rebuild_tensor_v2',
      'torch._utils._rebuild_tensor',
      'torch._utils._rebuild_qtensor',
      'torch._utils._rebuild_tensor_v3',
    ]),
    of: {
      type: draw.pick([
        'torch.FloatStorage',
        'torch.LongStorage',
        'torch.BoolStorage',
        'torch.UntypedStorage',
        'torch.QInt8Storage',
        'torch.storage.X',
      ]),
      key: draw.pick(['0', '0', '0', '1', '../data.pkl', '']),
      location: draw.pick(['cpu', 'cuda:0', 'meta', 'x'.repeat(1000)]),
      length: draw.pick([4, 4, 4, ...SIZES]),
    },
  })
}

const GLOBALS = [
  'os.system',
  'builtins.eval',
  'builtins.getattr',
  'builtins.list',
  'builtins.set',
  'builtins.bytearray',
  'builtins.bytes',
  'builtins.complex',
  'builtins.range',
  'constructor.constructor',
  '__proto__.x',
  'torch.constructor',
  'torch.float32',
  'torch.FloatStorage',
  'torch.Size',
  'torch.device',
  'torch.Tensor',
  'torch.nn.parameter.Parameter',
  'torch._utils._rebuild_parameter',
  'torch._utils._rebuild_sparse_tensor',
  'torch._tensor._rebuild_from_type_v2',
  'torch.serialization._get_layout',
  'torch.jit._pickle.restore_type_tag',
  'torch.jit._pickle.build_intlist',
  'torch.jit._pickle.build_tensor_from_id',
  'collections.OrderedDict',
  'collections.defaultdict',
  'collections.Counter',
  'argparse.Namespace',
  'numpy._core.multiarray._reconstruct',
  'numpy.ndarray',
  'numpy.dtype',
  'numpy._core.multiarray.scalar',
  'numpy.dtypes.Float64DType',
  '_codecs.encode',
  'pathlib.PosixPath',
  '__torch__.M',
  'a.b.C',
]

const TEXTS = [
  '',
  'a',
  'weight',
  'state_dict',
  'model',
  '__proto__',
  'constructor',
  'latin1',
  'f8',
  '<f4',
  '>i8',
  'U5',
  'torch.sparse_coo',
  'é'.repeat(20),
  '\ud800',
]

/** A value of the grammar; `depth` limits how deep it goes. */
export function value(draw, depth = 4) {
  const inner = () => value(draw, depth - 1)
  const leaves = [
    () => NONE,
    () => join(draw.chance(0.5) ? 0x88 : 0x89),
    () => int(draw.chance(0.7) ? draw.below(100) : draw.pick(SIZES)),
    () => join('G', draw.bytes(8)),
    () => text(draw.pick(TEXTS)),
    () => join('C', 4, draw.bytes(4)),
    () => join('U', 3, draw.bytes(3)),
    () => oddTensor(draw),
    () => storage({ length: draw.pick(SIZES) }),
    () => join(0x8a, 3, draw.bytes(3)),
  ]
  if (depth <= 0 || draw.chance(0.3)) return draw.pick(leaves)()
  const items = () => draw.times(draw.below(4), inner)
  return draw.pick([
    () => list(...items()),
    () => tuple(...items()),
    () =>
      join(
        '}(',
        draw.times(draw.below(4), () => [draw.chance(0.8) ? text(draw.pick(TEXTS)) : inner(), inner()]),
        'u',
      ),
    () => join('(', items(), 0x91),
    () => call(draw.pick(GLOBALS), ...items()),
    () => join(global(draw.pick(GLOBALS)), tuple(...items()), 0x81, inner(), 'b'),
    () => join(call(draw.pick(GLOBALS), ...items()), '(', items(), draw.pick(['e', 'u', 0x90])),
    () => join(tuple(inner(), inner(), inner(), inner(), inner()), 'Q'),
    () => join(inner(), put(draw.below(8))),
    () => get(draw.below(8)),
  ])()
}

const OPCODES =
  '().012BCGIJKLMNPQRSTUVX]abcdeghijlopqrstu}\x80\x81\x82\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96'

/** Opcodes in any order, between values. */
export function opcodes(draw) {
  return pickle(
    draw.times(draw.below(40), () =>
      draw.chance(0.4) ? value(draw, 1) : join(draw.pick([...OPCODES]), draw.chance(0.3) ? draw.bytes(draw.below(5)) : ''),
    ),
  )
}

/** A pickle whose value is nested, shared or repeated without measure. */
export function boundless(draw) {
  const count = draw.size(200_000)
  const few = Math.min(count, 60_000)
  return draw.pick([
    () => pickle(')', '\x85'.repeat(count)),
    () => pickle(']'.repeat(count), 'a'.repeat(count - 1)),
    () =>
      pickle(
        '}'.repeat(few),
        draw.times(few - 1, () => [text('model'), '0']),
      ),
    () =>
      pickle(
        draw.times(few, () => ['}', text('state_dict')]),
        NONE,
        's'.repeat(few),
      ),
    () => pickle(']', put(0), get(0), 'a'),
    () => pickle('}', put(0), text('model'), get(0), 's'),
    () => pickle(laughs(Math.min(count, 60), draw)),
    () => pickle(deepThoughShallow(few)),
    () => pickle(NONE, put(draw.pick([2 ** 32 - 1, 2 ** 31, 10]))),
    () => pickle('(', NONE + '2'.repeat(count), 't'),
    () => pickle('X', draw.bytes(4), 'abc'),
    () => pickle(0x8b, draw.bytes(4), draw.bytes(100)),
    () => pickle(call('builtins.bytearray', list(...draw.times(few, () => join('K', 1))))),
    () => pickle(draw.times(few, () => ')0')),
  ])()
}

/** Lists that hold the list before twice: few values, and as many paths as stars. */
function laughs(levels, draw) {
  const wraps = draw.chance(0.5)
  return [
    ']',
    put(0),
    draw.times(levels, (i) => [
      wraps ? '}(' : '](',
      wraps ? [text('model'), get(i), text('net'), get(i), 'u'] : [get(i), get(i), 'e'],
      put(i + 1),
    ]),
  ]
}

/** Lists in a list, each of which holds the one before it: a walk that begins with the innermost sees no depth. */
function deepThoughShallow(count) {
  return ['](', ']', put(0), Array.from({ length: count }, (_, i) => [']', get(i), 'a', put(i + 1)]), 'e']
}
