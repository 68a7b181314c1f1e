import { describe, expect, jest, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { expectWith } from '../../support/expect'
import { runPython } from '../../support/python'

const { nn } = torch

/** Sets every parameter to one value, so that it can be told which module computed. */
function fill<M extends torch.nn.AnyModule>(module: M, value: number): M {
  torch.noGrad(() => module.parameters().forEach((parameter) => parameter.fill_(value)))
  return module
}

const x = torch.ones([1, 1])
const linear = () => fill(new nn.Linear(1, 1, { bias: false }), 1)

describe('a copy computes with its own weights', () => {
  test('where a method is bound in a field, with arguments and in an array, too, as in Python', async () => {
    class Net extends nn.Module {
      stem = linear()
      pre = this.scaled.bind(this, 2)
      all = [this.forward.bind(this)]
      scaled(factor: number, x: Tensor): Tensor {
        return this.stem.call(x).mul(factor)
      }
      override forward(x: Tensor): Tensor {
        return this.pre(x)
      }
    }
    const python = await runPython<{ outputs: number[] }>(`
      import copy, functools
      from torch import nn
      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.stem = nn.Linear(1, 1, bias=False)
              nn.init.ones_(self.stem.weight)
              self.pre = functools.partial(self.scaled, 2)
              self.bound = self.forward
          def scaled(self, factor, x):
              return self.stem(x) * factor
          def forward(self, x):
              return self.scaled(2, x)
      net = Net()
      other = copy.deepcopy(net)
      nn.init.constant_(other.stem.weight, 3)
      x = torch.ones(1, 1)
      outputs = {'outputs': [net.bound(x).item(), other.bound(x).item(), other(x).item()]}
    `)
    const net = new Net()
    const copy = net.deepcopy()
    fill(copy, 3)
    expect([net.all[0]!(x).item(), copy.all[0]!(x).item(), copy.call(x).item()]).toEqual(python.outputs)
    expect(copy.pre(x).item()).toBe(6)
    expect(net.pre(x).item()).toBe(2)
  })

  test('where the method of a child is bound', () => {
    class Net extends nn.Module {
      left = linear()
      right = linear()
      // Both have a method of this name, and each function has its own.
      layers = [this.left.call.bind(this.left), this.right.call.bind(this.right)] as ((x: Tensor) => Tensor)[]
      override forward(x: Tensor): Tensor {
        return this.layers.reduce((y, layer) => layer(y), x)
      }
    }
    const net = new Net()
    const copy = net.deepcopy()
    fill(copy.left, 3)
    fill(copy.right, 5)
    expect(copy.call(x).item()).toBe(15)
    expect(net.call(x).item()).toBe(1)
  })

  test('where a twin of the same class is bound', () => {
    class Twin extends nn.Module {
      stem = linear()
      pre = (x: Tensor): Tensor => x
      run(x: Tensor): Tensor {
        return this.stem.call(x)
      }
    }
    class Pair extends nn.Module {
      left = new Twin()
      right = new Twin()
      constructor() {
        super()
        this.right.pre = this.left.run.bind(this.left)
      }
    }
    const copy = new Pair().deepcopy()
    fill(copy.left, 3)
    fill(copy.right, 5)
    expect(copy.right.pre(x).item()).toBe(3)
  })

  test('where a helper object holds a module, be it plain or of a class', () => {
    class Runner {
      readonly tags = ['a']
      constructor(readonly layer: torch.nn.Linear) {}
      run(x: Tensor): Tensor {
        return this.layer.call(x)
      }
    }
    class Net extends nn.Module {
      stem = linear()
      runner = new Runner(this.stem)
      plain = { layer: this.stem, twice: { runner: this.runner } }
      frozen = Object.freeze([this.stem])
      override forward(x: Tensor): Tensor {
        return this.runner.run(x).add(this.plain.layer.call(x))
      }
    }
    const net = new Net()
    const copy = net.deepcopy()
    fill(copy, 3)
    expect(copy.call(x).item()).toBe(6)
    expect(net.call(x).item()).toBe(2)
    expect(copy.runner).toBeInstanceOf(Runner)
    expect(copy.runner === net.runner).toBe(false)
    expect(copy.plain.twice.runner === copy.runner).toBe(true)
    expect(copy.runner.tags === net.runner.tags).toBe(false)
    expect(Object.isFrozen(copy.frozen)).toBe(true)
    expect(copy.frozen[0] === copy.stem).toBe(true)
  })

  test('where a helper binds its own method', () => {
    class Runner {
      run = this.apply.bind(this)
      constructor(readonly layer: torch.nn.Linear) {}
      apply(x: Tensor): Tensor {
        return this.layer.call(x)
      }
    }
    class Net extends nn.Module {
      stem = linear()
      run = new Runner(this.stem).run
      override forward(x: Tensor): Tensor {
        return this.run(x)
      }
    }
    const copy = new Net().deepcopy()
    fill(copy, 3)
    expect(copy.call(x).item()).toBe(3)
  })

  test('where a function takes its `this` from the call', () => {
    class Net extends nn.Module {
      stem = linear()
      pre = function (this: Net, x: Tensor): Tensor {
        return this.stem.call(x)
      }
      override forward(x: Tensor): Tensor {
        return this.pre(x)
      }
    }
    const copy = new Net().deepcopy()
    fill(copy, 3)
    expect(copy.call(x).item()).toBe(3)
  })
})

describe('what would use the original is refused', () => {
  const cases: [string, () => torch.nn.AnyModule, RegExp][] = [
    [
      'an arrow function with this',
      () =>
        new (class Net extends nn.Module {
          stem = linear()
          pre = (x: Tensor) => this.stem.call(x)
        })(),
      /^Net cannot be copied, for its pre is a field with an arrow function that uses the original's this: write it as a method/,
    ],
    [
      'arrow functions in an array',
      () =>
        new (class Net extends nn.Module {
          stem = linear()
          steps = [(x: Tensor) => x, (x: Tensor) => this.stem.call(x)]
        })(),
      /^Net cannot be copied, for its steps\[1\] is a field with an arrow function/,
    ],
    [
      'a function that holds a module in a variable',
      () => {
        const stem = linear()
        return new (class Net extends nn.Module {
          stem = stem
          pre = (x: Tensor) => stem.call(x)
        })()
      },
      /^Net cannot be copied, for its pre is a field with a function that uses a Linear of the original/,
    ],
    [
      'a function that calls such a function, and holds it in an object',
      () => {
        const parts = { stem: linear() }
        const run = (x: Tensor) => parts.stem.call(x)
        return new (class Net extends nn.Module {
          stem = parts.stem
          pre(x: Tensor): Tensor {
            return x
          }
          helper = { map: new Map([['pre', (x: Tensor) => run(x)]]) }
        })()
      },
      /^Net cannot be copied, for its helper\.map's entry is a field with a function that uses a Linear of the original/,
    ],
    [
      'an accessor',
      () => {
        const net = new nn.Sequential(linear())
        const first = net.at(0)
        return Object.defineProperty(net, 'first', { get: () => first, enumerable: true })
      },
      /^Sequential cannot be copied, for its first is a field with a function that uses a Linear/,
    ],
    [
      'a class with private fields',
      () =>
        new (class Net extends nn.Module {
          #stem = linear()
          override forward(x: Tensor): Tensor {
            return this.#stem.call(x)
          }
        })(),
      /^Net cannot be copied, for only its constructor can make #stem: write private stem, or give the class a method deepcopy\(memo\)/,
    ],
    [
      'a helper of a class with private fields, which a subclass inherits',
      () => {
        class Holder {
          #layer = linear()
          run(x: Tensor): Tensor {
            return this.#layer.call(x)
          }
        }
        class Better extends Holder {}
        return new (class Net extends nn.Module {
          helper = new Better()
        })()
      },
      /^Net cannot be copied, for its helper is a Better, and only its constructor can make #layer/,
    ],
  ]
  test.each(cases)('%s', (_, make, message) => {
    for (const net of [make(), new nn.Sequential(make())]) {
      expect(() => net.deepcopy()).toThrow(message)
      expect(() => net.deepcopy()).toThrow(torch.ArgumentError)
    }
  })

  test('while functions that hold nothing of it are shared', () => {
    const warn = jest.spyOn(process, 'emitWarning')
    const elsewhere = linear()
    class Net extends nn.Module {
      stem = linear()
      act = nn.functional.relu
      scale = (x: Tensor) => x.mul(2)
      outer = (x: Tensor) => elsewhere.call(x)
      kind = nn.ReLU
      max = Math.max
      log = console.log.bind(console)
      static #made = 0
      made(): number {
        return Net.#made
      }
    }
    const net = new Net()
    const copy = net.deepcopy()
    for (const name of ['act', 'scale', 'outer', 'kind', 'max', 'log'] as const) expectWith(copy[name] === net[name], name).toBe(true)
    expect(copy.made()).toBe(0)
    expect(warn).not.toHaveBeenCalled()
    warn.mockRestore()
  })
})

describe('weak references', () => {
  test('are followed to the copy, in weak maps and sets, too', () => {
    class Net extends nn.Module {
      stem = linear()
      ref = new WeakRef(this.stem)
      owners = new WeakMap<object, { stem: torch.nn.Linear }>([[this, { stem: this.stem }]])
      marked = new WeakSet<object>([this.stem])
    }
    const net = new Net()
    const copy = net.deepcopy()
    expect(copy.ref.deref()).toBe(copy.stem)
    expect(copy.owners.get(copy)!.stem).toBe(copy.stem)
    expect(net.owners.get(net)!.stem).toBe(net.stem)
    expect([net.stem, copy.stem].map((stem) => copy.marked.has(stem))).toEqual([true, true])
  })
})

test('a function with properties that hold the original is refused', () => {
  class Net extends nn.Module {
    stem = linear()
    pre = Object.assign((x: Tensor): Tensor => x, { stem: this.stem })
  }
  expect(() => new Net().deepcopy()).toThrow(
    /Net cannot be copied, for its pre is a field with a function that uses a Linear of the original/,
  )
})

test('an error names a class without a name', () => {
  const module = new (class extends nn.Module {
    pre = () => this
  })()
  expect(() => module.deepcopy()).toThrow(/^the module cannot be copied, for its pre/)
})

test('a class copies itself by a method of its own, and so does a helper', () => {
  class Counter {
    #count = 0
    next(): number {
      return ++this.#count
    }
    deepcopy(): Counter {
      return new Counter()
    }
  }
  class Net extends nn.Module {
    #stem = linear()
    counter = new Counter()
    override deepcopy(memo = new Map<unknown, unknown>()): this {
      const copy = new Net() as this
      memo.set(this, copy)
      copy.#stem = this.#stem.deepcopy(memo)
      return copy
    }
    override forward(x: Tensor): Tensor {
      return this.#stem.call(x)
    }
  }
  class Outer extends nn.Module {
    net = new Net()
    counter = new Counter()
    copies = 0
    override deepcopy(memo = new Map<unknown, unknown>()): this {
      const copy = super.deepcopy(memo)
      copy.copies = this.copies + 1
      return copy
    }
  }
  const outer = new Outer()
  outer.counter.next()
  const copy = outer.deepcopy()
  expect(copy.net.call(x).item()).toBe(1)
  expect(copy.net === outer.net).toBe(false)
  expect(copy.counter.next()).toBe(1)
  expect(copy.copies).toBe(1)
})

test('built-in objects are copied where they can be', () => {
  class Net extends nn.Module {
    data = Float32Array.of(1, 2)
    bytes = Buffer.from('ab')
    date = new Date(5)
    pattern = /a/g
    bag = new (class Bag extends Map<string, number> {
      sum(): number {
        return [...this.values()].reduce((a, b) => a + b, 0)
      }
    })([['a', 1]])
    hidden!: number
    constructor() {
      super()
      Object.defineProperty(this, 'hidden', { value: { deep: this.data }, enumerable: false })
    }
  }
  const net = new Net()
  const copy = net.deepcopy()
  for (const name of ['data', 'bytes', 'date', 'bag', 'hidden'] as const) {
    expectWith(copy[name], name).toEqual(net[name])
    expectWith(copy[name], name).not.toBe(net[name])
  }
  expect(copy.bytes).toBeInstanceOf(Buffer)
  expect(copy.bag.sum()).toBe(1)
  expect((copy.hidden as unknown as { deep: unknown }).deep).toBe(copy.data)
})
