import { expect, test } from 'vitest'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
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
  for (const [name, tensor] of Object.entries(ours)) expect(tensor, name).toBeAllclose(python[name]!)
  expect(() => sparse.mm(csr, other, 'most' as never)).toThrow(/most/)
})
