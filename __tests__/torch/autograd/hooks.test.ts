import { describe, expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import { runChild } from '../../support/child'
import { growthOf } from '../../support/growth'
import { runPython } from '../../support/python'

const leaf = (values: torch.TensorData) => torch.tensor(values, { dtype: 'float64', requiresGrad: true })

describe('hooks', () => {
  test.each([Symbol('thrown'), null, undefined, 3, new RangeError('thrown')])('pass on what they throw, whatever it is: %s', (thrown) => {
    const x = leaf([1, 2])
    x.registerHook(() => {
      throw thrown
    })
    let caught: unknown = 'nothing'
    try {
      x.mul(2).sum().backward()
    } catch (error) {
      caught = error
    }
    expect(caught).toBe(thrown)
  })

  test('may remove themselves, dispose tensors and run other graphs', () => {
    const x = leaf([1, 2])
    const other = leaf([3])
    const inner = x.mul(2)
    inner.registerHook((grad) => {
      torch.enableGrad(() => other.mul(other).sum().backward())
      inner.dispose()
      grad.dispose()
    })
    const handle = x.registerHook((grad) => {
      handle.remove()
      return grad.mul(10)
    })
    inner.sum().backward()
    expect(x.grad!.tolist()).toEqual([20, 20])
    expect(other.grad!.tolist()).toEqual([6])
    x.mul(1).sum().backward()
    expect(x.grad!.tolist()).toEqual([21, 21])
  })

  test('that start the backward which calls them end in an error, not in a hang', () => {
    const nest = (): void => {
      const x = leaf([1])
      x.registerHook(() => torch.enableGrad(nest))
      x.mul(2).sum().backward()
    }
    expect(nest).toThrow(/hooks of hooks, 50 deep/)
    const x = leaf([1])
    x.mul(2).sum().backward()
    expect(x.grad!.item()).toBe(2)
  })

  test('see the gradient and may replace it', () => {
    const a = leaf([1, 2])
    const b = a.mul(3)
    const seen: unknown[] = []
    b.registerHook((grad) => {
      seen.push(grad.tolist())
    })
    b.registerHook((grad) => grad.mul(10))
    b.sum().backward()
    expect(seen).toEqual([[1, 1]])
    expect(a.grad!.tolist()).toEqual([30, 30])
  })

  test('run on leaves, and in every backward until removed', () => {
    const a = leaf([1])
    let calls = 0
    const handle = a.registerHook(() => void calls++)
    const other = a.registerHook(() => void (calls += 100))
    a.mul(2).sum().backward()
    const y = a.mul(2).sum()
    y.backward({ retainGraph: true })
    y.backward()
    expect(calls).toBe(303)
    handle.remove()
    handle.remove()
    a.mul(2).sum().backward()
    expect(calls).toBe(403)
    other.remove()
    a.mul(2).sum().backward()
    expect(calls).toBe(403)
  })

  test('stop the backward with their own error', () => {
    class MyError extends Error {}
    const a = leaf([1])
    const handle = a.registerHook(() => {
      throw new MyError('mine')
    })
    expect(() => a.mul(2).sum().backward()).toThrow(MyError)
    handle.remove()
    a.mul(2).sum().backward()
    expect(a.grad!.tolist()).toEqual([2])
  })

  test('may run a backward of their own', () => {
    const [a, b] = [leaf([1]), leaf([5])]
    a.registerHook(() => torch.enableGrad(() => b.mul(4).sum().backward()))
    a.mul(2).sum().backward()
    expect(b.grad!.tolist()).toEqual([4])
  })

  test('must return a tensor or nothing', () => {
    const a = leaf([1])
    a.registerHook((() => 5) as never)
    expect(() => a.mul(2).sum().backward()).toThrow(/a tensor hook must return a Tensor or nothing, but it returned 5/)
    const b = leaf([1])
    b.registerHook((() => Promise.resolve()) as never)
    expect(() => b.mul(2).sum().backward()).toThrow(/it returned Promise/)
    expect(() => torch.ones([1]).registerHook(() => undefined)).toThrow(/requires a gradient/)
    expect(() => a.registerHook(5 as never)).toThrow(/expected a function but received 5/)
  })

  test('take time in proportion to their number, on one tensor, too', () => {
    const hook = (count: number) => {
      const a = leaf([1])
      let calls = 0
      const handles = Array.from({ length: count }, () => a.registerHook(() => void calls++))
      a.mul(2).sum().backward()
      for (const handle of handles) handle.remove()
      a.mul(2).sum().backward()
      expect(calls).toBe(count)
    }
    expect(growthOf(hook, 1000)).toBeLessThan(3)
  })

  test('may be registered again on a tensor that lost all of them, while a graph holds it', () => {
    const outer = leaf([1])
    let calls = 0
    const make = () => {
      const a = outer.mul(1)
      const first = a.registerHook(() => void calls++)
      const graph = a.mul(2).sum()
      first.remove()
      a.registerHook(() => void (calls += 10))
      return graph
    }
    const graph = make()
    for (let i = 0; i < 200; i++) outer.registerHook(() => undefined).remove()
    graph.backward()
    expect(calls).toBe(10)
  })

  test('run in a backward through torch.ops, with their own errors', () => {
    const a = leaf([1, 2])
    const thrown = new RangeError('mine')
    a.registerHook(() => {
      throw thrown
    })
    let caught: unknown
    try {
      torch.ops['aten']!['_backward']!(a.mul(2).sum(), [], null, false, false)
    } catch (error) {
      caught = error
    }
    expect(caught).toBe(thrown)
  })

  test('outlive the object of their tensor as long as the graph does', () => {
    const a = leaf([1])
    let calls = 0
    const graph = () => {
      const inner = a.mul(2)
      inner.registerHook(() => void calls++)
      return inner.mul(3).sum()
    }
    const y = graph()
    for (let i = 0; i < 5; i++) {
      torch.autograd.backward(leaf([1]).sum())
      globalThis.gc?.()
    }
    y.backward({ retainGraph: true })
    globalThis.gc?.()
    y.backward()
    expect(calls).toBe(2)
  })

  test('may be registered before their tensor is used', () => {
    const outer = leaf([1])
    let calls = 0
    const make = () => {
      const a = outer.mul(1)
      a.registerHook(() => void calls++)
      for (let i = 0; i < 100; i++) outer.registerHook(() => undefined).remove()
      return a.mul(2).sum()
    }
    make().backward()
    expect(calls).toBe(1)
  })
})

/** The same small programs in both languages; each notes what its hooks saw. */
const PROGRAMS: Readonly<Record<string, readonly [python: string, body: (called: string[]) => void]>> = {
  'one removed after a change in place leaves the later one': [
    `
x = torch.ones(1, requires_grad=True) * 1
a = x.register_hook(hook('a')); x.add_(1); x.register_hook(hook('b')); a.remove()
x.sum().backward()`,
    (called) => {
      const x = torch.ones([1], { requiresGrad: true }).mul(1)
      const a = x.registerHook(() => void called.push('a'))
      x.add_(1)
      x.registerHook(() => void called.push('b'))
      a.remove()
      x.sum().backward()
    },
  ],
  'one is removed after a change in place, and after the backward': [
    `
x = torch.ones(1, requires_grad=True) * 1
a = x.register_hook(hook('a')); x.relu_(); x.sum().backward(); a.remove()`,
    (called) => {
      const x = torch.ones([1], { requiresGrad: true }).mul(1)
      const a = x.registerHook(() => void called.push('a'))
      x.relu_()
      x.sum().backward()
      a.remove()
    },
  ],
  'stay with the value that a branch read before a change in place': [
    `
y = torch.ones(1, requires_grad=True) * 1
y.register_hook(hook('y')); z = y + 5; y.add_(1)
torch.ones(1, requires_grad=True).sum().backward()
z.sum().backward()`,
    (called) => {
      const y = torch.ones([1], { requiresGrad: true }).mul(1)
      y.registerHook(() => void called.push('y'))
      const z = y.add(5)
      y.add_(1)
      torch.ones([1], { requiresGrad: true }).sum().backward()
      z.sum().backward()
    },
  ],
  'stay with it after detach_': [
    `
y = torch.ones(1, requires_grad=True) * 1
y.register_hook(hook('y')); z = y + 5; y.detach_()
torch.ones(1, requires_grad=True).sum().backward()
z.sum().backward()`,
    (called) => {
      const y = torch.ones([1], { requiresGrad: true }).mul(1)
      y.registerHook(() => void called.push('y'))
      const z = y.add(5)
      y.detach_()
      torch.ones([1], { requiresGrad: true }).sum().backward()
      z.sum().backward()
    },
  ],
  'stay with a view whose base is changed': [
    `
base = torch.ones(2, requires_grad=True) * 1
view = base[0:1]
view.register_hook(hook('view')); z = view + 5; base.add_(1)
torch.ones(1, requires_grad=True).sum().backward()
z.sum().backward()`,
    (called) => {
      const base = torch.ones([2], { requiresGrad: true }).mul(1)
      const view = base.index([torch.slice(0, 1)])
      view.registerHook(() => void called.push('view'))
      const z = view.add(5)
      base.add_(1)
      torch.ones([1], { requiresGrad: true }).sum().backward()
      z.sum().backward()
    },
  ],
}

describe('of a tensor that changes in place', () => {
  test.each(Object.entries(PROGRAMS))('%s, as in Python', async (_, [python, body]) => {
    const { called: expected } = await runPython<{ called: string[] }>(`
called = []
hook = lambda name: lambda gradient: called.append(name)
${python}
outputs = {'called': called}`)
    const called: string[] = []
    body(called)
    expect(called).toEqual(expected)
  })

  test('hooks that hold their own tensor are freed with it', async () => {
    const live = await runChild<number>(`
      for (let i = 0; i < 50; i++) {
        const x = torch.ones([512, 512], { requiresGrad: true }).mul(1)
        x.registerHook(() => void x.shape)
        if (i % 3 === 0) x.detach_()
        else x.add_(2).relu_()
        if (i % 3 === 1) x.sum().backward()
      }
      for (let i = 0; i < 4; i++) { torch.memoryStats(); gc() }
      report(torch.memoryStats().liveTensors)
    `)
    expect(live).toBeLessThan(8)
  })
})

describe('elsewhere', () => {
  test('an output that nothing used has no gradient to call its hook with', () => {
    const [one, two] = leaf([[1, 2], [3, 4]]).unbind(0) as [torch.Tensor, torch.Tensor] // prettier-ignore
    const called: string[] = []
    one.registerHook((gradient) => void called.push(`one ${gradient.tolist().toString()}`))
    two.registerHook(() => void called.push('two'))
    one.mul(2).sum().backward()
    expect(called).toEqual(['one 2,2'])
  })

  test('hooks of another device run in the mode of the engine, and may start a backward there', () => {
    const w = torch.ones([2], { device: 'meta', requiresGrad: true })
    const modes: boolean[] = []
    const run = (createGraph: boolean) => {
      const x = torch.ones([2], { device: 'meta', requiresGrad: true })
      const y = x.mul(2)
      y.registerHook((gradient) => {
        modes.push(torch.isGradEnabled())
        return gradient.mul(w)
      })
      return torch.autograd.grad(y.sum(), [x], { createGraph })[0]!.requiresGrad
    }
    expect([run(false), run(true)]).toEqual([false, true])
    expect(torch.noGrad(() => torch.enableGrad(() => run(false)))).toBe(false)
    expect(modes).toEqual([false, true, false])
    const nested = (depth: number): void => {
      const x = torch.ones([2], { device: 'meta', requiresGrad: true })
      x.registerHook(() => {
        modes.push(true)
        if (depth > 0) torch.enableGrad(() => nested(depth - 1))
      })
      x.mul(2).sum().backward()
    }
    modes.length = 0
    nested(5)
    expect(modes).toHaveLength(6)
    const x = torch.ones([2], { device: 'meta', requiresGrad: true })
    x.registerHook(() => {
      torch.enableGrad(() => {
        const inner = torch.ones([2], { device: 'meta', requiresGrad: true })
        inner.registerHook(() => {
          throw new RangeError('from within')
        })
        inner.mul(2).sum().backward()
      })
    })
    expect(() => x.mul(2).sum().backward()).toThrow(new RangeError('from within'))
  })
})
