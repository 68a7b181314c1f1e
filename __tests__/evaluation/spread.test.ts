import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
import { spreadOf } from '../../src/evaluation'
import { runPython } from '../support/python'

/** Features that tell only the place: a code of its own for each place, the same in all images. */
function codes(images: number, grid: number): Tensor {
  return torch
    .eye(grid * grid)
    .view([1, grid * grid, grid, grid])
    .expand([images, -1, -1, -1])
}

describe('place share', () => {
  test('is 1 for features that tell only the place', () => {
    expect(spreadOf(codes(5, 4)).placeShare).toBeCloseTo(1, 10)
  })

  test('is about 1 / images for features that know nothing of the place', () => {
    torch.manualSeed(0)
    const { placeShare } = spreadOf(torch.randn([50, 64, 12, 12]))
    expect(placeShare).toBeCloseTo(1 / 50, 3)
  })

  test('is one half of features that hold as much of the place as of anything else', () => {
    torch.manualSeed(0)
    const content = torch.nn.functional.normalize(torch.randn([200, 64, 8, 8]), { dim: 1 })
    // The mean of the codes has a square of 1/64, which is no variance.
    const { placeShare } = spreadOf(torch.cat([codes(200, 8), content], 1))
    expect(placeShare).toBeCloseTo((63 / 64 + 1 / 200) / (63 / 64 + 1), 2)
  })

  test('depends on directions, not on lengths', () => {
    torch.manualSeed(0)
    const scaled = codes(20, 4).mul(torch.rand([20, 1, 4, 4]).add(0.1))
    expect(spreadOf(scaled).placeShare).toBeCloseTo(1, 10)
  })
})

describe('effective rank and deviation', () => {
  test.each([1, 3, 8])('of features that point both ways along %i of 16 axes are that number, and 1', (axes) => {
    const both = torch.cat([torch.eye(16).narrow(0, 0, axes), torch.eye(16).narrow(0, 0, axes).neg()])
    const { rank, deviation } = spreadOf(both.unsqueeze(-1).unsqueeze(-1))
    expect(rank).toBeCloseTo(axes, 6)
    expect(deviation).toBeCloseTo(1, 6)
  })

  test('of features that are all alike are 0, and there is no place share', () => {
    expect(spreadOf(torch.ones([4, 8, 3, 3]))).toEqual({ placeShare: null, rank: 0, deviation: 0, layout: null })
  })

  test("are those of NumPy's singular values", async () => {
    torch.manualSeed(1)
    const map = torch
      .randn([6, 10, 5, 7])
      .mul(torch.arange(1, 11).view([1, 10, 1, 1]))
      .add(2)
    const { rank, deviation } = await runPython<{ rank: number; deviation: number }>(
      `
import numpy as np
rows = inputs['map'].permute(0, 2, 3, 1).flatten(0, 2).double().numpy()
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
rows -= rows.mean(0)
values = np.linalg.svd(rows, compute_uv=False)
shares = values / values.sum()
outputs = {'rank': float(np.exp(-(shares * np.log(shares)).sum())), 'deviation': float(np.sqrt((rows ** 2).sum(1).mean()))}`,
      { map },
    )
    const found = spreadOf(map)
    expect(found.rank).toBeCloseTo(rank, 6)
    expect(found.deviation).toBeCloseTo(deviation, 8)
  })
})
