import { describe, expect, jest, test } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as torch from '../../src/torch'
import { expectWith } from './expect'
import { runPython } from './python'
import { restoreVariables, setVariables } from './variables'

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

  test('tells where Python crashed, and starts another', async () => {
    await expect(runPython(`import ctypes; ctypes.string_at(0)`)).rejects.toThrow(/^Python ended:\n[^]*Segmentation fault[^]*string_at/)
    expect(await runPython(`import os; outputs = {'pid': os.getpid()}`)).toEqual({ pid: expect.any(Number) })
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

describe('the matcher of committed files', () => {
  test('takes the very text, and shows how another differs', () => {
    const text = JSON.stringify({ private: true })
    expect(() => expect(text).toMatchFile('package.json')).toThrow(/package\.json should be written anew, with -u:\n[^]*"name": "pixelcl"/)
    expect(readFileSync(join(__dirname, '..', '..', 'LICENSE'), 'utf8')).toMatchFile('LICENSE')
    expect(() => expect('').toMatchFile('no/such.json')).toThrow('no/such.json should be written anew')
  })
})

describe('expectWith', () => {
  const noted = /^the first of two\n\n.*toBe/

  test('begins a failure with its note, also behind not, resolves and rejects', async () => {
    expect(() => expectWith(1, 'the first of two').toBe(2)).toThrow(noted)
    expect(() => expectWith(1, 'the first of two').not.toBe(1)).toThrow(noted)
    expect(() => expectWith(torch.ones([1]), 'ones').toBeAllclose([2])).toThrow(/^ones\n\n1 of 1 elements differ/)
    await expect(expectWith(Promise.resolve(1), 'the first of two').resolves.toBe(2)).rejects.toThrow(noted)
    await expect(expectWith(Promise.reject(new Error('no')), 'the first of two').rejects.toBe(2)).rejects.toThrow(noted)
  })

  test('passes where expect does', async () => {
    expectWith(1, '').toBe(1)
    expectWith(1, '').not.toBe(2)
    await expectWith(Promise.reject(new Error('no')), '').rejects.toThrow('no')
  })
})

describe("the process is the test file's own", () => {
  const childsVariable = (): string => execFileSync(process.execPath, ['-p', 'process.env.PIXELCL_OF_A_TEST'], { encoding: 'utf8' }).trim()

  test('so its variables reach child processes, until they are restored', () => {
    setVariables({ PIXELCL_OF_A_TEST: 'one' })
    setVariables({ PIXELCL_OF_A_TEST: 'two' })
    expect(childsVariable()).toBe('two')
    restoreVariables()
    expect(childsVariable()).toBe('undefined')
  })

  test('so its listeners hear signals and warnings', async () => {
    const heard = jest.fn()
    process.once('SIGUSR2', heard)
    process.kill(process.pid, 'SIGUSR2')
    const warned = new Promise((resolve) => process.once('warning', resolve))
    process.emitWarning('expected by a test')
    expect(await warned).toMatchObject({ message: 'expected by a test' })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(heard).toHaveBeenCalledTimes(1)
  })
})
