import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { camelCase } from '../../src/common/text'
import { runPython } from '../support/python'

type Binary = (input: torch.Tensor | torch.Scalar, other: torch.Tensor | torch.Scalar) => torch.Tensor

/** Functions that Python gives numbers in the place of any tensor, `torch.add(2, 3)`. */
const NAMES = ['add', 'div', 'divide', 'floor_divide', 'mul', 'multiply', 'sub', 'subtract', 'true_divide'] as const
const NUMBERS = [2, 2.5, -3] as const

describe('a number in the place of a first tensor', () => {
  test('gives the values and dtypes that Python gives', async () => {
    const tensors = {
      float: torch.tensor([1.5, -2]),
      int: torch.tensor([2n, 5n]),
      half: torch.tensor([0.5, 3], { dtype: 'float16' }),
      bytes: torch.tensor([2n, 7n], { dtype: 'uint8' }),
    }
    const expected = await runPython<{ results: Record<string, torch.Tensor> }>(
      `
      results = {}
      for name in inputs['names']:
          for number in inputs['numbers']:
              for kind, x in inputs['tensors'].items():
                  results[f'{name} {number:g} {kind}'] = getattr(torch, name)(number, x)
              results[f'{name} {number:g} number'] = getattr(torch, name)(number, 4)
      outputs = {'results': results}
      `,
      { names: [...NAMES], numbers: [...NUMBERS], tensors },
    )
    const functions = torch as unknown as Readonly<Record<string, Binary>>
    for (const name of NAMES) {
      for (const number of NUMBERS) {
        for (const [kind, other] of Object.entries({ ...tensors, number: 4 })) {
          const key = `${name} ${number} ${kind}`
          const actual = functions[camelCase(name)]!(number, other)
          const wanted = expected.results[key]!
          expect([key, actual.dtype, actual.tolist()]).toEqual([key, wanted.dtype, wanted.tolist()])
        }
      }
    }
  })

  test('goes with options, by name, with any kind of number and into the graph', () => {
    const x = torch.tensor([1, 2], { requiresGrad: true })
    expect(torch.sub(10, x, { alpha: 2 }).tolist()).toEqual([8, 6])
    expect(torch.div(7, torch.tensor([2, 3]), { roundingMode: 'floor' }).tolist()).toEqual([3, 2])
    expect(torch.add({ input: 1, other: x }).tolist()).toEqual([2, 3])
    expect(torch.mul(true, torch.tensor([3n])).dtype).toBe('int64')
    expect(torch.mul(torch.float(1), torch.tensor([3n])).dtype).toBe('float32')
    expect(torch.add(2n ** 40n, torch.tensor([1n])).item()).toBe(2 ** 40 + 1)
    expect(torch.add({ real: 0, imag: 1 }, torch.tensor([1])).tolist()).toEqual([[1, 1]])
    torch.div(1, x).sum().backward()
    expect(x.grad!.tolist()).toEqual([-1, -0.25])
  })

  test('is taken by these functions alone, as in Python', async () => {
    const { names } = await runPython<{ names: string[] }>(`
      import inspect
      names = []
      for name in dir(torch._C._VariableFunctions):
          function = getattr(torch._C._VariableFunctions, name)
          if name.startswith('_') or not callable(function): continue
          try:
              result = function(2, 3)
              if isinstance(result, torch.Tensor): names.append(name)
          except Exception:
              pass
      outputs = {'names': names}
    `)
    const made = ['arange', 'empty', 'eye', 'ones', 'rand', 'randn', 'range', 'tril_indices', 'triu_indices', 'zeros']
    expect(names.filter((name) => !made.includes(name))).toEqual([...NAMES])
    // @ts-expect-error a tensor comes first here
    expect(() => torch.atan2(2, torch.ones(2))).toThrow(/atan2\(\)/)
  })
})
