import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { runPython } from '../support/python'

const grid = () => torch.arange(24).view([2, 3, 4])

describe('index', () => {
  test('takes integers, ranges, new dimensions and dots', () => {
    const x = grid()
    expect(x.index([0, 1, 2]).item()).toBe(6)
    expect(x.index([-1, -1, -1]).item()).toBe(23)
    expect(x.index([0, 1n]).tolist()).toEqual([4, 5, 6, 7])
    expect(x.index(['...', torch.slice(1, 3)]).tolist()).toEqual([
      [
        [1, 2],
        [5, 6],
        [9, 10],
      ],
      [
        [13, 14],
        [17, 18],
        [21, 22],
      ],
    ])
    expect(x.index([torch.slice(null), torch.slice(null, null, 2)]).shape).toEqual([2, 2, 4])
    expect(x.index([torch.slice(-1, 100), '...', 0]).tolist()).toEqual([[12, 16, 20]])
    expect(x.index([null, '...', null]).shape).toEqual([1, 2, 3, 4, 1])
    expect(x.index([]).shape).toEqual([2, 3, 4])
    expect(x.index(1).shape).toEqual([3, 4])
    expect(x.index(torch.slice(1)).shape).toEqual([1, 3, 4])
  })

  test('takes masks, index tensors, arrays and typed arrays', () => {
    const x = grid()
    expect(x.index([x.gt(20)]).tolist()).toEqual([21, 22, 23])
    expect(x.index(x.gt(20)).tolist()).toEqual([21, 22, 23])
    expect(x.index([0, [true, false, true], 0]).tolist()).toEqual([0, 8])
    expect(
      x
        .index([
          [0, 1],
          [1, 2],
        ])
        .tolist(),
    ).toEqual([
      [4, 5, 6, 7],
      [20, 21, 22, 23],
    ])
    expect(
      x
        .index([
          0,
          [
            [0, 1],
            [2, 0],
          ],
          0,
        ])
        .tolist(),
    ).toEqual([
      [0, 4],
      [8, 0],
    ])
    expect(x.index([new Int32Array([1, 0]), 0, 0]).tolist()).toEqual([12, 0])
    expect(x.index([torch.tensor(1n), 0, 0]).item()).toBe(12)
    expect(x.index([[]]).shape).toEqual([0, 3, 4])
    expect(x.index([true]).shape).toEqual([1, 2, 3, 4])
    expect(x.index([false]).shape).toEqual([0, 2, 3, 4])
  })

  test('gives a view of the same storage where Python does, and a part of the graph', () => {
    const x = torch.zeros([2, 2])
    x.index([0]).fill_(1)
    expect(x.tolist()).toEqual([
      [1, 1],
      [0, 0],
    ])
    x.index([[1]]).fill_(5)
    expect(x.tolist()).toEqual([
      [1, 1],
      [0, 0],
    ])
    const w = torch.ones([3], { requiresGrad: true })
    w.index([torch.slice(1, 3)])
      .sum()
      .backward()
    expect(w.grad!.tolist()).toEqual([0, 1, 1])
    expect(w.index(['...']).isLeaf).toBe(false)
  })

  test('says what is wrong', () => {
    const x = grid()
    expect(() => x.index([2])).toThrow(/index\(\): indices: 2 is out of range for dimension 0 of size 2/)
    expect(() => x.index([0, -4])).toThrow(/index\(\): indices: -4 is out of range for dimension 0 of size 3/)
    expect(() => x.index([0, 0, 0, 0])).toThrow(/index\(\): indices: expected at most 3, one per dimension, but received 4/)
    expect(() => x.index(['...', '...'])).toThrow(/expected at most one '\.\.\.'/)
    expect(() => x.index([0.5])).toThrow(/index\(\): indices: expected a whole number but received 0.5/)
    expect(() => x.index([[0.5]])).toThrow(/expected a whole number but received 0.5/)
    expect(() => x.index(['1' as never])).toThrow(/expected whole numbers, torch.slice.* but received '1'/)
    expect(() => x.index([undefined as never])).toThrow(/received undefined/)
    expect(() => x.index([torch.tensor([0.5])])).toThrow(/long, int, byte or bool/)
    expect(() => x.index([torch.tensor(0.5)])).toThrow(/expected a Tensor of an integer dtype or bool but received Tensor float32 \[\]/)
    expect(() => x.index([torch.tensor([true, false, true])])).toThrow(/mask/)
    expect(() => x.index([[5]])).toThrow(/out of bounds/)
    expect(() => torch.slice(0, 3, 0)).toThrow(/slice\(\): step: expected a whole number from 1 but received 0/)
    expect(() => torch.slice(0, 3, -1)).toThrow(/flip\(\) turns a tensor around/)
    expect(() => torch.slice(0.5)).toThrow(/slice\(\): stop: expected a whole number but received 0.5/)
  })
})

describe('indexPut_', () => {
  test('puts numbers, tensors and arrays, and adds with accumulate', () => {
    expect(torch.zeros([3]).indexPut_([1], 2).tolist()).toEqual([0, 2, 0])
    expect(
      torch
        .zeros([3])
        .indexPut_([torch.slice(2)], torch.tensor([1, 2]))
        .tolist(),
    ).toEqual([1, 2, 0])
    expect(
      torch
        .zeros([3])
        .indexPut_([torch.slice(1, 3)], [7, 8])
        .tolist(),
    ).toEqual([0, 7, 8])
    expect(
      torch
        .zeros([3])
        .indexPut_([[0, 2]], [7, 8])
        .tolist(),
    ).toEqual([7, 0, 8])
    expect(
      torch
        .zeros([3])
        .indexPut_([[0, 0]], 1, { accumulate: true })
        .tolist(),
    ).toEqual([2, 0, 0])
    expect(
      torch
        .zeros([3])
        .indexPut_([[0, 0]], 1, true)
        .tolist(),
    ).toEqual([2, 0, 0])
    expect(() => torch.zeros([3]).indexPut_([0], 1, { acumulate: true } as never)).toThrow(/did you mean 'accumulate'/)
    expect(
      torch
        .ones([3])
        .indexPut_([torch.slice(2)], 1, { accumulate: true })
        .tolist(),
    ).toEqual([2, 2, 1])
    expect(
      torch
        .zeros([2, 2])
        .indexPut_(
          [
            torch.tensor([
              [true, false],
              [false, true],
            ]),
          ],
          3,
        )
        .tolist(),
    ).toEqual([
      [3, 0],
      [0, 3],
    ])
    expect(torch.zeros([2], { dtype: 'int64' }).indexPut_('...', 3).tolist()).toEqual([3, 3])
    expect(
      torch
        .zeros([2, 2])
        .indexPut_([0], torch.ones([1, 1, 2]))
        .tolist(),
    ).toEqual([
      [1, 1],
      [0, 0],
    ])
    expect(torch.zeros([2], { dtype: 'complex64' }).indexPut_([0], { real: 1, imag: 2 }).tolist()).toEqual([
      [1, 2],
      [0, 0],
    ])
    const x = torch.zeros([1])
    expect(x.indexPut_([0], 1)).toBe(x)
  })

  test('says what does not fit', () => {
    expect(() => torch.zeros([3]).indexPut_([[0, 1]], torch.ones([2], { dtype: 'float64' }))).toThrow(/source and destination dtypes match/)
    expect(() => torch.zeros([3]).indexPut_([torch.slice(2)], torch.ones([3]))).toThrow(/must match/)
    expect(() => torch.ones([2], { requiresGrad: true }).indexPut_([0], 1)).toThrow(/leaf Variable/)
  })
})

type Part = number | null | '...' | boolean | torch.Slice | torch.Tensor
let seed = 11
const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below

/** A random index of a random tensor: integers, ranges, dots, new dimensions, masks and index tensors, mixed. */
function randomCase(): { shape: number[]; parts: Part[] } {
  const shape = Array.from({ length: 1 + random(4) }, () => 1 + random(4))
  const parts: Part[] = []
  const broadcast = [[2], [2, 1], [1], [3, 2], []][random(5)]!
  let at = 0
  let dots = false
  while (at < shape.length && random(8) !== 0) {
    const size = shape[at]!
    const kind = random(10)
    if (kind <= 1) parts.push(random(2 * size) - size)
    else if (kind <= 3)
      parts.push(
        torch.slice(
          random(3) === 0 ? null : random(2 * size + 2) - size - 1,
          random(3) === 0 ? null : random(2 * size + 2) - size - 1,
          1 + random(3),
        ),
      )
    else if (kind === 4 && !dots) {
      dots = true
      parts.push('...')
      at += random(shape.length - at + 1) - 1
    } else if (kind === 5) {
      parts.push(null)
      at--
    } else if (kind === 6) parts.push(torch.rand([size]).gt(0.4))
    else if (kind === 7 && at + 1 < shape.length) parts.push(torch.rand([size, shape[++at]!]).gt(0.4))
    else if (kind === 8) parts.push(torch.randint(-size, size, broadcast, { dtype: 'int64' }))
    else {
      parts.push(random(2) === 0)
      at--
    }
    at++
  }
  return { shape, parts }
}

function forPython(part: Part): unknown {
  if (part instanceof torch.Slice) return { start: part.start, stop: part.stop, step: part.step }
  return part
}

const PYTHON_INDEX = `
def part(p):
    if isinstance(p, dict):
        return slice(p['start'], p['stop'], p['step'])
    return Ellipsis if p == '...' and isinstance(p, str) else p
def results(x, parts, put):
    index = tuple(part(p) for p in parts)
    try:
        if put:
            x = x.clone()
            x[index] = put
            return x
        return x[index]
    except Exception as error:
        return type(error).__name__
`

test('600 random indices read and write what Python reads and writes', async () => {
  torch.manualSeed(5)
  const cases = Array.from({ length: 600 }, randomCase)
  const inputs = { cases: cases.map(({ shape, parts }) => ({ shape, parts: parts.map(forPython) })) }
  const { reads, writes } = await runPython<{ reads: (torch.Tensor | string)[]; writes: (torch.Tensor | string)[] }>(
    `${PYTHON_INDEX}
outputs = {'reads': [], 'writes': []}
for case in inputs['cases']:
    x = torch.arange(int(np.prod(case['shape']))).view(case['shape'])
    outputs['reads'].append(results(x, case['parts'], 0))
    outputs['writes'].append(results(x, case['parts'], -7))
`,
    inputs,
  )
  let compared = 0
  cases.forEach(({ shape, parts }, i) => {
    const name = `case ${i}: [${shape.join()}] at [${parts.map((p) => (torch.isTensor(p) ? `${p.dtype} ${JSON.stringify(p.tolist())}` : p instanceof torch.Slice ? `${p.start}:${p.stop}:${p.step}` : String(p))).join(' ; ')}]`
    const x = torch.arange(shape.reduce((a, b) => a * b, 1)).view(shape)
    const attempt = (body: () => torch.Tensor) => {
      try {
        return body()
      } catch {
        return 'error'
      }
    }
    const read = attempt(() => x.index(parts))
    const write = attempt(() => x.clone().indexPut_(parts, -7))
    for (const [ours, python] of [
      [read, reads[i]!],
      [write, writes[i]!],
    ] as const) {
      // Where Python refuses a range after a mask of two dimensions, this package may still give NumPy's answer.
      if (typeof python === 'string') continue
      compared++
      const show = (value: torch.Tensor | string) =>
        typeof value === 'string' ? value : `[${value.shape.join()}] ${JSON.stringify(value.tolist())}`
      expect(`${name} ${show(ours)}`).toBe(`${name} ${show(python)}`)
    }
  })
  expect(compared).toBeGreaterThan(900)
})
