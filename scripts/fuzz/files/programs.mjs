// TorchScript programs from a grammar: right ones, and such as no compiler writes.
import { oddZip, zipOf } from './archives.mjs'
import { NONE, call, int, join, list, object, oddTensor, get, pickle, put, tensor, text, tuple, value } from './pickles.mjs'

const HEAD = `class M(Module):
  __parameters__ = ["w", ]
  __buffers__ = []
  w : Tensor
  training : bool
  _is_full_backward_hook : Optional[bool]
`

/** The code of a module whose forward has these lines after its head. */
const forward = (body, attributes = '') => `${HEAD}${attributes}  def forward(self: __torch__.M,
    x: Tensor) -> Tensor:
${body}
`

const entries = (more = {}) => ({ w: tensor(), training: Buffer.from([0x88]), _is_full_backward_hook: NONE, ...more })
const tagged = (held, type) => call('torch.jit._pickle.restore_type_tag', held, text(type))

const SIMPLE = '    return torch.add(x, self.w)'

/** The archive of a program; `records` replaces and adds to the usual ones. */
function program({ code = forward(SIMPLE), data = pickle(object('__torch__.M', entries())), constants = pickle(')'), records = {} }) {
  return [
    ['data/0', Buffer.from(Float32Array.of(1, 2, 3, 4).buffer)],
    ['data.pkl', data],
    ['code/__torch__.py', Buffer.from(code, 'latin1')],
    ['constants.pkl', constants],
    ['version', Buffer.from('3\n')],
    ['byteorder', Buffer.from('little')],
    ...Object.entries(records),
  ].map(([name, bytes]) => ({ name: `m/${name}`, data: bytes }))
}

const lines = (count, line) => Array.from({ length: count }, (_, i) => line(i)).join('\n')

/** Expressions, blocks and functions nested `n` deep, each in its own way. */
const NESTED = {
  brackets: (n) => forward(`    return ${'('.repeat(n)}x${')'.repeat(n)}`),
  lists: (n) => forward(`    y = ${'['.repeat(n)}x${']'.repeat(n)}\n${SIMPLE}`),
  minus: (n) => forward(`    return ${'-'.repeat(n)}x`),
  continuedMinus: (n) => forward(`    return ${'-\\\n'.repeat(n)}x`),
  not: (n) => forward(`    y = ${'not '.repeat(n)}True\n${SIMPLE}`),
  sum: (n) => forward(`    return x${' + x'.repeat(n)}`),
  power: (n) => forward(`    return x${' ** x'.repeat(n)}`),
  and: (n) => forward(`    y = True${' and True'.repeat(n)}\n${SIMPLE}`),
  ternary: (n) => forward(`    return ${'x if True else '.repeat(n)}x`),
  subscript: (n) => forward(`    return x${'[0]'.repeat(n)}`),
  attributes: (n) => forward(`    return self${'.w'.repeat(n)}`),
  calls: (n) => forward(`    return ${'torch.relu('.repeat(n)}x${')'.repeat(n)}`),
  blocks: (n) => forward(`${lines(n, (i) => `${' '.repeat(4 + i)}if True:`)}\n${' '.repeat(4 + n)}pass\n${SIMPLE}`),
  elif: (n) => forward(`    y = 0\n    if y == 0:\n      y = 1\n${lines(n, () => '    elif y == 1:\n      y = 2')}\n${SIMPLE}`),
  else: (n) =>
    forward(
      `    y = 0\n${lines(n, (i) => `${' '.repeat(4 + i)}if y == 0:\n${' '.repeat(5 + i)}y = 1\n${' '.repeat(4 + i)}else:`)}\n${' '.repeat(4 + n)}y = 2\n${SIMPLE}`,
    ),
  returns: (n) => forward(`${lines(n, () => '    if bool(torch.gt(x, 0)):\n      return x')}\n${SIMPLE}`),
  breaks: (n) => forward(`    for i in range(3):\n${lines(n, () => '      if i == 1:\n        break')}\n${SIMPLE}`),
  comments: (n) => forward(SIMPLE) + '#x\n'.repeat(n),
  commentsWithin: (n) => forward('#x\n'.repeat(n) + SIMPLE),
  emptyLines: (n) => forward('\n'.repeat(n) + SIMPLE),
  emptyLinesInBrackets: (n) => forward(`    return torch.add(${'\n'.repeat(n)}x, x)`),
  continued: (n) => forward(`    return ${'\\\n'.repeat(n)}x`),
  quotes: (n) => forward(SIMPLE) + '"'.repeat(n),
  escapes: (n) => `${forward(SIMPLE)}"${'\\"'.repeat(n)}`,
  strings: (n) => forward(`    y = "${'a'.repeat(n)}"\n${SIMPLE}`),
  adjacentStrings: (n) => forward(`    y = ${'"a" '.repeat(n)}\n${SIMPLE}`),
  tripleQuotes: (n) => forward(`    y = ''' ''' + ${'('.repeat(n)}'${')'.repeat(n)}\n${SIMPLE}`),
  methods: (n) =>
    `${forward('    return self.m0(x)')}${lines(n, (i) => `  def m${i}(self: __torch__.M,\n    x: Tensor) -> Tensor:\n    return ${i + 1 < n ? `self.m${i + 1}(x)` : 'x'}`)}\n`,
  aliases: (n) =>
    `${forward('    s = self\n    return s.m0(x)')}${lines(n, (i) => `  def m${i}(self: __torch__.M,\n    x: Tensor) -> Tensor:\n    s = self\n    return ${i + 1 < n ? `s.m${i + 1}(x)` : 'x'}`)}\n`,
  functions: (n) =>
    `${forward('    return __torch__.f0(x)')}${lines(n, (i) => `def f${i}(x: Tensor) -> Tensor:\n  return ${i + 1 < n ? `__torch__.f${i + 1}(x)` : 'x'}`)}\n`,
  classes: (n) =>
    `${forward(SIMPLE, '  c : Optional[__torch__.C0]\n')}${lines(n, (i) => `class C${i}(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n${i + 1 < n ? `  c : Optional[__torch__.C${i + 1}]\n` : ''}`)}\n`,
  doubledMethods: (n) =>
    `${forward('    with torch.autograd.grad_mode.no_grad():\n      y = self.m0(x)\n    return y')}${lines(n, (i) => `  def m${i}(self: __torch__.M,\n    x: Tensor) -> Tensor:\n    return ${i + 1 < n ? `torch.add(self.m${i + 1}(x), self.m${i + 1}(x))` : 'x'}`)}\n`,
  namedTuples: (n) =>
    `${forward('    return torch.add(x, 1)', '  t : Optional[__torch__.T0]\n')}${lines(n, (i) => `class T${i}(NamedTuple):\n  a : ${i + 1 < n ? `__torch__.T${i + 1}` : 'int'}\n  b : ${i + 1 < n ? `__torch__.T${i + 1}` : 'int'}\n`)}\n`,
  types: (n) => forward(SIMPLE, `  names : ${'List['.repeat(n)}int${']'.repeat(n)}\n`),
  typeComments: (n) => forward(`    y = 1  # type: ${'List['.repeat(n)}int${']'.repeat(n)}\n${SIMPLE}`),
  arguments: (n) => forward(`    return torch.add(${'x, '.repeat(n)})`),
  statements: (n) => forward(`${lines(Math.min(n, 10_000), () => '    y = torch.add(x, x)')}\n${SIMPLE}`),
  closures: (n) => forward(`${lines(n, (i) => `${' '.repeat(4 + 2 * i)}def f${i}():`)}\n${' '.repeat(4 + 2 * n)}return x\n${SIMPLE}`),
  withs: (n) =>
    forward(`${lines(n, (i) => `${' '.repeat(4 + i)}with torch.autograd.grad_mode.no_grad():`)}\n${' '.repeat(4 + n)}y = x\n${SIMPLE}`),
  loops: (n) => forward(`${lines(n, (i) => `${' '.repeat(4 + i)}for i${i} in range(1):`)}\n${' '.repeat(4 + n)}y = x\n${SIMPLE}`),
  comprehensions: (n) => forward(`    y = ${'[0 for i in '.repeat(n)}[1]${']'.repeat(n)}\n${SIMPLE}`),
  numbers: (n) => forward(`    y = ${'9'.repeat(n)}\n${SIMPLE}`),
}

const DEPTHS = [1, 2, 10, 50, 150, 190, 250, 390, 450, 900, 2000, 5000, 20_000, 60_000]

function nested(draw) {
  const n = draw.pick(DEPTHS)
  return program({ code: draw.pick(Object.values(NESTED))(Math.min(n, 60_000)) })
}

/** Values of a program that libtorch would walk without end, too deep, or outside their bytes. */
function oddValues(draw) {
  const n = draw.pick([1, 10, 30, 500, 999, 1100, 20_000])
  const attribute = 'names : List[Any]'
  const ofNames = (held, type = 'List[Any]') => ({
    code: forward(SIMPLE, `  ${attribute}\n`),
    data: pickle(object('__torch__.M', entries({ names: tagged(held, type) }))),
  })
  return program(
    draw.pick([
      () => ofNames(join(']', put(99), get(99), 'a')),
      () => ofNames(join(']'.repeat(n), 'a'.repeat(n - 1))),
      () =>
        ofNames(
          join(
            '](',
            ']',
            put(100),
            Array.from({ length: n }, (_, i) => [']', get(100 + i), 'a', put(101 + i)]),
            'e',
          ),
        ),
      () =>
        ofNames(
          join(
            ']',
            put(100),
            draw.times(Math.min(n, 60), (i) => ['](', get(100 + i), get(100 + i), 'e', put(101 + i)]),
          ),
        ),
      () => ofNames(list(int(1)), `${'List['.repeat(n)}Any${']'.repeat(n)}`),
      () =>
        ofNames(
          list(int(1)),
          draw.pick([
            '',
            'int',
            'List[',
            'Tensor',
            'Dict[str, int]',
            '__torch__.M',
            '__torch__.X',
            '"',
            'List[int]\n#',
            'Optional[NoneType]',
          ]),
        ),
      () => ofNames(tuple(...draw.times(4, () => value(draw, 2)))),
      () => ofNames(list(text('a')), 'List[str]'),
      () => ({ data: pickle(object('__torch__.M', entries({ w: oddTensor(draw) }))) }),
      () => ({ data: pickle(object('__torch__.M', entries({ w: value(draw, 2) }))) }),
      () => ({ data: pickle(object('__torch__.M', entries({ training: value(draw, 2) }))) }),
      () => ({ data: pickle(value(draw, 3)) }),
      () => ({ data: pickle(object('__torch__.M', { w: tensor() })) }),
      () => ({ constants: pickle(value(draw, 3)) }),
      () => ({ constants: pickle(tuple(oddTensor(draw))), code: forward('    return torch.add(x, CONSTANTS.c0)') }),
      () => ({
        constants: pickle(tuple(...draw.times(3, () => value(draw, 1)))),
        code: forward(`    y = CONSTANTS.c${draw.below(5)}\n${SIMPLE}`),
      }),
      () => ({
        data: pickle(
          object(
            '__torch__.M',
            entries({ w: tensor({ of: { length: draw.pick([4, 5, 4096, 2 ** 40]) }, shape: [draw.pick([4, 5, 4096])] }) }),
          ),
        ),
      }),
      () => ({ data: pickle(object('__torch__.M', entries({ w: sparse(draw) }))) }),
      () => sharedModules(Math.min(n, 40)),
      () => ({ data: pickle(tagged(object('__torch__.M', entries()), 'List[int]')) }),
      () => ({ data: pickle(call('torch.jit._pickle.build_tensor_from_id', int(draw.below(3)))) }),
      () => ({
        data: pickle(
          draw.pick(['build_intlist', 'build_doublelist', 'build_boollist', 'build_tensorlist']).length,
          call('torch.jit._pickle.build_intlist', value(draw, 2)),
        ),
      }),
    ])(),
  )
}

/** A sparse tensor as libtorch writes it: layout, size, whether it has a gradient, indices and values. */
function sparse(draw) {
  const index = () => tensor({ of: { type: 'torch.LongStorage', key: '0', length: 2 }, shape: [1, 2], stride: [2, 1] })
  const row = () => tensor({ of: { type: 'torch.LongStorage', key: '0', length: 2 }, shape: [2] })
  const values = tensor({ shape: [2] })
  const layout = draw.pick([1, 1, 1, 2, 2, draw.below(9)])
  const indices = layout === 2 ? [row(), row()] : [index()]
  return call(
    'torch._utils._rebuild_sparse_tensor',
    int(layout),
    tuple(...draw.times(draw.below(3), () => int(draw.below(4)))),
    0x89,
    ...indices,
    values,
  )
}

/** Modules each of which has the next one twice: few objects and 2^n paths. */
function sharedModules(n) {
  const classOf = (i) =>
    `class C${i}(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n${i < n ? `  a : __torch__.C${i + 1}\n  b : __torch__.C${i + 1}\n` : ''}  def forward(self: __torch__.C${i},\n    x: Tensor) -> Tensor:\n    return ${i < n ? 'torch.add((self.a).forward(x), (self.b).forward(x))' : 'x'}\n`
  let held = object(`__torch__.C${n}`, { training: Buffer.from([0x88]) })
  for (let i = n - 1; i >= 0; i--) held = object(`__torch__.C${i}`, { training: Buffer.from([0x88]), a: join(held, put(i)), b: get(i) })
  return { code: Array.from({ length: n + 1 }, (_, i) => classOf(i)).join(''), data: pickle(held) }
}

/** Statements from a grammar, most of which compile. */
function statements(draw) {
  const expression = (depth) => {
    if (depth <= 0)
      return draw.pick(['x', 'y', 'self.w', '1', '2.5', 'True', 'None', '"a"', '[]', '()', '{}', 'CONSTANTS.c0', 'inf', 'x.shape', 'self'])
    const inner = () => expression(depth - 1)
    return draw.pick([
      () => `torch.${draw.pick(['add', 'mul', 'relu', 'sum', 'cat', 'size', 'dim', 'len', 'no_such', 'matmul'])}(${inner()}, ${inner()})`,
      () =>
        `(${inner()} ${draw.pick(['+', '-', '*', '/', '//', '%', '**', '@', '==', '<', 'and', 'or', 'is', 'in', '&', '<<'])} ${inner()})`,
      () => `${inner()}[${inner()}]`,
      () => `[${inner()}, ${inner()}]`,
      () => `(${inner()}, ${inner()})`,
      () => `annotate(${draw.pick(['List[int]', 'Optional[Tensor]', 'Dict[str, int]', 'Any', 'X'])}, ${inner()})`,
      () => `unchecked_cast(${draw.pick(['Tensor', 'int', 'List[Tensor]'])}, ${inner()})`,
      () => `uninitialized(${draw.pick(['Tensor', 'int', '__torch__.M'])})`,
      () => `getattr(${inner()}, "w")`,
      () => `ops.prim.${draw.pick(['NumToTensor', 'data', 'RaiseException', 'unchecked_unwrap_optional', 'TupleUnpack'])}(${inner()})`,
      () => `(self).forward(${inner()}, )`,
      () => `fork(${inner()})`,
      () => `isinstance(${inner()}, ${draw.pick(['int', 'Tensor', 'List[int]'])})`,
    ])()
  }
  const block = (indent, depth) => {
    const space = ' '.repeat(indent)
    return draw
      .times(1 + draw.below(3), () =>
        draw.pick([
          () => `${space}y = ${expression(2)}`,
          () => `${space}y, z = ${expression(2)}`,
          () => `${space}self.w = ${expression(1)}`,
          () => `${space}return ${expression(1)}`,
          () => `${space}pass`,
          () => `${space}${expression(2)}`,
          () => `${space}assert ${expression(1)}`,
          () => `${space}del y`,
          () =>
            depth <= 0
              ? `${space}pass`
              : `${space}if ${expression(1)}:\n${block(indent + 2, depth - 1)}\n${space}else:\n${block(indent + 2, depth - 1)}`,
          () => (depth <= 0 ? `${space}break` : `${space}for i in range(${expression(1)}):\n${block(indent + 2, depth - 1)}`),
          () => (depth <= 0 ? `${space}continue` : `${space}while ${expression(1)}:\n${block(indent + 2, depth - 1)}`),
          () => (depth <= 0 ? `${space}pass` : `${space}with ${expression(1)}:\n${block(indent + 2, depth - 1)}`),
        ])(),
      )
      .join('\n')
  }
  return program({ code: forward(`    y = x\n${block(4, 2)}\n${SIMPLE}`) })
}

/** Records that libtorch reads besides those of a program, or takes for others. */
function oddRecords(draw) {
  const code = Buffer.from(forward('    return x'))
  const records = draw.pick([
    () => ({
      'model.json': Buffer.from(
        draw.pick(['{}', '{"protoVersion":6,"mainModule":{"torchscriptArena":{"key":"code/x.py"}},"tensors":[]}', '['.repeat(100_000)]),
      ),
    }),
    () => ({ 'code/__torch__.PY': code }),
    () => ({ 'CODE/other.py': code }),
    () => ({ 'code/__torch__/a.py': Buffer.from('class A(Module):\n') }),
    () => ({ 'attributes.pkl': pickle(value(draw)) }),
    () => ({ 'data.pkl.debug_pkl': draw.bytes(40) }),
    () => ({ 'code/__torch__.py.debug_pkl': pickle(value(draw)) }),
    () => ({ '.data/version': Buffer.from(draw.pick(['3', '0', '99', '-1', '9'.repeat(50), '', 'x'])) }),
    () => ({ version: Buffer.from(draw.pick(['3', '0', '99', '-1', '9'.repeat(50), '', 'x'])) }),
    () => ({ byteorder: Buffer.from(draw.pick(['big', 'little', '', 'x'])) }),
    () => ({ 'bytecode.pkl': pickle(value(draw)) }),
    () => ({ 'extra/a.pkl': draw.bytes(20) }),
    () => ({ '.storage_alignment': Buffer.from('-1'), '.format_version': Buffer.from('9') }),
  ])()
  return program({ records })
}

/** The bytes of a TorchScript file. */
export function programFile(draw) {
  const records = draw.pick([nested, nested, nested, oddValues, oddValues, statements, oddRecords])(draw)
  if (draw.chance(0.1)) return oddZip(draw, records)
  const file = zipOf(records.map((record) => ({ ...record, deflated: draw.chance(0.3) })))
  // The bytes by which libtorch recognises its other format.
  if (draw.chance(0.02)) file.write('PTMF', 4)
  return file
}
