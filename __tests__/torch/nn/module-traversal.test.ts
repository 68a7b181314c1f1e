import { describe, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'
import { runPython } from '../../support/python'

const { nn } = torch

class Part extends nn.Module {
  readonly linear = new nn.Linear(1, 1)
  parent: torch.nn.AnyModule | null = null
  readonly list: unknown[] = []
  override forward(x: Tensor): Tensor {
    return this.linear.call(x)
  }
}

class Whole extends nn.Module {
  readonly left = new Part()
  readonly right = new Part()

  constructor() {
    super()
    for (const part of [this.left, this.right]) {
      part.parent = this
      part.list.push(part.list, part, this)
    }
  }
  override forward(x: Tensor): Tensor {
    return this.right.call(this.left.call(x))
  }
}

const parameters = ['left.linear.weight', 'left.linear.bias', 'right.linear.weight', 'right.linear.bias']

describe('modules that hold their parent, and arrays that hold themselves', () => {
  test('are each gone through once', () => {
    const net = new Whole()
    const seen: string[] = []
    net.apply((module) => seen.push(module.constructor.name))
    expect(seen).toEqual(['Linear', 'Part', 'Linear', 'Part', 'Whole'])
    expect(net.modules().map((module) => module.constructor.name)).toEqual(['Whole', 'Part', 'Linear', 'Part', 'Linear'])
    expect(Array.from(net.namedParameters(), ([name]) => name)).toEqual(parameters)
    expect(Array.from(net.namedParameters({ removeDuplicate: false }), ([name]) => name)).toEqual(parameters)
    expect(
      net
        .eval()
        .modules()
        .some((module) => module.training),
    ).toBe(false)
    expect(
      net
        .train()
        .modules()
        .every((module) => module.training),
    ).toBe(true)
    expect(net.to('float64').left.linear.weight.dtype).toBe('float64')
    net.requiresGrad_(false).zeroGrad()
    expect(net.right.linear.weight.requiresGrad).toBe(false)
  })

  test('have finite names in a state', () => {
    const net = new Whole()
    const state = net.stateDict()
    expect(Object.keys(state)).toEqual(parameters)
    expect(new Whole().loadStateDict(state)).toEqual({ missingKeys: [], unexpectedKeys: [] })
    // `left` holds its parent as a child, so its state includes the parent and `right`.
    expect(Object.keys(net.left.stateDict())).toContain('parent.right.linear.weight')
  })

  test('are copied with what they hold', () => {
    const net = new Whole()
    const copy = net.deepcopy()
    expect(copy.left.parent === copy).toBe(true)
    expect(copy.left.list[0] === copy.left.list).toBe(true)
    expect(copy.left.list[2] === copy).toBe(true)
    const x = torch.ones([1, 1])
    const before = net.call(x)
    torch.noGrad(() => copy.parameters().forEach((parameter) => parameter.zero_()))
    expect(net.call(x)).toEqualTensor(before)
    expect(copy.call(x).item()).toBe(0)
  })

  test('are printed once', () => {
    expect(new Whole().toString()).toBe(
      [
        'Whole(',
        ...['left', 'right'].flatMap((name) => [
          `  (${name}): Part(`,
          '    (linear): Linear(in_features=1, out_features=1, bias=True)',
          '    (parent): Whole(…)',
          '  )',
        ]),
        ')',
      ].join('\n'),
    )
  })

  test('keep the mode of a part that has its own', () => {
    class Frozen extends Part {
      override train(_mode = true): this {
        return super.train(false)
      }
    }
    class Net extends nn.Module {
      readonly frozen = new Frozen()
      readonly free = new Part()
      constructor() {
        super()
        this.frozen.parent = this
      }
    }
    const net = new Net().train()
    expect([net.training, net.free.training, net.frozen.training, net.frozen.linear.training]).toEqual([true, true, false, false])
  })

  test('cannot be written as TorchScript, which says why', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pixelcl-traversal-'))
    try {
      const loop = new nn.Sequential(new nn.ReLU())
      loop.registerModule('again', loop)
      expect(() => torch.save(loop, join(folder, 'loop.pt'))).toThrow(
        /Sequential cannot be written as TorchScript, for a module in it holds itself/,
      )
      const deep = chain(400)
      expect(() => torch.save(deep, join(folder, 'deep.pt'))).toThrow(/for its modules are nested 401 deep/)
      torch.save(chain(200), join(folder, 'chain.pt'))
      expect(torch.jit.load(join(folder, 'chain.pt')).call(torch.ones([1]))).toEqualTensor(torch.ones([1]))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

/** `length` Sequentials nested in each other. */
function chain(length: number): torch.nn.Sequential {
  let net = new nn.Sequential(new nn.Identity())
  for (let i = 1; i < length; i++) net = new nn.Sequential(net)
  return net
}

describe('a chain of 100,000 modules', () => {
  class Link extends nn.Module {
    weight: torch.nn.Parameter | null = null
    next: Link | null = null
  }
  const length = 100_000
  const links = () => {
    const first = new Link()
    let last = first
    for (let i = 1; i < length; i++) last = last.next = new Link()
    last.weight = new nn.Parameter(torch.ones([1]))
    return { first, last }
  }

  test('is gone through, moved, switched and copied', () => {
    const { first, last } = links()
    expect(first.modules()).toHaveLength(length)
    expect(first.parameters()[0] === last.weight).toBe(true)
    first.eval()
    expect(last.training).toBe(false)
    first.to('float64')
    expect(last.weight!.dtype).toBe('float64')
    let visits = 0
    first.apply(() => visits++)
    expect(visits).toBe(length)
    const copy = first.deepcopy()
    expect(copy.modules()).toHaveLength(length)
    expect(copy.parameters()[0] === last.weight).toBe(false)
    expect(first.toString()).toMatch(/\(next\): Link\(…\)/)
    expect(first.toString().length).toBeLessThan(100_000)
  }, 240_000)

  test('has a state, unless its names would fill the memory', () => {
    const { first } = links()
    expect(Object.keys(first.stateDict())[0]).toHaveLength('next.'.length * (length - 1) + 'weight'.length)
    for (const link of first.modules() as unknown as Link[]) link.weight ??= new nn.Parameter(torch.ones([]))
    expect(() => first.stateDict()).toThrow(/the names of this state have more than \d+ characters .*nested too deeply or hold each other/)
    expect(() => first.stateDict()).toThrow(torch.ArgumentError)
    expect(() => first.loadStateDict({})).toThrow(torch.ArgumentError)
  }, 240_000)
})

test('apply visits a shared module at each of its places, as in Python', async () => {
  const python = await runPython<{ seen: string[]; inner: number }>(`
    from torch import nn
    shared = nn.ReLU()
    net = nn.Sequential(nn.Sequential(shared), shared, shared)
    seen = []
    net.apply(lambda module: seen.append(type(module).__name__))
    inner = []
    net.apply(lambda module: module.apply(inner.append))
    outputs = {'seen': seen, 'inner': len(inner)}
  `)
  const shared = new nn.ReLU()
  const seen: string[] = []
  const net = new nn.Sequential(new nn.Sequential(shared), shared, shared)
  net.apply((module) => seen.push(module.constructor.name))
  expect(seen).toEqual(python.seen)
  let inner = 0
  net.apply((module) => module.apply(() => inner++))
  expect(inner).toBe(python.inner)
})
