import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { runPython } from './python'

describe('runPython', () => {
  test('carries tensors, numbers and nested values both ways', async () => {
    const inputs = {
      half: torch.tensor([1.5, -2], { dtype: 'bfloat16' }),
      empty: torch.zeros([0, 3]),
      scalar: torch.tensor(7n),
      nested: { list: [1, null, 'two', true], big: 2n ** 60n, whole: torch.float(1), nan: NaN },
      map: new Map([[1, 'one']]),
      bytes: new Uint8Array([1, 2, 3]),
    }
    const back = await runPython<typeof inputs & { kinds: string[] }>(
      `
      assert inputs['nested']['nan'] != inputs['nested']['nan']
      outputs = dict(inputs, kinds=[type(inputs['nested']['whole']).__name__, type(inputs['nested']['list'][0]).__name__, str(inputs['half'].dtype)])
      `,
      inputs,
    )
    expect(back.kinds).toEqual(['float', 'int', 'torch.bfloat16'])
    expect(back.half).toEqualTensor(inputs.half)
    expect(back.empty).toEqualTensor(inputs.empty)
    expect(back.scalar).toEqualTensor(inputs.scalar)
    expect(back.nested).toEqual({ list: [1, null, 'two', true], big: 2n ** 60n, whole: 1, nan: NaN })
    expect(back.map).toEqual(inputs.map)
    expect([...back.bytes]).toEqual([1, 2, 3])
  })

  test("throws with Python's traceback, and goes on", async () => {
    await expect(runPython(`raise ValueError('no good')`)).rejects.toThrow(/ValueError: no good/)
    const { y } = await runPython(`print('harmless'); outputs = {'y': torch.ones(2)}`)
    expect(y).toEqualTensor(torch.ones([2]))
  })
})

describe('the matchers', () => {
  test('name the worst element', () => {
    const x = torch.tensor([
      [1, 2],
      [3, 4],
    ])
    expect(() =>
      expect(x).toBeAllclose([
        [1, 2],
        [3, 5],
      ]),
    ).toThrow(/1 of 4 elements differ.*Worst at \[1, 1\]: expected 5 but received 4, off by 1/)
    expect(() => expect(x).toBeAllclose(torch.ones([3]))).toThrow(/expected shape \[3\] but received \[2, 2\]/)
    expect(() => expect(x).toEqualTensor(x.double())).toThrow(/expected dtype float64 but received float32/)
    expect(x).toBeAllclose(
      [
        [1, 2],
        [3, 4.001],
      ],
      { rtol: 1e-3 },
    )
    expect(x).not.toBeAllclose([
      [1, 2],
      [3, 4.001],
    ])
    expect(torch.tensor([NaN, Infinity])).toBeAllclose([NaN, Infinity])
    expect(torch.tensor([NaN])).not.toBeAllclose([1])
    expect(torch.tensor([1])).not.toBeAllclose([Infinity])
  })
})
