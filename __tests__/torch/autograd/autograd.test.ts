import { afterEach, describe, expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import { runPython } from '../../support/python'

afterEach(() => {
  torch.setGradEnabled(true)
})

const leaf = (values: torch.TensorData) => torch.tensor(values, { dtype: 'float64', requiresGrad: true })

describe('backward', () => {
  test('gives the gradients that Python gives, second ones too', async () => {
    torch.manualSeed(0)
    const x = torch.randn([3, 4], { dtype: 'float64' })
    const w = torch.randn([4, 2], { dtype: 'float64' })
    const python = await runPython(
      `
      x = inputs['x'].requires_grad_(); w = inputs['w'].requires_grad_()
      y = (x @ w).tanh().softmax(1).log().square().sum()
      gx, gw = torch.autograd.grad(y, [x, w], create_graph=True)
      penalty = gx.square().sum() + gw.norm()
      penalty.backward()
      outputs = {'y': y, 'gx': gx, 'gw': gw, 'x2': x.grad, 'w2': w.grad}
      `,
      { x, w },
    )
    x.requiresGrad = true
    w.requiresGrad_()
    const y = x.matmul(w).tanh().softmax(1).log().square().sum()
    const [gx, gw] = torch.autograd.grad(y, [x, w], { createGraph: true }) as [torch.Tensor, torch.Tensor]
    gx.square().sum().add(gw.norm()).backward()
    expect(y).toBeAllclose(python.y!)
    expect(gx).toBeAllclose(python.gx!)
    expect(gw).toBeAllclose(python.gw!)
    expect(x.grad).toBeAllclose(python.x2!)
    expect(w.grad).toBeAllclose(python.w2!)
  })

  test('accumulates, and stops at what is named', () => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])]
    a.mul(b).sum().backward()
    a.mul(b).sum().backward()
    expect(a.grad!.tolist()).toEqual([6, 8])
    a.grad = null
    b.grad = null
    a.mul(b)
      .sum()
      .backward({ inputs: [a] })
    expect(a.grad!.tolist()).toEqual([3, 4])
    expect(b.grad).toBe(null)
  })

  test('takes the gradient of what comes after', () => {
    const a = leaf([1, 2])
    a.mul(2).backward({ gradient: torch.tensor([1, 10], { dtype: 'float64' }) })
    expect(a.grad!.tolist()).toEqual([2, 20])
    const b = leaf([1, 2])
    torch.autograd.backward([b.mul(2), b.mul(3)], {
      gradTensors: [torch.ones([2], { dtype: 'float64' }), torch.ones([2], { dtype: 'float64' })],
    })
    expect(b.grad!.tolist()).toEqual([5, 5])
  })

  test('takes its arguments by position, too, in the order of Python', () => {
    const a = leaf([1, 2])
    const gradient = torch.tensor([1, 10], { dtype: 'float64' })
    const y = a.mul(2)
    y.backward(gradient, true)
    y.sum().backward(null, true)
    torch.autograd.backward([y], [gradient], false)
    expect(a.grad!.tolist()).toEqual([6, 42])
    const [first] = torch.autograd.grad(a.pow(3).sum(), a, null, null, true) as [torch.Tensor]
    expect(first.requiresGrad).toBe(true)
    expect(torch.autograd.grad(a.mul(2), [a], gradient)[0]!.tolist()).toEqual([2, 20])
    expect(() => a.sum().backward(5 as never)).toThrow(/backward\(\): gradient: expected a Tensor but received 5/)
    expect(() => a.sum().backward({ retainGraph: 1 as never })).toThrow(/retainGraph: expected true or false but received 1/)
    expect(() => torch.autograd.grad(a.sum(), a, null, null, null, true as never)).toThrow(/expected at most 5 by position/)
  })

  test('keeps the graph only when asked to', () => {
    const a = leaf([2])
    const y = a.pow(3).sum()
    y.backward({ retainGraph: true })
    y.backward()
    expect(a.grad!.tolist()).toEqual([24])
    expect(() => y.backward()).toThrow(/backward through the graph a second time/)
  })

  test('builds a graph of the gradients with createGraph, for second ones', () => {
    const a = leaf([2])
    a.pow(3).sum().backward({ createGraph: true })
    const first = a.grad!
    expect([first.tolist(), first.requiresGrad]).toEqual([[12], true])
    a.grad = null
    first.sum().backward()
    expect(a.grad!.tolist()).toEqual([12])
  })

  test('refuses options in the Python spelling, and what is no tensor', () => {
    const a = leaf([1, 2])
    // @ts-expect-error Python's spelling
    expect(() => a.sum().backward({ retain_graph: true })).toThrow(
      /backward\(\): unknown option 'retain_graph' \(did you mean 'retainGraph'\?\)/,
    )
    // @ts-expect-error Python's spelling
    expect(() => torch.autograd.grad(a.sum(), a, { create_graph: true })).toThrow(/grad\(\): .*did you mean 'createGraph'/)
    expect(() => torch.autograd.backward(5 as never)).toThrow(
      /backward\(\): tensors: expected a Tensor or an array of Tensors but received 5/,
    )
    expect(() => torch.autograd.grad(a.sum(), [null] as never)).toThrow(
      /grad\(\): inputs: expected a Tensor or an array of Tensors but received \[null\]/,
    )
    expect(() => a.mul(2).backward({ gradient: 1 as never })).toThrow(/backward\(\): gradient: expected a Tensor but received 1/)
    expect(() => a.sum().backward({ inputs: [1] as never })).toThrow(/received \[1\]/)
    expect(a.grad).toBe(null)
  })

  test('says what is wrong', () => {
    expect(() => leaf([1, 2]).mul(2).backward()).toThrow(/grad can be implicitly created only for scalar outputs/)
    expect(() => torch.ones([]).backward()).toThrow(/does not require grad/)
    expect(() => leaf([1, 2]).backward({ gradient: torch.ones([3], { dtype: 'float64' }) })).toThrow(
      /expected a gradient of its tensor's shape \[2\] but received Tensor float64 \[3\]/,
    )
    expect(() => torch.autograd.grad(leaf([1]).sum(), [leaf([1])])).toThrow(/appears to not have been used in the graph/)
    expect(torch.autograd.grad(leaf([1]).sum(), [leaf([1])], { allowUnused: true })).toEqual([null])
    const a = leaf([1, 2])
    const y = a.exp()
    y.add_(1)
    expect(() => y.sum().backward()).toThrow(/modified by an inplace operation/)
  })
})

describe('a gradient', () => {
  test('is one object while it is the same tensor', () => {
    const a = leaf([1, 2])
    expect(a.grad).toBe(null)
    a.sum().backward()
    const grad = a.grad!
    expect(a.grad).toBe(grad)
    a.sum().backward()
    expect(a.grad).toBe(grad)
    expect(grad.tolist()).toEqual([2, 2])
    a.grad = torch.zeros([2], { dtype: 'float64' })
    expect(Object.is(a.grad, grad)).toBe(false)
    expect(a.grad).toBe(a.grad)
    grad.dispose()
    a.grad.dispose()
    expect(a.grad!.tolist()).toEqual([0, 0])
  })

  test('is a Tensor or null, and not its own tensor', async () => {
    const { errors } = await runPython<{ errors: string[] }>(`
x = torch.ones(2)
errors = []
for wrong in (5, 'x', [1, 2], x):
    try:
        x.grad = wrong
    except (TypeError, RuntimeError) as error:
        errors.append(str(error))
outputs = {'errors': errors}`)
    expect(errors).toHaveLength(4)
    const x = torch.ones([2])
    x.grad = torch.zeros([2])
    for (const wrong of [5, 'x', [1, 2]]) expect(() => (x.grad = wrong as never)).toThrow(/grad: expected a Tensor or null but received/)
    expect(() => (x.grad = x)).toThrow(/cannot be its own gradient/)
    expect(x.grad!.tolist()).toEqual([0, 0])
    expect(() => (x.data = null as never)).toThrow(/data: expected a Tensor but received null/)
  })

  test('must fit its tensor', () => {
    const a = leaf([1, 2])
    expect(() => (a.grad = torch.zeros([3]))).toThrow(/expected float64 \[2\] on cpu but received float32 \[3\] on cpu/)
  })

  test('of a tensor inside the graph stays when retained', () => {
    const a = leaf([1, 2])
    const b = a.mul(2)
    b.retainGrad()
    b.mul(3).sum().backward()
    expect(b.grad!.tolist()).toEqual([3, 3])
  })
})

describe('modes', () => {
  test('noGrad, enableGrad and setGradEnabled hold for their function, also when it throws', () => {
    const a = leaf([1])
    expect(torch.noGrad(() => a.mul(2).requiresGrad)).toBe(false)
    expect(torch.noGrad(() => torch.enableGrad(() => a.mul(2).requiresGrad))).toBe(true)
    expect(torch.setGradEnabled(false, () => torch.isGradEnabled())).toBe(false)
    expect(() =>
      torch.noGrad(() => {
        throw new RangeError('stop')
      }),
    ).toThrow(RangeError)
    expect(torch.isGradEnabled()).toBe(true)
    torch.setGradEnabled(false)
    expect(a.mul(2).requiresGrad).toBe(false)
  })

  test('inference mode makes tensors that can never have a gradient, and nests', () => {
    const made = torch.inferenceMode(() => {
      expect(torch.isInferenceModeEnabled()).toBe(true)
      expect(torch.isGradEnabled()).toBe(false)
      return torch.inferenceMode(() => leaf([1]).detach().mul(2))
    })
    expect(torch.isInferenceModeEnabled()).toBe(false)
    expect(torch.isGradEnabled()).toBe(true)
    expect(() => made.mul(leaf([1]))).toThrow(/Inference tensors cannot be saved for backward/)
  })

  test('refuse async functions, whose awaits would leave the mode', () => {
    expect(() => torch.noGrad(async () => 1)).toThrow(/noGrad\(\) takes a function that is not async/)
    expect(() => torch.inferenceMode(() => Promise.resolve(1))).toThrow(/not async/)
    expect(torch.isGradEnabled()).toBe(true)
    expect(torch.isInferenceModeEnabled()).toBe(false)
  })
})

describe('detach and data', () => {
  test('share the values and leave the graph', () => {
    const a = leaf([1, 2])
    const b = a.mul(1).detach()
    expect([b.requiresGrad, b.isLeaf]).toEqual([false, true])
    a.data.mul_(2)
    expect(a.tolist()).toEqual([2, 4])
    a.data = torch.tensor([7], { dtype: 'float64' })
    expect([a.tolist(), a.requiresGrad]).toEqual([[7], true])
  })

  test('the graph does not notice what is changed through data', async () => {
    const { gradient } = await runPython(`
x = torch.tensor([3.], requires_grad=True)
y = x * x
x.data.mul_(2)
y.sum().backward()
outputs = {'gradient': x.grad}`)
    const x = torch.tensor([3], { requiresGrad: true })
    const y = x.mul(x)
    x.data.mul_(2)
    y.sum().backward()
    expect(x.grad).toEqualTensor(gradient!)
  })

  test('data of another size in the place of what backward saved is noticed', () => {
    const x = torch.rand([1, 1, 8, 8], { requiresGrad: true })
    const [y] = torch.nn.functional.adaptiveMaxPool2d(x, [2, 2], { returnIndices: true }) as [torch.Tensor, torch.Tensor]
    x.data = torch.rand([1, 1, 2, 2])
    expect(() => y.sum().backward()).toThrow(/modified by an inplace operation/)
  })

  test('requiresGrad is true or false', () => {
    const x = torch.ones([1])
    expect(x.requiresGrad_({ requiresGrad: true }).requiresGrad).toBe(true)
    expect(x.requiresGrad_(false).requiresGrad).toBe(false)
    for (const wrong of [1, 'yes', null]) expect(() => (x.requiresGrad = wrong as never)).toThrow(/expected true or false but received/)
    expect(() => torch.setGradEnabled('yes' as never)).toThrow(/expected true or false but received/)
    expect([x.requiresGrad, torch.isGradEnabled()]).toEqual([false, true])
  })

  test('requiresGrad belongs to leaves of floating types', () => {
    const a = leaf([1])
    expect(() => (a.mul(2).requiresGrad = false)).toThrow(/use detach\(\)/)
    expect(() => (torch.tensor([1n]).requiresGrad = true)).toThrow(/only floating-point and complex/)
    a.requiresGrad = false
    expect(a.mul(2).requiresGrad).toBe(false)
  })
})
