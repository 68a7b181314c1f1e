import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { functions, native, type FunctionHandle } from '../../src/native'
import { runChild } from '../support/child'
import { temporary } from '../support/files'
import { runPython } from '../support/python'

// Children share two cores with other test files.
jest.setTimeout(180_000)

interface Registered {
  readonly key: number
  readonly handle: FunctionHandle
}

const registered: number[] = []

function register(call: (...values: unknown[]) => unknown): Registered {
  const [key, handle] = native.createFunction()
  functions.hold(key, { call })
  registered.push(key)
  return { key, handle }
}

afterEach(() => {
  for (const key of registered.splice(0)) functions.drop(key)
})

const caughtFrom = (body: () => unknown): unknown => {
  try {
    body()
  } catch (error) {
    return error
  }
  return 'nothing was thrown'
}

/** On this thread, on one other, and on several at once. */
const THREADS = [0, 1, 4]

describe.each(THREADS)('a function that C++ calls on %i other threads', (threads) => {
  const calls = Math.max(threads, 1)

  test('takes and gives any number of values of any kind', () => {
    const tensor = native.fromBytes(new Float32Array([1, 2]), [2], 'float32')
    const seen: unknown[][] = []
    const { handle } = register((...values) => {
      seen.push(values)
      return values
    })
    const values = [tensor, null, 3, 2.5, 12345678901234567890n % 2n ** 62n, 'text', true, [1, 2, 3], [tensor, tensor], { float: 1 }]
    const results = native.callFunction(handle, values, threads)
    expect(results).toHaveLength(calls)
    for (const received of [...seen, ...results]) {
      expect(received.slice(1, 8)).toEqual([null, 3, 2.5, 12345678901234567890n % 2n ** 62n, 'text', true, [1, 2, 3]])
      expect(native.identity(received[0] as never)).toBe(native.identity(tensor))
      expect((received[8] as never[]).map((each) => native.identity(each))).toEqual(Array(2).fill(native.identity(tensor)))
      expect(received[9]).toBe(1)
      expect(received).toHaveLength(10)
    }
  })

  test.each([
    ['undefined gives none', undefined, []],
    ['null gives None', null, [null]],
    ['an array gives its elements', [], []],
    ['an array in an array gives a list', [[1, 2]], [[1, 2]]],
    ['anything else gives one', 'text', ['text']],
  ])('returns values: %s', (_, returned, expected) => {
    const { handle } = register(() => returned)
    expect(native.callFunction(handle, [], threads)).toEqual(Array(calls).fill(expected))
  })

  test.each([Symbol('thrown'), null, undefined, 3, new RangeError('thrown')])('passes on what it throws, whatever it is: %s', (thrown) => {
    const { handle } = register(() => {
      throw thrown
    })
    expect(caughtFrom(() => native.callFunction(handle, [], threads))).toBe(thrown)
  })

  test('may call C++ that calls it again, and the innermost error comes out', () => {
    class Innermost extends Error {}
    const thrown = new Innermost()
    const { handle } = register((depth) => {
      if (depth === 0) throw thrown
      return native.callFunction(handle, [(depth as number) - 1], Math.min(threads, 1))
    })
    expect(caughtFrom(() => native.callFunction(handle, [5], threads))).toBe(thrown)
  })

  test('stops at one depth, and works again afterwards', () => {
    let deepest = 0
    const { handle } = register((depth) => {
      deepest = Math.max(deepest, depth as number)
      if (depth !== -1) native.callFunction(handle, [(depth as number) + 1], Math.min(threads, 1))
    })
    expect(caughtFrom(() => native.callFunction(handle, [1], Math.min(threads, 1)))).toMatchObject({
      code: 'ARGUMENT',
      message: expect.stringMatching(/hooks of hooks, 50 deep/),
    })
    expect(deepest).toBe(50)
    expect(native.callFunction(handle, [-1], threads)).toEqual(Array(calls).fill([]))
  })

  test('returns what has no form in C++: an error that says so', () => {
    const { handle } = register(() => [() => 1])
    expect(caughtFrom(() => native.callFunction(handle, [], threads))).toMatchObject({
      code: 'ARGUMENT',
      message: expect.stringMatching(/received a function/),
    })
  })
})

describe('a function that C++ has dropped', () => {
  test('is released on the next turn of the event loop, or at once when swept', async () => {
    const { turn, sweep } = await runChild<{ turn: number; sweep: number }>(
      `
      const { functions, native } = require(dist + '/native')
      const turns = () => new Promise((resolve) => setTimeout(resolve, 20))
      let released = 0
      const make = () => {
        const [key] = native.createFunction()
        functions.hold(key, { call: () => undefined, released: () => released++ })
      }
      for (let i = 0; i < 10; i++) make()
      // Conservative scanning of the stack may keep the last handle.
      gc(); gc()
      await turns()
      const turn = released
      for (let i = 0; i < 10; i++) make()
      await turns()
      released = 0
      ;(() => { for (let i = 0; i < 100; i++) make() })()
      gc(); gc()
      functions.sweep()
      report({ turn, sweep: released })
    `,
    )
    expect(turn).toBeGreaterThan(7)
    expect(sweep).toBeGreaterThan(80)
  })

  test('is called to no effect when JavaScript has dropped it first', () => {
    const { key, handle } = register(() => 'called')
    functions.drop(key)
    expect(native.callFunction(handle, [], 0)).toEqual([[]])
  })
})

/** Programs whose threads run a backward each. */
const PROGRAM = `
from typing import List
from torch import Tensor
program = torch.jit.ScriptModule()
program.define("""
def work(self, x: Tensor) -> Tensor:
  torch.autograd.backward(torch.sum(torch.mul(x, x)))
  return torch.mul(x, 2)
def gradient(self, x: Tensor) -> Tensor:
  g = torch.autograd.grad([torch.sum(torch.mul(x, x))], [x])[0]
  assert g is not None
  return g
def start(self, x: Tensor) -> List[torch.jit.Future[Tensor]]:
  futures = torch.jit.annotate(List[torch.jit.Future[Tensor]], [])
  for i in range(4):
    futures.append(torch.jit.fork(self.work, x))
  return futures
def awaited(self, x: Tensor) -> Tensor:
  output = x
  for future in self.start(x):
    output = output + torch.jit.wait(future)
  return output
def unawaited(self, x: Tensor) -> Tensor:
  self.start(x)
  return x
def fails(self, x: Tensor) -> Tensor:
  raise Exception("the program's own")
  return x
""")
program.save(inputs['path'])
outputs = {}`

let path = ''

beforeAll(async () => {
  path = temporary('program.pt')
  await runPython(PROGRAM, { path })
})

/** What a child needs to run a method of the programs. */
const load = () => `
      const { native } = require(dist + '/native')
      const { wrap } = require(dist + '/torch/tensor/base')
      const program = native.jitLoad([require('node:fs').readFileSync(${JSON.stringify(path)})], null)
      const run = (method, x) => wrap(native.jitCall(program, method, [x._h])).tolist()
`

describe('programs that run a backward on threads of their own', () => {
  test('call hooks on this thread while it waits, and pass on what they throw', async () => {
    const seen = await runChild<Record<string, unknown>>(`
      ${load()}
      const x = torch.tensor([1, 2], { requiresGrad: true })
      let calls = 0
      let handle = x.registerHook((grad) => { calls++; return grad.mul(10) })
      const output = run('awaited', x)
      const grad = x.grad.tolist()
      handle.remove()
      class Mine extends Error {}
      const thrown = new Mine('from a hook')
      handle = x.registerHook(() => { throw thrown })
      let caught
      try { run('awaited', x) } catch (error) { caught = error }
      handle.remove()
      let own
      try { run('fails', x) } catch (error) { own = error.message }
      report({ output, grad, calls, same: caught === thrown, own })
    `)
    expect(seen).toMatchObject({ output: [9, 18], grad: [80, 160], same: true })
    expect(seen['calls']).toBe(4)
    expect(seen['own']).toMatch(/the program's own/)
  })

  test('that nobody awaits call them from the event loop', async () => {
    const calls = await runChild<number>(`
      ${load()}
      const x = torch.tensor([1, 2], { requiresGrad: true })
      let calls = 0
      x.registerHook(() => void calls++)
      run('unawaited', x)
      const until = Date.now() + 20000
      while (calls < 4 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5))
      report(calls)
    `)
    expect(calls).toBe(4)
  })

  test.each(['', 'worker'])('and wait for JavaScript do not keep a process from its end: %s', async (end) => {
    const body = `
      ${load()}
      const x = torch.tensor([1, 2], { requiresGrad: true })
      x.registerHook(() => undefined)
      run('unawaited', x)`
    const code =
      end === 'worker'
        ? `
      const { Worker } = require('node:worker_threads')
      const worker = new Worker(${JSON.stringify(`
        const dist = require('node:worker_threads').workerData
        const torch = require(dist + '/torch')
        ${body}
        require('node:worker_threads').parentPort.postMessage('started')
        for (;;) {}
      `)}, { eval: true, workerData: dist })
      await new Promise((resolve) => worker.once('message', resolve))
      await worker.terminate()
      report('done')`
        : `${body}
      report('done')
      const until = Date.now() + 300
      while (Date.now() < until);
      ${end}`
    expect(await runChild<string>(code, { timeout: 30_000 })).toBe('done')
  })

  test('nested in hooks stop at the same depth', async () => {
    const { message, depth } = await runChild<{ message: string; depth: number }>(`
      ${load()}
      let depth = 0
      const nest = () => {
        depth++
        const x = torch.tensor([1], { requiresGrad: true })
        x.registerHook(() => torch.enableGrad(nest))
        run('gradient', x)
      }
      let message
      try { nest() } catch (error) { message = error.message }
      const x = torch.tensor([3], { requiresGrad: true })
      if (run('gradient', x)[0] !== 6) throw new Error('does not work afterwards')
      report({ message, depth })
    `)
    expect(message).toMatch(/hooks of hooks, 50 deep/)
    expect(depth).toBe(51)
  })
})
