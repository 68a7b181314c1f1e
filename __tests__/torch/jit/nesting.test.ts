import { describe, expect, test } from '@jest/globals'
import { writeFileSync } from 'node:fs'
import * as torch from '../../../src/torch'
import { longestChains } from '../../../src/torch/jit/call-chains'
import { crashingLine } from '../../../src/torch/jit/crashes'
import { tooDeep } from '../../../src/torch/jit/nesting'
import { runChild } from '../../support/child'
import { temporary } from '../../support/files'
import { growthOf } from '../../support/growth'
import { forgedProgram, forgedZip, intOf, pickleOf, storageOf, taggedOf, tensorOf } from '../serialization/forge'

const repeated = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => `${line(i)}\n`).join('')
const method = (name: string, body: string) => `  def ${name}(self: __torch__.M,\n    x: Tensor) -> Tensor:\n    ${body}\n`
const x = torch.ones([4])

/** Code whose nesting has a size, in as many ways as libtorch's lexer and compiler recurse. */
const nested: Record<string, (n: number) => string> = {
  brackets: (n) => `y = ${'('.repeat(n)}x${')'.repeat(n)}`,
  'brackets behind triple quotes': (n) => `y = ''' ''' + ${'('.repeat(n)}'${')'.repeat(n)}`,
  'brackets behind an escaped quote': (n) => `y = "\\\\" + ${'('.repeat(n)}"`,
  'a type in a comment': (n) => `y = 1 # type: ${'List['.repeat(n)}`,
  operators: (n) => `y = ${'- '.repeat(n)}x`,
  'operators on continued lines': (n) => `y = ${'-\\\n'.repeat(n)}x`,
  blocks: (n) => repeated(n, (i) => `${' '.repeat(i)}if c:`),
  elif: (n) => `if c:\n  pass\n${repeated(n, () => 'elif d:\n  pass')}`,
  'early returns': (n) => `def f():\n${repeated(n, () => '  if c:\n    return x')}`,
  comments: (n) => `y = 1\n${'#\n'.repeat(n)}z = 2`,
  'comments at the end': (n) => `y = 1\n${'#\n'.repeat(n)}`,
  'comments before a string without an end': (n) => `y = 1\n${'#\n'.repeat(n)}"`,
  'empty lines in brackets': (n) => `f(${'\n'.repeat(n)})`,
}

describe('code is refused by its nesting:', () => {
  test.each(Object.entries(nested))('%s', (_, code) => {
    expect(tooDeep(code(20))).toBeNull()
    expect(tooDeep(code(5000))).toMatchObject({ line: expect.any(Number), what: expect.stringMatching(/in one another|parts|in a row/) })
  })

  test('but not where nothing is nested: a string, statements, items, blocks one after another', () => {
    const code = `y = "${'('.repeat(5000)}"\n${repeated(5000, () => 'y = x')}f(${'x, '.repeat(5000)})\n${repeated(5000, () => 'if c:\n  pass\nelif d:\n  pass')}`
    expect(tooDeep(code)).toBeNull()
    expect(tooDeep(repeated(5000, (i) => `def f${i}():\n  return x`))).toBeNull()
  })

  test('in time proportional to its length', () => {
    const texts = ['"', '\\"', "'", '"""', '\\', 'a', '9', '#', '\n', ' ', '(', "'\n"]
    const read = (size: number) => texts.map((text) => tooDeep(text.repeat(size / text.length)))
    expect(growthOf(read, 30_000)).toBeLessThan(3)
  })
})

describe('the chains of a program', () => {
  const chains = (code: string) => longestChains(new Map([['__torch__', code]]))

  test('are methods that call one another, under any name of self', () => {
    for (const call of ['self.m', '(self).m', 's.m']) {
      const code = `class M(Module):\n${method('forward', `s = self\n    return ${call}0(x)`)}${repeated(30, (i) => method(`m${i}`, `s = self\n    return ${call}${i + 1}(x)`))}`
      expect(chains(code).calls).toBe(31)
    }
  })

  test('are functions and classes that name one another', () => {
    const functions = repeated(30, (i) => `def f${i}(x: Tensor) -> Tensor:\n  return __torch__.f${i + 1}(x)`)
    expect(chains(functions)).toMatchObject({ calls: 30, names: 30 })
    expect(chains(repeated(30, (i) => `class C${i}(Module):\n  a : Optional[__torch__.C${i + 1}]`))).toMatchObject({ calls: 0, names: 30 })
  })

  test('are no calls of children, which the tracer numbers alike', () => {
    const calls = [
      'block = self.block\n    return (block).forward1(x)',
      'return (self.block).forward1(x)',
      'a = getattr(self, "0")\n    return (a).forward1(x)',
    ]
    for (const call of calls) {
      const code = `class M(Module):\n${method('forward', call)}${method('forward1', call.replaceAll('forward1', 'forward2'))}${method('forward2', call)}`
      expect(chains(code).calls).toBe(1)
    }
  })
})

describe('a list written out where the type is Any, at which libtorch ends the process,', () => {
  test('is found by its line', () => {
    for (const statement of [
      'y = annotate(Any, [x])',
      'y = annotate(Optional[Any], [])',
      'y = annotate(Any, ([x]))',
      'y = annotate(Any, x if c else [x])',
      'y = f(annotate(Any, x), annotate(Any, [x]))',
      'y : Any = [x]',
      'y : Optional[Any] = ([x])',
    ])
      expect([statement, crashingLine(`y = x\n${statement}`)]).toEqual([statement, 2])
    expect(crashingLine('def f(x: Tensor) -> Any:\n  y = x\n  return [y]')).toBe(3)
  })

  test('is no list of another type, argument or index', () => {
    for (const statement of [
      'y = annotate(List[Any], [x])',
      'y = annotate(Any, (x, [x]))',
      'y = annotate(Any, x[0])',
      'y = annotate(Any, f([x]))',
      'y = f(annotate(Any, x), [x])',
      'y : List[Any] = [x]',
      'y = [x]',
    ])
      expect([statement, crashingLine(statement)]).toEqual([statement, null])
    expect(crashingLine('def f() -> Any:\n  return x\ndef g() -> List[int]:\n  return [1]')).toBeNull()
  })

  test('is refused before it is compiled', () => {
    expect(() => torch.jit.load(forgedProgram({ forward: '    y = annotate(Any, [x])\n    return x' }))).toThrow(
      /the code of 'm\/code\/__torch__\.py' writes a list out where the type is Any, at line 8: libtorch cannot compile that/,
    )
  })
})

describe('a program', () => {
  const load = (parts: Parameters<typeof forgedProgram>[0]) => torch.jit.load(forgedProgram(parts))
  const list = (...items: (string | Buffer)[]) =>
    Buffer.concat([Buffer.from(']('), ...items.map((item) => Buffer.from(item)), Buffer.from('e')])
  const ofNames = (value: Buffer, type = 'List[Any]') => ({ attributes: '  names : List[Any]\n', values: { names: taggedOf(value, type) } })

  test('is read where nothing is forged', () => {
    expect((load({}).call(x) as torch.Tensor).tolist()).toEqual([2, 3, 4, 5])
    expect(load(ofNames(list(intOf(1))))['names']).toEqual([1])
  })

  test.each<[string, () => Parameters<typeof forgedProgram>[0], RegExp]>([
    ['a list that holds itself', () => ofNames(Buffer.from(']q\x00h\x00a', 'latin1')), /holds itself/],
    ['lists nested without measure', () => ofNames(Buffer.from(`${']'.repeat(2000)}${'a'.repeat(1999)}`)), /nested more than 1000 deep/],
    [
      'lists nested without measure, the innermost first',
      () => ofNames(list(']q\x00', ...Array.from({ length: 2000 }, () => Buffer.from(']h\x00aq\x00', 'latin1')))),
      /nested more than 1000 deep/,
    ],
    [
      'lists that are dropped again',
      () => ofNames(Buffer.concat([Buffer.from(`${']'.repeat(2000)}${'a'.repeat(1999)}0`), list(intOf(1))])),
      /nested more than 1000 deep/,
    ],
    [
      'a billion laughs',
      () => ofNames(list(']q\x00', ...Array.from({ length: 60 }, () => Buffer.from('](h\x00h\x00eq\x00', 'latin1')))),
      /far more than the file/,
    ],
    [
      'a type nested without measure',
      () => ofNames(list(intOf(1)), `${'List['.repeat(300)}Any${']'.repeat(300)}`),
      /a type with 200 brackets/,
    ],
    ['a global that no program names', () => ({ weight: pickleOf('cos\nsystem\n)R').subarray(2, -1) }), /names os\.system/],
    [
      'a storage beyond its record',
      () => ({ weight: tensorOf({ length: 4096, shape: [4096] }) }),
      /storage 0 should have 16384 bytes, but 16/,
    ],
    ['a tensor beyond its storage', () => ({ weight: tensorOf({ shape: [5] }) }), /elements outside its storage of 4/],
    ['a tensor beyond its storage by its stride', () => ({ weight: tensorOf({ stride: [2] }) }), /elements outside its storage/],
    ['a tensor beyond its storage by its offset', () => ({ weight: tensorOf({ offset: 1 }) }), /elements outside its storage/],
    [
      'a chain of too many methods',
      () => ({ after: repeated(2500, (i) => method(`m${i}`, `return self.m${i + 1}(x)`)) }),
      /2500 functions that call/,
    ],
    ['the format of PyTorch 1.0', () => ({ records: [['m/model.json', { data: Buffer.from('{}') }]] as const }), /format of PyTorch 1\.0/],
    [
      'code in a record that only libtorch finds',
      () => ({ records: [['m/code/other.PY', { data: Buffer.from('') }]] as const }),
      /is not written as/,
    ],
  ])('is refused for %s', (_, parts, message) => {
    expect(() => load(parts())).toThrow(message)
    expect(() => load(parts())).toThrow(torch.FileError)
  })

  test('is refused for the indices of a sparse tensor outside it', () => {
    const records = [['m/data/1', { data: Buffer.from(BigInt64Array.of(1n, 1_000_000n).buffer) }]] as const
    const sparse = (offset: number) => {
      const indices = tensorOf({ storage: storageOf(2, '1', 'LongStorage'), offset, shape: [1, 1], stride: [1, 1] })
      const parts = [
        'ctorch._utils\n_rebuild_sparse_tensor\n(',
        intOf(1),
        '(',
        intOf(2),
        't\x89',
        indices,
        tensorOf({ offset: 1, shape: [1] }),
        'tR',
      ]
      return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))
    }
    const forward = '    return torch.to_dense(self.s)'
    const parts = (offset: number) => ({ forward, attributes: '  s : Tensor\n', values: { s: sparse(offset) }, records })
    expect((load(parts(0)).call(x) as torch.Tensor).tolist()).toEqual([0, 2])
    expect(() => load(parts(1))).toThrow(torch.JitError)
  })

  test('is refused where an attribute is no value of its type', () => {
    expect(() => load({ values: { training: intOf(1) } })).toThrow(torch.JitError)
    expect(() => load({ values: { training: intOf(1) } })).toThrow(/expected bool/)
  })

  test('whose file begins like libtorch’s other format is read by no other reader', () => {
    const file = forgedProgram()
    file.write('PTMF', 4)
    const path = temporary('other.pt')
    writeFileSync(path, file)
    expect((torch.jit.load(path).call(x) as torch.Tensor).tolist()).toEqual([2, 3, 4, 5])
  })

  test('may have 1,900 classes in a chain, in a worker, whose own stack is too small for them', async () => {
    const path = temporary('chain.pt')
    const held = (i: number) => (i < 1899 ? `  c : Optional[__torch__.C${i + 1}]` : '')
    const after = repeated(1900, (i) => `class C${i}(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n${held(i)}`)
    writeFileSync(path, forgedProgram({ attributes: '  c : Optional[__torch__.C0]\n', values: { c: Buffer.from('N') }, after }))
    const seen = await runChild<string[][]>(`
      const { Worker } = require('node:worker_threads')
      const use = ([dist, path]) => {
        const module = require(dist + '/torch').jit.load(path)
        module.deepcopy().save(path + '.copy')
        require('node:worker_threads').parentPort.postMessage(module.methodNames())
      }
      const code = '(' + use + ')(' + JSON.stringify([dist, ${JSON.stringify(path)}]) + ')'
      const names = await new Promise((resolve, reject) => new Worker(code, { eval: true }).on('message', resolve).on('error', reject))
      report([names, torch.jit.load(${JSON.stringify(`${path}.copy`)}).methodNames()])`)
    expect(seen).toEqual([['forward'], ['forward']])
  }, 180_000)

  test('is inlined only so far', () => {
    const doubled = repeated(40, (i) => method(`m${i}`, i < 39 ? `return torch.add(self.m${i + 1}(x), self.m${i + 1}(x))` : 'return x'))
    const module = load({ forward: '    return self.m0(x)', after: doubled })
    expect(() => module.graph('forward', { inlined: true })).toThrow(/more than 2000000 operations/)
    const scoped = '    with torch.autograd.grad_mode.no_grad():\n      y = self.m0(x)\n    return y'
    expect(() => load({ forward: scoped, after: doubled })).toThrow(/more than 2000000 operations|grad_mode/)
  })
})

test('what a program makes that holds itself is neither converted nor copied nor written, with an error', () => {
  const module = torch.jit.load(
    forgedProgram({
      attributes: '  names : List[Any]\n',
      values: { names: taggedOf(Buffer.from(']'), 'List[Any]') },
      forward: '    names = self.names\n    _0 = torch.append(names, names)\n    return x',
    }),
  )
  expect(module['names']).toEqual([])
  module.call(x)
  expect(() => module['names']).toThrow(/nested more than 1000 deep/)
  for (const use of [() => module.deepcopy(), () => module.save(temporary('itself.pt'))]) {
    expect(use).toThrow(torch.JitError)
    expect(use).toThrow(/holds a value that holds itself/)
  }
  const loop: unknown[] = []
  loop.push(loop)
  expect(() => (module['names'] = loop)).toThrow(/an argument of a program is nested more than 1000 deep/)
})

test('values of torch.load are as deep as they may be, whichever is read first', () => {
  const lists = Array.from({ length: 2000 }, () => Buffer.from(']h\x00aq\x00', 'latin1'))
  const file = forgedZip([
    ['archive/data.pkl', { data: pickleOf('](', ']q\x00', ...lists, 'e') }],
    ['archive/version', { data: Buffer.from('3\n') }],
  ])
  expect(() => torch.load(file)).toThrow(/nested more than 1000 deep/)
})
