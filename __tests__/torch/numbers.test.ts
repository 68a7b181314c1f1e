import { expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'

const NAMES = ['add', 'sub', 'mul', 'div'] as const
const NUMBERS = [0.9, -3, 1e-3]

test('a number keeps its precision where it meets half a precision, in place too, as in Python', async () => {
  const x = torch.linspace(-20, 20, 4099)
  for (const dtype of ['bfloat16', 'float16', 'float32', 'int64'] as const) {
    const given = x.to(dtype)
    const python = await runPython(
      `
outputs = {}
for name in ['add', 'sub', 'mul', 'div']:
    for i, number in enumerate([0.9, -3, 1e-3]):
        outputs[f'{name}{i}'] = getattr(inputs['x'], name)(number)
        if inputs['x'].is_floating_point():
            outputs[f'{name}_{i}'] = getattr(inputs['x'].clone(), name + '_')(number)
`,
      { x: given },
    )
    for (const name of NAMES) {
      NUMBERS.forEach((number, i) => {
        expectWith(given[name](number), `${dtype} ${name} ${number}`).toEqualTensor(python[`${name}${i}`]!)
        expect(torch[name](given, number)).toEqualTensor(python[`${name}${i}`]!)
        if (dtype !== 'int64')
          expectWith(given.clone()[`${name}_`](number), `${dtype} ${name}_ ${number}`).toEqualTensor(python[`${name}_${i}`]!)
      })
    }
  }
})

test('a number makes the node that it makes in Python', async () => {
  const { nodes } = await runPython<{ nodes: string[] }>(`
x = torch.ones(2, requires_grad=True)
outputs = {'nodes': [y.grad_fn.name() for y in (x + 1, x - 1, x * 2, x / 2, x.add(1, alpha=2), x * True, x * 1j)]}`)
  const x = torch.ones([2], { requiresGrad: true })
  const results = [x.add(1), x.sub(1), x.mul(2), x.div(2), x.add(1, { alpha: 2 }), x.mul(true as never), x.mul({ real: 0, imag: 1 })]
  expect(results.map((result) => result.gradFn)).toEqual(nodes)
})

test('a number is no tensor where Python takes none', () => {
  expect(() => torch.matmul(torch.ones([2]), 2 as never)).toThrow(/Tensor/)
  expect(() => torch.cat([torch.ones([2]), 2] as never)).toThrow(/Tensor/)
})
