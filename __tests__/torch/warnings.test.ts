import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import * as torch from '../../src/torch'
import { builtPackage, runChild } from '../support/child'
import { runPython } from '../support/python'
import { exported } from './jit/export'

type Warned = Error & { code?: string }

let heard: Warned[] = []
/** An operation of which all supported versions warn. */
const ofOne = () => torch.ones([1]).std()
const listen = (warning: Error) => void heard.push(warning)

/** The warnings of libtorch that `body` raises. */
async function warningsOf(body: () => void): Promise<Warned[]> {
  heard = []
  body()
  // Node emits a warning at the next tick.
  await new Promise((resolve) => setImmediate(resolve))
  return heard.filter(({ code }) => code === 'PIXELCL_TORCH')
}

beforeEach(() => void process.on('warning', listen))
afterEach(() => {
  process.off('warning', listen)
  torch.setWarnAlways(false)
})

describe("libtorch's warnings are warnings of the process", () => {
  test("with Python's words, once", async () => {
    const pythons = await runPython<string[]>(`
      import warnings
      with warnings.catch_warnings(record=True) as caught:
          warnings.simplefilter('always')
          torch.ones(1).std()
          torch.eye(2).is_pinned('cpu')
      outputs = [w.category.__name__ + ': ' + str(w.message).split(' (Triggered internally')[0] for w in caught]`)
    const call = () => {
      ofOne()
      torch.eye(2).isPinned({ device: 'cpu' })
    }
    const warned = await warningsOf(() => [1, 2, 3].forEach(call))
    expect(warned.map(({ name, message }) => `${name}: ${message}`)).toEqual(pythons)
    expect(await warningsOf(call)).toEqual([])
  })

  test('each time after setWarnAlways(true)', async () => {
    expect(torch.isWarnAlwaysEnabled()).toBe(false)
    torch.setWarnAlways(true)
    expect(torch.isWarnAlwaysEnabled()).toBe(true)
    expect(await warningsOf(() => [1, 2, 3].forEach(ofOne))).toHaveLength(3)
    torch.setWarnAlways(false)
    expect(await warningsOf(ofOne)).toEqual([])
    expect(() => torch.setWarnAlways(1 as never)).toThrow(/setWarnAlways\(\): b: expected .*true.*1/)
  })

  test('and do not make a call fail where the listener throws', async () => {
    const { emitWarning } = process
    torch.setWarnAlways(true)
    process.emitWarning = () => {
      throw new Error('no warnings please')
    }
    try {
      expect(ofOne().item()).toBeNaN()
    } finally {
      process.emitWarning = emitWarning
    }
  })
})

describe('a TorchScript program that warns', () => {
  test('is heard once, as in Python', async () => {
    const net = torch.jit.load((await exported('net = networks.Warns()')).path)
    const warned = await warningsOf(() => [2, 1, 1, 1].forEach((rows) => net.forward(torch.ones([rows, 1]))))
    expect(warned.map(({ name, message }) => `${name}: ${message}`)).toEqual(['UserWarning: one row is few'])
  })

  test('is heard where it fails afterwards', async () => {
    torch.setWarnAlways(true)
    const net = torch.jit.load((await exported('net = networks.Warns()')).path)
    const warned = await warningsOf(() => expect(() => net.forward(torch.ones([0, 1]))).toThrow(/no row is too few/))
    expect(warned.map(({ message }) => message)).toEqual(['one row is few'])
  })

  test('prints no line of its own, and the trace leads to the line of the call', async () => {
    const program = `
      const torch = require(${JSON.stringify(builtPackage())} + '/torch')
      const net = torch.jit.load(${JSON.stringify((await exported('net = networks.Warns()')).path)})
      function oneRow() { net.forward(torch.ones([1, 1])) }
      for (let i = 0; i < 5; i++) oneRow()`
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--trace-warnings', '-e', program], { encoding: 'utf8' })
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
    expect(stderr.match(/one row is few/g)).toHaveLength(1)
    expect(stderr).toMatch(/^\(node:\d+\) \[PIXELCL_TORCH\] UserWarning: one row is few\n(.*\n)*? +at oneRow /)
  })
})

test('each worker hears the warnings of its own calls', async () => {
  const worker = `
    const { workerData, parentPort } = require('node:worker_threads')
    const torch = require(workerData + '/torch')
    process.on('warning', ({ code, message }) => parentPort.postMessage([code, message.slice(0, 17)]))
    torch.eye(2).isPinned({ device: 'cpu' })
    torch.setWarnAlways(true)
    torch.ones([1]).std()`
  const heard = await runChild<{ main: number; workers: string[][] }>(
    `
    let main = 0
    process.on('warning', () => main++)
    const { Worker } = require('node:worker_threads')
    const workers = []
    for (let i = 0; i < 2; i++) {
      const worker = new Worker(${JSON.stringify(worker)}, { eval: true, workerData: dist })
      worker.on('message', (message) => workers.push(message))
      await new Promise((resolve) => worker.on('exit', resolve))
    }
    torch.ones([1]).std()
    await new Promise((resolve) => setImmediate(resolve))
    report({ main, workers })`,
  )
  const [pinned, deviation] = [
    ['PIXELCL_TORCH', "The argument 'dev"],
    ['PIXELCL_TORCH', 'std(): degrees of'],
  ]
  expect(heard).toEqual({ main: 1, workers: [pinned, deviation, pinned, deviation] })
})
