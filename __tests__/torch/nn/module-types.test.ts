/**
 * Types of modules: `tsc -p __tests__` checks this file, and each `@ts-expect-error` says what must not compile. What compiles also runs.
 */
import { expect, test } from '@jest/globals'
import * as torch from '../../../src/torch'
import type { Tensor } from '../../../src/torch'

const { nn } = torch

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles for a value of exactly this type: `hasType<Tensor>()(value)`. */
function hasType<Expected>(): <Actual>(value: Actual, ...wrong: Same<Actual, Expected> extends true ? [] : [never]) => void {
  return () => undefined
}
const x = torch.ones([1, 2])

class Pair extends nn.Module {
  a = new nn.Linear(2, 2)
  override forward(x: Tensor, y: Tensor): [Tensor, Tensor] {
    return [this.a.call(x), y]
  }
  /** A class calls itself as anybody else does. */
  twice(x: Tensor): [Tensor, Tensor] {
    return this.call(...this.call(x, x))
  }
}

class Optional extends nn.Module {
  override forward(x: Tensor, { scale = 1 }: { scale?: number } = {}): Tensor {
    return x.mul(scale)
  }
}

class Nothing extends nn.Module {
  override forward(): void {}
}

class Holder extends nn.Module {}

test('call takes and gives what forward does', () => {
  const pair = new Pair()
  const [first] = pair.call(x, x)
  hasType<[Tensor, Tensor]>()(pair.call(x, x))
  hasType<Tensor>()(new Optional().call(x, { scale: 2 }))
  hasType<void>()(new Nothing().call())
  expect(first.shape).toEqual([1, 2])
  expect(pair.twice(x)[1].shape).toEqual([1, 2])
  const wrong = [
    // @ts-expect-error One argument is missing.
    () => pair.call(x),
    // @ts-expect-error A number is no Tensor.
    () => pair.call(x, 5),
    // @ts-expect-error There is no such option.
    () => new Optional().call(x, { scael: 2 }),
    // @ts-expect-error It takes nothing.
    () => new Nothing().call(x),
    // @ts-expect-error It has no forward to be called.
    () => new Holder().call(x),
  ]
  expect(wrong).toHaveLength(5)
})

test('an override may have any parameters and any result, arrow functions and overloads included', () => {
  class Arrow extends nn.Module {
    override forward = (x: Tensor, times: number): Tensor[] => Array.from({ length: times }, () => x)
  }
  class Overloaded extends nn.Module {
    override forward(x: Tensor, both: true): [Tensor, Tensor]
    override forward(x: Tensor, both?: false): Tensor
    override forward(x: Tensor, both?: boolean): Tensor | [Tensor, Tensor]
    override forward(x: Tensor, both = false): Tensor | [Tensor, Tensor] {
      return both ? [x, x] : x
    }
  }
  class Same<T extends Tensor> extends nn.Module {
    override forward(x: T): T {
      return x
    }
  }
  class Narrower extends Pair {
    override forward(x: Tensor, y: Tensor): [Tensor, Tensor] {
      return super.forward(y, x)
    }
  }
  expect(new Arrow().call(x, 2)).toHaveLength(2)
  hasType<[Tensor, Tensor]>()(new Overloaded().forward(x, true))
  hasType<torch.nn.Parameter>()(new Same<torch.nn.Parameter>().call(new nn.Parameter(x)))
  hasType<[Tensor, Tensor]>()(new Narrower().call(x, x))
  class Wrong extends Pair {
    // @ts-expect-error Who calls a Pair gets two tensors.
    override forward(x: Tensor): Tensor {
      return x
    }
  }
  expect(new Wrong()).toBeInstanceOf(Pair)
})

test('type arguments say what forward must be', () => {
  class Scaled extends nn.Module<[Tensor, number], Tensor> {
    override forward(x: Tensor, by: number): Tensor {
      return x.mul(by)
    }
  }
  class Wrong extends nn.Module<[Tensor], Tensor> {
    // @ts-expect-error The type argument asks for a Tensor.
    override forward(): number {
      return 1
    }
  }
  const typed: torch.nn.Module<[Tensor, number], Tensor> = new Scaled()
  hasType<Tensor>()(typed.call(x, 2))
  const plain: torch.nn.Module = new nn.Linear(2, 2)
  hasType<Tensor>()(plain.call(x))
  // @ts-expect-error It takes two tensors.
  const other: torch.nn.Module = new Pair()
  expect([other, new Wrong()]).toHaveLength(2)
})

test('children can be called, and any module stands in any container', () => {
  const net = new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU())
  let y = x
  for (const child of net.children()) y = child.call(y)
  for (const [name, child] of net.namedModules()) if (name !== '') y = child.call(y)
  expect(y.shape).toEqual([1, 2])
  expect(net.getSubmodule('0').call(x).shape).toEqual([1, 2])

  const pairs = new nn.ModuleList([new Pair(), new Pair()])
  for (const pair of pairs) hasType<[Tensor, Tensor]>()(pair.call(x, x))
  const mixed = new nn.ModuleList<torch.nn.AnyModule>([new Pair(), new nn.ReLU(), new Holder(), pairs]).append(new Nothing())
  expect(mixed).toHaveLength(5)
  const holder = new Holder()
  for (const [name, module] of Object.entries({ mixed, pair: new Pair(), nothing: new Nothing() })) holder.registerModule(name, module)
  expect(holder.children()).toHaveLength(3)
  expect(new nn.Sequential(new Pair(), holder, new Nothing())).toHaveLength(3)
})

test('hooks see the types of the module they are registered on', () => {
  const pair = new Pair()
  pair.registerForwardPreHook((module, [a, b]) => {
    hasType<Pair>()(module)
    hasType<Tensor>()(a)
    return [b, a]
  })
  pair.registerForwardHook((module, [a], [first, second]) => {
    hasType<torch.nn.Linear>()(module.a)
    return [first.add(a), second]
  })
  // @ts-expect-error Forward has two arguments.
  pair.registerForwardHook((_, [, , third]) => third)
  const general: torch.nn.ForwardHook = (module, args, output) => {
    hasType<unknown[]>()(args)
    return module.training && args.length > 0 ? output : undefined
  }
  pair.registerForwardHook(general)
  for (const child of pair.children()) child.registerForwardHook((_, args, output) => (args.length > 0 ? output.mul(2) : output))
  expect(pair.call(x, x)[1].shape).toEqual([1, 2])
})

test('copies, moves and switches keep the class', () => {
  const pair = new Pair()
  hasType<Pair>()(pair.deepcopy())
  hasType<Pair>()(pair.to('float64').eval().requiresGrad_(false))
  const copyOf = <M extends torch.nn.AnyModule>(module: M): M => module.deepcopy()
  hasType<Pair>()(copyOf(pair))
  const value: unknown = pair
  expect(value instanceof nn.Module && value.children().length).toBe(1)
})
