import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'

test('torch.sparse gives what Python gives', async () => {
  torch.manualSeed(3)
  const dense = torch.randn([4, 5]).mul(torch.rand([4, 5]).gt(0.4))
  const other = torch.randn([5, 3])
  const bias = torch.randn([4, 3])
  const python = await runPython<Record<string, Tensor>>(
    `
    x, y, bias = inputs['dense'], inputs['other'], inputs['bias']
    s, csr = x.to_sparse(), x.to_sparse_csr()
    outputs = {
        'mm': torch.sparse.mm(s, y), 'csr': torch.sparse.mm(csr, y), 'amax': torch.sparse.mm(csr, y, 'amax'), 'mean': torch.sparse.mm(csr, y, 'mean'),
        'addmm': torch.sparse.addmm(bias, s, y, beta=0.5, alpha=2), 'sum': torch.sparse.sum(s), 'rows': torch.sparse.sum(s, 1).to_dense(),
        'softmax': torch.sparse.softmax(s, 1).to_dense(), 'log': torch.sparse.log_softmax(s, 1).to_dense(),
        'sampled': torch.sparse.sampled_addmm(csr, torch.ones(4, 2), torch.ones(2, 5)).to_dense(),
    }
    `,
    { dense, other, bias },
  )
  const { sparse } = torch
  const [s, csr] = [dense.toSparse(), dense.toSparseCsr()]
  const ours: Record<string, Tensor> = {
    mm: sparse.mm(s, other),
    csr: sparse.mm(csr, other),
    amax: sparse.mm(csr, other, 'amax'),
    mean: sparse.mm(csr, other, 'mean'),
    addmm: sparse.addmm(bias, s, other, { beta: 0.5, alpha: 2 }),
    sum: sparse.sum(s),
    rows: sparse.sum(s, 1).toDense(),
    softmax: sparse.softmax(s, 1).toDense(),
    log: sparse.logSoftmax(s, 1).toDense(),
    sampled: sparse.sampledAddmm(csr, torch.ones([4, 2]), torch.ones([2, 5])).toDense(),
  }
  for (const [name, tensor] of Object.entries(ours)) expectWith(tensor, name).toBeAllclose(python[name]!)
  expect(() => sparse.mm(csr, other, 'most' as never)).toThrow(/most/)
})

interface Described {
  readonly dtype: string
  readonly layout: string
  readonly shape: number[]
  readonly dense: Tensor
}

const describeAll = (tensors: readonly Tensor[]): Described[] =>
  tensors.map((tensor) => ({
    dtype: tensor.dtype,
    layout: tensor.layout.replace('sparse', 'torch.sparse_').toLowerCase(),
    shape: tensor.shape,
    dense: tensor.to('float64').toDense(),
  }))

describe('sparse constructors', () => {
  test.each(['float64', 'float32', 'int64', 'int32', 'bool'] as const)(
    "take the values' dtype where none is given, as Python's: %s",
    async (dtype) => {
      const [values, blocks] = [torch.tensor([1, 0, 1]).to(dtype), torch.tensor([[[1, 0]], [[1, 1]]]).to(dtype)]
      const [outer, inner] = [torch.tensor([0n, 2n, 3n]), torch.tensor([0n, 1n, 1n])]
      const python = await runPython<{ all: Described[] }>(
        `
      v, b, outer, inner = inputs['values'], inputs['blocks'], inputs['outer'], inputs['inner']
      all = [torch.sparse_coo_tensor(torch.stack([inner, inner.flip(0)]), v), torch.sparse_csr_tensor(outer, inner, v), torch.sparse_csc_tensor(outer, inner, v, (2, 2)),
             torch.sparse_bsr_tensor([0, 1, 2], [0, 1], b), torch.sparse_bsc_tensor([0, 1, 2], [0, 1], b, (2, 4)),
             torch.sparse_compressed_tensor(outer.int(), inner.int(), v, (2, 3), layout=torch.sparse_csr, dtype=torch.float64)]
      outputs = {'all': [{'dtype': t.dtype, 'layout': str(t.layout), 'shape': list(t.shape), 'dense': t.to(torch.float64).to_dense()} for t in all]}
      `,
        { values, blocks, outer, inner },
      )
      const ours = [
        torch.sparseCooTensor(torch.stack([inner, inner.flip([0])]), values),
        torch.sparseCsrTensor(outer, inner, values),
        torch.sparseCscTensor(outer, inner, values, [2, 2]),
        torch.sparseBsrTensor([0, 1, 2], [0, 1], blocks),
        torch.sparseBscTensor([0, 1, 2], [0, 1], blocks, { size: [2, 4] }),
        torch.sparseCompressedTensor(outer.to('int32'), inner.to('int32'), values, [2, 3], { layout: 'sparseCsr', dtype: 'float64' }),
      ]
      for (const [i, one] of describeAll(ours).entries()) {
        const { dense, ...rest } = python.all[i]!
        expect({ ...one, dense: undefined }).toEqual({ ...rest, dense: undefined })
        expect(one.dense).toBeAllclose(dense)
      }
    },
  )

  test('make leaves with requiresGrad, keep the graph of their values without it, and take a size alone', () => {
    const leaf = torch.sparseCooTensor([[0, 1]], [1, 2], [3], { requiresGrad: true, isCoalesced: true })
    expect([leaf.requiresGrad, leaf.isLeaf, leaf.isCoalesced()]).toEqual([true, true, true])
    expect(torch.sparseCsrTensor([0, 1], [0], [1.5], { requiresGrad: true }).isLeaf).toBe(true)
    const values = torch.ones([2], { requiresGrad: true })
    torch
      .sparseCooTensor([[0, 1]], values, [3])
      .toDense()
      .mul(torch.tensor([2, 3, 4]))
      .sum()
      .backward()
    expect(values.grad!.tolist()).toEqual([2, 3])
    expect(torch.sparseCooTensor([2, 3], { dtype: 'int8' }).dtype).toBe('int8')
  })

  test('refuse indices outside of the tensor, and options that they do not know', () => {
    const one = torch.ones([1])
    expect(() => torch.sparseCooTensor([[500000000n]], one, [2])).toThrow(/size is 2 but found index 500000000/)
    expect(() => torch.sparseCooTensor([[-1n]], one)).toThrow(/negative index/)
    expect(() => torch.sparseCooTensor([[1, 0]], torch.ones([2]), [2], { isCoalesced: true })).toThrow(/coalesced/)
    expect(() => torch.sparseCsrTensor([0, 1], [90000000000n], one, [1, 2])).toThrow(/col_indices/)
    expect(() => torch.sparseCsrTensor([0, 90000], [0], one, [1, 2])).toThrow(/crow_indices/)
    expect(() => torch.sparseCscTensor([0, 1], [7], one, [2, 1])).toThrow(/row_indices/)
    expect(() => torch.sparseBsrTensor([0, 1], [7], torch.ones([1, 1, 1]), [1, 2])).toThrow(/col_indices/)
    expect(() => torch.sparseCompressedTensor([0, 1], [7], one, [1, 2], { layout: 'sparseCsr' })).toThrow(/col_indices/)
    expect(torch.sparseCooTensor([[5]], one, [2], { checkInvariants: false }).shape).toEqual([2])
    expect(torch.sparseCsrTensor([0, 1], [5], one, [1, 2], { checkInvariants: false }).shape).toEqual([1, 2])
    expect(() => torch.sparseCsrTensor([0, 1], [0], one, { check_invariants: false } as never)).toThrow(/did you mean 'checkInvariants'/)
    expect(() => torch.sparseCompressedTensor([0, 1], [0], one, {} as never)).toThrow(/sparseCompressedTensor\(\): layout is missing/)
    expect(() => torch.sparseCooTensor(one as never)).toThrow(/sparseCooTensor\(\): size: expected an array of whole numbers/)
  })
})
