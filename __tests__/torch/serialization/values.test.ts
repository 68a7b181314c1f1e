import { describe, expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import { temporary } from '../../support/files'
import { runPython } from '../../support/python'

/** Python code that names a value's type and content, at any depth. */
const shown = `
import collections
def shown(value):
    name = type(value).__name__
    if isinstance(value, torch.Tensor):
        return f'{name} {str(value.dtype)[6:]} {list(value.shape)} {value.tolist()}'
    if isinstance(value, dict):
        return name + ' {' + ', '.join(f'{shown(key)}: {shown(item)}' for key, item in value.items()) + '}'
    if isinstance(value, (list, tuple)):
        return name + ' [' + ', '.join(map(shown, value)) + ']'
    if isinstance(value, (set, frozenset)):
        return name + ' {' + ', '.join(sorted(map(shown, value))) + '}'
    return f'{name} {value!r}'
`

/** What Python's safe loader sees in a file that holds the value. */
async function inPython(value: unknown): Promise<string> {
  const path = temporary('to-python.pt')
  torch.save(value, path)
  const { text } = await runPython<{ text: string }>(`${shown}\noutputs = {'text': shown(torch.load(inputs['path'], weights_only=True))}`, {
    path,
  })
  return text
}

/** What we load of a Python expression. */
async function fromPython<T>(expression: string, options: torch.LoadOptions = {}): Promise<T> {
  const path = temporary('from-python.pt')
  await runPython(`import collections\ntorch.save(${expression}, inputs['path'])`, { path })
  return torch.load<T>(path, options)
}

describe('values that we save are, to Python’s safe loader,', () => {
  test.each<[string, unknown, string]>([
    ['null', null, 'NoneType None'],
    ['booleans', [true, false], 'list [bool True, bool False]'],
    [
      'small ints',
      [0, 1, 255, 256, 65_535, 65_536, -1, -128],
      'list [int 0, int 1, int 255, int 256, int 65535, int 65536, int -1, int -128]',
    ],
    [
      'wide ints',
      [2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53 - 1],
      'list [int 2147483648, int -2147483648, int -2147483649, int 9007199254740991]',
    ],
    [
      'bigints of any size',
      [5n, 2n ** 63n, -(2n ** 63n), 3n ** 200n],
      `list [int 5, int ${2n ** 63n}, int ${-(2n ** 63n)}, int ${3n ** 200n}]`,
    ],
    ['floats', [0.5, 1e300, -0, NaN, Infinity, -Infinity], 'list [float 0.5, float 1e+300, float -0.0, float nan, float inf, float -inf]'],
    ['whole floats', [torch.float(1), torch.float(-3)], 'list [float 1.0, float -3.0]'],
    ['numbers past the safe integers', [2 ** 60], `list [float ${(2 ** 60).toExponential().replace('e+', 'e+')}]`],
    ['strings', ['', 'äß', '雪 🙂', 'a\0b', 'it’s "so"'], `list [str '', str 'äß', str '雪 🙂', str 'a\\x00b', str 'it’s "so"']`],
    ['bytes', [new Uint8Array([0, 127, 128, 255]), new Uint8Array(0)], String.raw`list [bytes b'\x00\x7f\x80\xff', bytes b'']`],
    [
      'lists, tuples and their nesting',
      [Object.freeze([1, Object.freeze([]), [2]]), Object.freeze([1, 2, 3, 4])],
      'list [tuple [int 1, tuple [], list [int 2]], tuple [int 1, int 2, int 3, int 4]]',
    ],
    ['objects in their order', { b: 1, a: { c: null } }, "dict {str 'b': int 1, str 'a': dict {str 'c': NoneType None}}"],
    [
      'Maps with any keys',
      new Map<unknown, unknown>([
        [0, 'a'],
        ['k', 1],
        [Object.freeze([1, 2]), true],
        [null, 0],
      ]),
      "dict {int 0: str 'a', str 'k': int 1, tuple [int 1, int 2]: bool True, NoneType None: int 0}",
    ],
    ['Sets', new Set([3, 'x']), "set {int 3, str 'x'}"],
    [
      'keys that JavaScript treats apart',
      JSON.parse('{"__proto__": 1, "constructor": 2, "10": 3}'),
      "dict {str '10': int 3, str '__proto__': int 1, str 'constructor': int 2}",
    ],
    [
      'tensors',
      { w: torch.tensor([[1, 2.5]]), i: torch.tensor([1n, -(2n ** 63n)]) },
      `dict {str 'w': Tensor float32 [1, 2] [[1.0, 2.5]], str 'i': Tensor int64 [2] [1, ${-(2n ** 63n)}]}`,
    ],
  ])('%s', async (_, value, expected) => {
    expect(await inPython(value)).toBe(expected)
  })

  test('shared where they are shared, and cyclic where they are cyclic', async () => {
    const shared = [1]
    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic
    const path = temporary('shared.pt')
    torch.save({ first: shared, second: shared, cyclic }, path)
    const code = `
      value = torch.load(inputs['path'], weights_only=True)
      outputs = {'shared': value['first'] is value['second'], 'cyclic': value['cyclic']['self'] is value['cyclic']}`
    expect(await runPython(code, { path })).toEqual({ shared: true, cyclic: true })
  })

  test('a thousand values past the memo’s short references', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => ({ [`key${i}`]: `text${i}` }))
    const path = temporary('many.pt')
    torch.save([many, many[999]], path)
    const code = `
      many, last = torch.load(inputs['path'], weights_only=True)
      outputs = {'equal': many == [{f'key{i}': f'text{i}'} for i in range(1000)], 'shared': many[999] is last}`
    expect(await runPython(code, { path })).toEqual({ equal: true, shared: true })
  })
})

describe('values that Python saves are loaded as', () => {
  test.each<[string, string, unknown]>([
    [
      'null, booleans, numbers',
      '[None, True, False, 0, 255, 65536, -1, 2**40, 0.5, 1.0, -0.0, float("inf")]',
      [null, true, false, 0, 255, 65_536, -1, 2 ** 40, 0.5, 1, -0, Infinity],
    ],
    ['bigints where numbers are not safe', '[2**53, -2**63, 3**200]', [2n ** 53n, -(2n ** 63n), 3n ** 200n]],
    ['strings', "['', 'äß', '雪 🙂', 'a\\0b', 'x' * 300]", ['', 'äß', '雪 🙂', 'a\0b', 'x'.repeat(300)]],
    ['bytes', "[b'\\x00\\x80\\xff', b'', bytearray(b'ab')]", [new Uint8Array([0, 128, 255]), new Uint8Array(0), new Uint8Array([97, 98])]],
    ['objects', "{'b': 1, 'a': {'c': []}}", { b: 1, a: { c: [] } }],
    [
      'Maps for other keys',
      "{0: 'a', 'k': 1, (1, 2): True, None: 0, 1.5: 2}",
      new Map<unknown, unknown>([
        [0, 'a'],
        ['k', 1],
        [[1, 2], true],
        [null, 0],
        [1.5, 2],
      ]),
    ],
    ['Sets', "[{1, 'x'}, frozenset([2])]", [new Set([1, 'x']), new Set([2])]],
    ['OrderedDicts like dicts', "collections.OrderedDict([('z', 1), ('y', 2)])", { z: 1, y: 2 }],
    [
      'defaultdicts and Counters like dicts',
      "[collections.defaultdict(list, {'a': [1]}), collections.Counter('aab')]",
      [{ a: [1] }, { a: 2, b: 1 }],
    ],
    [
      'complex numbers, sizes, devices, dtypes, slices',
      '[1+2j, torch.Size([2, 3]), torch.device("cuda", 1), torch.float16, range(3)]',
      [{ real: 1, imag: 2 }, [2, 3], 'cuda:1', 'float16', [0, 3, 1]],
    ],
    ['paths', "[__import__('pathlib').PurePosixPath('/a/b')]", ['/a/b']],
    ['namespaces', "__import__('argparse').Namespace(lr=0.1, arch='resnet18')", { lr: 0.1, arch: 'resnet18' }],
    ['keys that JavaScript treats apart', "{'__proto__': 1, 'constructor': 2}", JSON.parse('{"__proto__": 1, "constructor": 2}')],
  ])('%s', async (_, expression, expected) => {
    expect(await fromPython(expression)).toEqual(expected)
  })

  test('frozen arrays for tuples, so that they are saved as tuples again', async () => {
    const value = await fromPython<unknown[]>('[(1, 2), [3], (), ((4,),)]')
    expect(value).toEqual([[1, 2], [3], [], [[4]]])
    expect(value.map((item) => Object.isFrozen(item))).toEqual([true, false, true, true])
    expect(await inPython(value)).toBe('list [tuple [int 1, int 2], list [int 3], tuple [], tuple [tuple [int 4]]]')
  })

  test('floats that stay floats when asked for', async () => {
    const value = await fromPython<unknown>('[1.0, 2, 0.5]', { wholeFloats: 'float' })
    expect(value).toEqual([torch.float(1), 2, 0.5])
    expect(await inPython(value)).toBe('list [float 1.0, int 2, float 0.5]')
  })

  test('the same objects where they were the same', async () => {
    const path = temporary('shared.pt')
    await runPython(`a = [1]; d = {'x': a, 'y': a}; d['self'] = d; torch.save(d, inputs['path'])`, { path })
    const value = torch.load<{ x: unknown; y: unknown; self: unknown }>(path)
    expect(value.x).toBe(value.y)
    expect(value.self).toBe(value)
  })

  test('numpy’s numbers and arrays as numbers and tensors', async () => {
    const value = await fromPython<{
      n: number
      whole: number
      i: number
      c: torch.Tensor
      f: torch.Tensor
      big: torch.Tensor
      flag: boolean
      text: string
    }>(
      "{'n': np.float64(0.5), 'whole': np.float32(2), 'i': np.int64(7), 'c': np.arange(6).reshape(2, 3), 'f': np.asfortranarray(np.arange(6.).reshape(2, 3)), 'big': np.arange(3, dtype='>i4'), 'flag': np.bool_(True), 'text': np.str_('äx')}",
    )
    expect(value).toMatchObject({ n: 0.5, whole: 2, i: 7, flag: true, text: 'äx' })
    expect(value.c).toEqualTensor(
      torch.tensor([
        [0n, 1n, 2n],
        [3n, 4n, 5n],
      ]),
    )
    expect(value.f).toEqualTensor(
      torch.tensor(
        [
          [0, 1, 2],
          [3, 4, 5],
        ],
        { dtype: 'float64' },
      ),
    )
    expect(value.big).toEqualTensor(torch.tensor([0, 1, 2], { dtype: 'int32' }))
  })

  test.each([0, 1, 2, 3, 4, 5])('the same by pickle protocol %i', async (protocol) => {
    const path = temporary('protocol.pt')
    const code = `
      value = {'w': torch.arange(3.), 'l': [1, 'ä', b'x', (None, True)], 3: 2**70, 'n': -5}
      torch.save(value, inputs['path'], pickle_protocol=inputs['protocol'])`
    await runPython(code, { path, protocol })
    if (protocol < 2) return expect(() => torch.load(path)).toThrow(/protocol|opcode/)
    const value = torch.load<Map<unknown, unknown>>(path)
    expect(value.get('w')).toEqualTensor(torch.tensor([0, 1, 2]))
    expect([value.get('l'), value.get(3), value.get('n')]).toEqual([[1, 'ä', new Uint8Array([120]), [null, true]], 2n ** 70n, -5])
  })

  test('data, when asked for, where a class is unknown', async () => {
    const path = temporary('unknown.pt')
    await runPython(
      `
      import sys, types
      module = types.ModuleType('mine'); sys.modules['mine'] = module
      exec('class Config:\\n  def __init__(self): self.lr = 0.1; self.layers = [1, 2]', module.__dict__)
      torch.save({'config': module.Config(), 'weight': torch.ones(2)}, inputs['path'])`,
      { path },
    )
    expect(() => torch.load(path)).toThrow(/'mine\.Config'.*nothing of it was run.*state_dict/s)
    const { config, weight } = torch.load<{ config: torch.UnknownObject; weight: torch.Tensor }>(path, { unknownObjects: 'keep' })
    expect(config).toBeInstanceOf(torch.UnknownObject)
    expect([config.className, config.state]).toEqual(['mine.Config', { lr: 0.1, layers: [1, 2] }])
    expect(weight).toEqualTensor(torch.ones([2]))
  })
})

describe('what has no form in Python is refused with its place', () => {
  class Point {
    x = 1
  }
  test.each<[string, unknown, RegExp]>([
    ['functions', { a: [() => 1] }, /a function at value\.a\[0\]: leave it out/],
    ['undefined', { a: undefined }, /undefined at value\.a: leave the key out, or save null/],
    ['symbols', [Symbol('x')], /a symbol at value\[0\]/],
    ['instances', { p: new Point() }, /an object of the class Point at value\.p: save its fields as a plain object/],
    ['modules inside of values', { net: new torch.nn.Linear(1, 1) }, /a module \(Linear\) at value\.net: save module\.stateDict\(\)/],
    [
      'optimizers',
      { o: new torch.optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 }) },
      /SGD at value\.o: save its stateDict\(\)/,
    ],
    ['typed arrays', { a: new Float32Array(2) }, /a Float32Array at value\.a: save torch\.tensor\(array\)/],
    ['half characters', { a: '\ud800' }, /lone surrogate.*value\.a/],
    ['lists as keys', new Map([[[1], 2]]), /a Map key that Python cannot hash/],
    ['dates', { 'a b': new Date(0) }, /class Date at value\["a b"\]/],
    ['too large integers', 2n ** 3000n, /an integer of more than 250 bytes/],
  ])('%s', (_, value, message) => {
    expect(() => torch.save(value, temporary('refused.pt'))).toThrow(message)
    expect(() => torch.load(temporary('refused.pt'))).toThrow(/there is no file/)
  })

  test('values nested without end', () => {
    let deep: unknown = []
    for (let i = 0; i < 5000; i++) deep = [deep]
    expect(() => torch.save(deep, temporary('deep.pt'))).toThrow(/nested more than 1000 deep/)
  })

  test('a frozen array that holds itself', () => {
    const inner: unknown[] = []
    const tuple = Object.freeze([inner])
    inner.push(tuple)
    expect(() => torch.save(tuple, temporary('tuple.pt'))).toThrow(/contains itself/)
  })
})
