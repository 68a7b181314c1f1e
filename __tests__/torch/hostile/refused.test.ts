import { describe, expect, jest, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import { runChild } from '../../support/child'
import { expectWith } from '../../support/expect'

// Children share two cores with other test files.
jest.setTimeout(180_000)

/** Calls that end the process inside libtorch, Python's as well, or never return; and what is said in place of it. */
const REFUSED: readonly [call: string, message: RegExp][] = [
  ['torch.chooseQparamsOptimized(x, 6, 2 ** 62, 0.16, 8)', /chooseQparamsOptimized\(\): nBins: expected a number from 1 to 1048576/],
  ['torch.chooseQparamsOptimized(x, 6, 2, 2 ** 62, 8)', /ratio: expected a number from 0 to 1/],
  ['torch.chooseQparamsOptimized(x, 6, 2, 0.16, -1)', /bitWidth: expected a number from 1 to 16/],
  ["int([MIN]).div(int([-1n]), { roundingMode: 'trunc' })", /div\(\): the smallest int64 divided by -1 has no int64: roundingMode 'floor'/],
  ["int([MIN]).div_(int([-1n]), { roundingMode: 'trunc' })", /div_\(\): the smallest int64/],
  ["int([MIN]).div(-1, { roundingMode: 'trunc' })", /the smallest int64/],
  ["int([MIN]).div_(-1, { roundingMode: 'trunc' })", /the smallest int64/],
  ["int([MIN]).divide(int([-1n]), { roundingMode: 'trunc' })", /divide\(\): the smallest int64/],
  ["int([MIN]).divide_(-1n, { roundingMode: 'trunc' })", /the smallest int64/],
  ["torch.div(int([5n, MIN]), int(-1n), { roundingMode: 'trunc' })", /the smallest int64/],
  ["int([-(2n ** 31n)], 'int32').div(int([-1n], 'int32'), { roundingMode: 'trunc' })", /the smallest int32/],
  ["int([-(2n ** 31n)], 'int32').div(int(2n ** 32n - 1n), { roundingMode: 'trunc' })", /the smallest int32/],
  ['torch.luUnpack(table, int([], "int32"))', /luUnpack\(\): LUPivots: expected a Tensor of shape \[2\] but received one of shape \[0\]/],
  ['torch.luUnpack(table, int([1n, 2n, 3n], "int32"))', /LUPivots: expected a Tensor of shape \[2\] but received one of shape \[3\]/],
  [
    "torch.quantizePerChannel(table, torch.ones([2]), torch.zeros([2]), 0, 'qint32')",
    /quantizePerChannel\(\): zeroPoints: expected integers for qint32 but received float32/,
  ],
  [
    'torch.zeros([5]).indexCopy_(0, int([0n, 1n]), torch.ones([2]).toMkldnn())',
    /index_copy_ takes no tensors of the layout mkldnn: call toDense/,
  ],
  ['torch.zeros([5]).indexAdd_(0, int([0n, 1n]), torch.ones([2]).toMkldnn())', /index_add_ takes no tensors of the layout mkldnn/],
  [
    'torch.zeros([5]).indexReduce_(0, int([0n]), torch.ones([1]).toMkldnn(), "prod")',
    /index_reduce_ takes no tensors of the layout mkldnn/,
  ],
  ['torch.zeros([5]).scatter_(0, int([0n, 1n]), torch.ones([2]).toMkldnn())', /scatter_.* takes no tensors of the layout mkldnn/],
  ['torch.ones([2, 2]).toMkldnn().matmul(torch.ones([2, 2]).toMkldnn())', /mm takes no tensors of the layout mkldnn/],
  ['zeros.resize_([5])', /resize_\(\): input: expected a tensor with memory but received zeros of autograd/],
  ['torch.ones(new Array(2 ** 32 - 1))', /ones\(\): size: expected an array of whole numbers but received/],
  ['torch.ops.aten.permute.default(x, new Array(2 ** 32 - 1))', /expected at most 16777216 elements/],
  ['F.maxUnpool1d(torch.ones([1, 1, 2]), int([[[0n, 2n]]]), 2n ** 64n)', /maxUnpool1d\(\): kernelSize: expected a whole number/],
  [
    'torch.stft(torch.ones([1, 1, 1, 8]), 4, null, { center: true })',
    /stft\(\): input: expected a Tensor of 1 or 2 dimensions but received Tensor/,
  ],
  ['torch.broadcastTensors(new Array(2 ** 32 - 1))', /broadcastTensors\(\): tensors: expected Tensors but received/],
  ['torch.broadcastShapes(new Array(2 ** 32 - 1))', /broadcastShapes\(\): shapes: expected shapes/],
  ['x.permute(new Array(2 ** 32 - 1))', /expected a whole number|at most 16777216/],
  ['x.index([new Array(2 ** 32 - 1)])', /expected numbers, bigints or booleans in nested arrays but received undefined/],
  ['torch.tensor(new Array(2 ** 32 - 1))', /expected numbers, bigints or booleans in nested arrays but received undefined/],
  ['torch.tensor(Array.from({ length: 60 }).reduce((inner) => [inner, inner], 1))', /memory/i],
  ['torch.ones([1]).expand([2 ** 14, 2 ** 14]).tolist()', /tolist\(\): \[16384, 16384\] takes about .* use toTypedArray\(\)/],
  ['torch.zeros([2 ** 30, 0]).tolist()', /tolist\(\): \[1073741824, 0\] takes about/],
  ['int([MIN]).lcm(int([7n]))', /lcm\(\): the smallest int64 has no common multiple/],
  ['int([MIN]).lcm_(int([7n]))', /the smallest int64 has no common multiple/],
  ["torch.lcm(int([-(2n ** 31n)], 'int32'), int([23n], 'int32'))", /the smallest int32/],
  [
    'torch.nn.functional.fold(torch.ones([1, 4, 4]), [3, 3], 2, 1, 2 ** 31, 1)',
    /expected sizes of windows below 2³¹ but received .*2147483648/,
  ],
  [
    'torch.nn.functional.maxPool1d(torch.ones([1, 1, 8]), 2 ** 45, 2, 1)',
    /expected sizes of windows below 2³¹ but received 35184372088832/,
  ],
  [
    "torch.segmentReduce(x, 'sum', { offsets: int([0n, 100000000n]) })",
    /segmentReduce\(\): offsets: expected numbers from 0 to 3 but received numbers from 0 to 100000000/,
  ],
  ["torch.segmentReduce(x, 'sum', { offsets: int([-100000000n, 3n]) })", /offsets: expected numbers from 0 to 3/],
  ["torch.segmentReduce(x, 'max', { offsets: int([0n, 100000n], 'int32') })", /offsets: expected numbers from 0 to 3/],
  ["torch.segmentReduce(x, 'sum', { offsets: int([0n, 3n, 1n]) })", /offsets: expected numbers that do not decrease/],
  ["torch.segmentReduce(x.view([1, 3]), 'sum', { offsets: int([[0n, 100000000n]]), axis: 1 })", /offsets: expected numbers from 0 to 3/],
  [
    "torch.segmentReduce(x, 'sum', { lengths: int([100000000n]), unsafe: true })",
    /lengths: expected numbers from 0 on that add up to the 3/,
  ],
  ["torch.segmentReduce(x.view([1, 3]), 'sum', { lengths: int([[100000000n]]), axis: 1, unsafe: true })", /lengths: expected/],
  ['F.ctcLoss(logits, int([[100000000n, 1n]]), [5], [2])', /ctcLoss\(\): targets: expected labels from 0 to 3, as logProbs has 4 classes/],
  ['F.ctcLoss(logits, int([[-100000000n, 1n]]), [5], [2])', /labels from 0 to 3/],
  ['F.ctcLoss(logits, int([1n, 200000000n]), [5], [2])', /labels from 0 to 3/],
  ['F.ctcLoss(logits, int([[1n, 200000000n]], "int32"), int([5n]), int([2n]))', /labels from 0 to 3/],
  ['F.ctcLoss(logits, torch.tensor([[1e8, 1]]), [5], [2])', /labels from 0 to 3/],
  ['torch.ctcLoss(logits, int([[4n, 1n]]), [5], [2])', /labels from 0 to 3/],
  [
    "F.embeddingBag(int([0n, 1n]), table, int([0n, -100000000n, 1n]), { mode: 'sum' })",
    /embeddingBag\(\): offsets: expected numbers from 0 to 2/,
  ],
  ["F.embeddingBag(int([0n, 1n]), table, int([0n, 2n, 1n]), { mode: 'max' })", /offsets: expected numbers that do not decrease/],
  ['torch.embeddingBag(table, int([0n, 1n]), int([0n, 100000000n, 1n]))', /offsets: expected numbers from 0 to 2/],
  ['torch.binomial(torch.full([3], NaN), torch.full([3], 0.5))', /binomial\(\): count: expected numbers but received NaN/],
  [
    'torch.repeatInterleave(torch.full([8], 2n ** 61n))',
    /repeatInterleave\(\): repeats: expected fewer than 2\^53 elements in all but received 18446744073709552000/,
  ],
  ['x.repeatInterleave(int([2n ** 63n - 1n, 2n ** 63n - 1n, 3n]))', /repeats: expected fewer than/],
  ['torch.lstm(steps, int([]), [state, state], weights, true, 1, 0, false, false)', /lstm\(\): batchSizes: expected at least one step/],
  ['torch.gru(steps, int([]), state, weights, true, 1, 0, false, false)', /gru\(\): batchSizes: expected at least one step/],
  ['torch.rnnTanh(steps, int([]), state, weights, true, 1, 0, false, false)', /batchSizes: expected at least one step/],
  ['torch.rnnRelu(steps, int([]), state, weights, true, 1, 0, false, false)', /batchSizes: expected at least one step/],
  ['torch.nativeBatchNorm(table, null, null, null, null, false, 0.1, 1e-5)', /nativeBatchNorm\(\): runningMean, runningVar: expected both/],
  [
    'torch.nativeBatchNorm(table, torch.ones([1]), null, null, null, true, 0.1, 1e-5)',
    /weight: expected one element for each of the input's 3 channels but received 1/,
  ],
  [
    'torch.gridSampler(torch.ones([1, 1, 2, 2]), torch.zeros([1, 1, 1, 2]), 0, 99, false)',
    /gridSampler\(\): .* expected 0, 1 or 2 but received 0 and 99/,
  ],
  ['torch.gridSampler2d(torch.ones([1, 1, 2, 2]), torch.zeros([1, 1, 1, 2]), 7, 0, false)', /gridSampler2d\(\): .* but received 7 and 0/],
  [
    'torch.batchNormUpdateStats(table, torch.ones([1]), torch.ones([1]), 0.1)',
    /runningMean: expected one element for each of the input's 3 channels/,
  ],
  [
    'F.slowConvTranspose2d(torch.ones([1, 2, 4, 4]), torch.ones([2, 2, 3, 3]), 5)',
    /kernelSize: expected the weight's \[3, 3\] but received \[5\]/,
  ],
  ['F.slowConvTranspose3d(torch.ones([1, 2, 4, 4, 4]), torch.ones([2, 2, 3, 3, 3]), [3, 3, 5])', /kernelSize: expected the weight's/],
  [
    'torch.mkldnnRnnLayer(state, steps, steps, x, x, state, state, false, [], 2, 500, 1, true, false, false, false)',
    /a hidden size of 500, \[2000, 5\], \[2000, 500\]/,
  ],
  ['torch.sparseCooTensor([[500000000n]], torch.ones([1]), [2]).toDense()', /found index 500000000/],
  ['torch.sparseCsrTensor([0n, 1n], [90000000000n], torch.ones([1]), [1, 2]).matmul(torch.ones([2]))', /col_indices/],
]

const SETTING = `
  const F = torch.nn.functional
  const MIN = -(2n ** 63n)
  const int = (values, dtype = 'int64') => torch.tensor(values, { dtype })
  const [x, table, state, steps] = [[3], [2, 3], [1, 2, 5], [4, 3]].map((shape) => torch.ones(shape))
  const logits = torch.zeros([5, 1, 4])
  const leaf = torch.ones([2], { requiresGrad: true })
  leaf.sgn().sum().backward()
  const zeros = leaf.grad
  const weights = [[20, 3], [20, 5], [20], [20]].map((shape) => torch.ones(shape))
  process.removeAllListeners('warning')
`

test('what libtorch would crash in is refused with a reason', async () => {
  const { said } = await runChild<{ said: (string | null)[] }>(`${SETTING}
    const calls = [${REFUSED.map(([call]) => `() => ${call}`).join(', ')}]
    const said = calls.map((call) => { try { call(); return null } catch (error) { return error.constructor.name + ': ' + error.message } })
    report({ said })
  `)
  for (const [i, [call, message]] of REFUSED.entries()) expectWith(said[i], call).toMatch(message)
})

/** Indices that are overwritten after they were checked: libtorch's kernels trust them, and Python's process dies. */
const OVERWRITTEN: Readonly<Record<string, readonly [code: string, outcome: RegExp]>> = {
  'the indices that a sparse tensor gives': [
    'const s = torch.eye(3).toSparse().coalesce(); s.indices().fill_(1e9); return s.toDense().sum().item()',
    /^3$/,
  ],
  'the indices that a CSR tensor gives': [
    'const s = torch.eye(3).toSparseCsr(); s.crowIndices().fill_(1e9); s.colIndices().fill_(1e9); return s.toDense().sum().item()',
    /^3$/,
  ],
  'the indices of which a sparse tensor was made': [
    'const i = int([[0n, 1n]]); const s = torch.sparseCooTensor(i, [1, 2], [2]); i.fill_(1e9); return s.toDense().tolist()',
    /^1,2$/,
  ],
  'lengths of segments, by data': [
    `const lengths = int([1n, 2n]); const y = torch.segmentReduce(grown, 'sum', { lengths, unsafe: true })
     lengths.data.fill_(1e9); y.sum().backward(); return grown.grad.tolist()`,
    /^1,1,1$/,
  ],
  "a pooling's indices, by data": [
    `const [y, at] = F.maxPool2d(image, 2, { returnIndices: true }); at.data.fill_(1e9); y.sum().backward()`,
    /modified by an inplace operation/,
  ],
  "a pooling's indices, by other data": [
    `const [y, at] = F.maxPool2d(image, 2, { returnIndices: true }); at.data = torch.full(at.shape, 10n ** 9n); y.sum().backward()`,
    /modified by an inplace operation/,
  ],
  "an embedding's indices, by data": [
    `const at = int([0n, 1n]); const y = F.embedding(at, weights[0].clone().requiresGrad_(), { scaleGradByFreq: true })
     at.data.fill_(1e9); y.sum().backward()`,
    /modified by an inplace operation/,
  ],
  'labels of sequences, by data': [
    `const labels = int([[1n, 2n]]); const y = F.ctcLoss(logits.clone().requiresGrad_().logSoftmax(2), labels, [5], [2])
     labels.data.fill_(1e9); y.backward()`,
    /modified by an inplace operation/,
  ],
}

test('indices that are overwritten after they were checked are copies, or the backward refuses them', async () => {
  const said = await runChild<string[]>(`${SETTING}
    const grown = torch.ones([3], { requiresGrad: true })
    const image = torch.ones([1, 1, 4, 4], { requiresGrad: true })
    const calls = [${Object.values(OVERWRITTEN)
      .map(([code]) => `() => { ${code} }`)
      .join(', ')}]
    report(calls.map((call) => { try { return String(call()) } catch (error) { return error.constructor.name + ': ' + error.message } }))
  `)
  for (const [i, [name, [, outcome]]] of Object.entries(OVERWRITTEN).entries()) expectWith(said[i], name).toMatch(outcome)
})

describe('what is near to it is computed', () => {
  const MIN = -(2n ** 63n)

  test('quotients', () => {
    const smallest = torch.tensor([MIN, 4n])
    expect(smallest.div(torch.tensor([2n, -1n]), { roundingMode: 'trunc' }).tolist()).toEqual([MIN / 2n, -4])
    expect(smallest.div(-1, { roundingMode: 'floor' }).tolist()).toEqual([MIN, -4])
    expect(smallest.div(torch.float(-1), { roundingMode: 'trunc' }).dtype).toBe('float32')
    expect(torch.tensor([-128n], { dtype: 'int8' }).div(-1, { roundingMode: 'trunc' }).tolist()).toEqual([-128])
    expect(torch.tensor([7.5, -7.5]).div(-1, { roundingMode: 'trunc' }).tolist()).toEqual([-7, 7])
    expect(
      torch
        .tensor([-(2n ** 31n)], { dtype: 'int32' })
        .div(torch.tensor([-1n]), { roundingMode: 'trunc' })
        .tolist(),
    ).toEqual([2 ** 31])
  })

  test('segments, bags, labels behind the lengths, repeats', () => {
    const x = torch.tensor([1, 2, 3])
    expect(torch.segmentReduce(x, 'sum', { offsets: torch.tensor([0n, 1n, 3n]) }).tolist()).toEqual([1, 5])
    expect(torch.segmentReduce(x, 'sum', { lengths: torch.tensor([1n, 2n]) }).tolist()).toEqual([1, 5])
    const logits = torch.zeros([5, 2, 4]).logSoftmax(2)
    const padded = torch.tensor([
      [1n, -1n],
      [2n, 3n],
    ])
    expect(torch.nn.functional.ctcLoss(logits, padded, [5, 5], [1, 2]).isfinite().item()).toBe(true)
    expect(
      torch.nn.functional
        .ctcLoss(logits, padded, torch.tensor([5n, 5n]), torch.tensor([1n, 2n]))
        .isfinite()
        .item(),
    ).toBe(true)
    const bags = torch.nn.functional.embeddingBag(torch.tensor([0n, 1n]), torch.ones([2, 3]), torch.tensor([0n, 0n, 2n]), { mode: 'sum' })
    expect(bags.tolist()).toEqual([
      [0, 0, 0],
      [2, 2, 2],
      [0, 0, 0],
    ])
    expect(x.repeatInterleave(torch.tensor([0n, 2n, 1n])).tolist()).toEqual([2, 2, 3])
    expect(
      torch
        .tensor([4n])
        .lcm(torch.tensor([6n]))
        .tolist(),
    ).toEqual([12])
  })

  test('norms and transposed convolutions', () => {
    const x = torch.ones([2, 3])
    expect(torch.nativeBatchNorm(x, null, null, torch.zeros([3]), torch.ones([3]), false, 0.1, 0)[0].tolist()).toEqual(x.tolist())
    expect(torch.nn.functional.slowConvTranspose2d(torch.ones([1, 1, 2, 2]), torch.ones([1, 1, 3, 3]), 3).shape).toEqual([1, 1, 4, 4])
  })
})
